"""`tapeflow grad --trace` and `--dram-trace`."""

import json

import pytest


@pytest.mark.parametrize(
    ("cycles", "message"),
    [("9", "not a range"), ("5:5", "holds no cycle"), ("a:b", "not a range")],
)
def test_a_wrong_range(grad, tmp_path, cycles, message):
    trace = tmp_path / "t.json"
    assert message in grad.fails("--trace", trace, "--trace-cycles", cycles)


def test_what_is_left_out_is_said(run, grad, tmp_path):
    trace, requests = tmp_path / "t.json", tmp_path / "requests.txt"
    files = ("--inputs", grad.inputs, "--output", tmp_path / "out.npz")
    words = ("grad", grad.program, "--wrt", "0", "--function", "squares", *files)
    asked = ("--trace", trace, "--dram-trace", requests, "--trace-events", 1)
    result = run(*words, *asked)
    assert result.exit_code == 0, result.output
    left_out = json.loads(trace.read_text())["otherData"]["dram_requests_left_out"]
    assert left_out > 0
    assert f"{requests} leaves out {left_out} DRAM requests" in result.stderr
    assert len(requests.read_text().splitlines()) == 1
