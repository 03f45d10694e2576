"""`tapeflow bench`: the rows, the table, and what makes it fail."""

import csv
import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tapeflow.tools.bench.cases import DEFAULT_PROGRAMS

PIPELINES = [
    *("baseline", "fair-baseline", "free-tape"),
    *("regions", "layers", "streams"),
]
KEYS = [
    "program",
    "size",
    "pipeline",
    "machine",
    "value",
    "gradient_sha256",
    "gradient_max_relative_error",
    "cycles",
    "forward_cycles",
    "reverse_cycles",
    "operations",
    "cache_accesses",
    "cache_misses",
    "write_backs",
    "scratchpad_accesses",
    "dma_bytes",
    "dram_read_bytes",
    "dram_write_bytes",
    "onchip_energy_pj",
    "dram_energy_pj",
    "compute_energy_pj",
    "total_energy_pj",
    "sram_bytes",
    "cache_ports",
    "scratchpad_ports",
    "tape_bytes",
]


@pytest.fixture(scope="module")
def tiny(run, tmp_path_factory):
    """All programs and pipelines at size tiny: output, rows of JSON and of CSV."""
    directory = tmp_path_factory.mktemp("bench")
    json_path, csv_path = directory / "rows.json", directory / "rows.csv"
    result = run("bench", "--size", "tiny", "--json", json_path, "--csv", csv_path)
    assert result.exit_code == 0, result.output
    rows = json.loads(json_path.read_text())
    with csv_path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    return result, rows, lines


def test_no_arm_is_faster_than_the_ceiling(tiny):
    _, rows, _ = tiny
    ceilings = {r["program"]: r["cycles"] for r in rows if r["arm"] == "free-tape"}
    assert len(ceilings) == len(DEFAULT_PROGRAMS)
    for row in rows:
        assert not row["unequal_ports"] and not row["unequal_sram"]
        assert row["cycles"] >= ceilings[row["program"]], row["arm"]
        assert row["cycles_over_free_tape"] >= 1


def test_records(tiny):
    _, rows, _ = tiny
    expected = [(name, pipeline) for name in DEFAULT_PROGRAMS for pipeline in PIPELINES]
    assert [(r["program"], r["pipeline"]) for r in rows] == expected
    for row in rows:
        assert list(row)[: len(KEYS)] == KEYS
        assert row["size"] == "tiny" and row["machine"].startswith("fair")
        assert row["gradient_max_relative_error"] <= 1e-9
        assert row["cycles"] == row["forward_cycles"] + row["reverse_cycles"]
        assert row["error"] is None


def test_nothing_beats_the_bound(tiny):
    _, rows, _ = tiny
    assert all(row["cycles_over_bound"] >= 1 for row in rows)


def test_equal_sram_and_ports_in_every_arm(tiny):
    _, rows, _ = tiny
    assert len({row["sram_bytes"] for row in rows}) == 1
    ports = {r["cache_ports"] + r["scratchpad_ports"] for r in rows}
    assert len(ports) == 1
    for row in rows:
        if row["pipeline"] == "streams":
            assert (row["scratchpad_ports"] > 0) == (row["scratchpad_bytes"] > 0)
            continue
        uses_scratchpad = row["pipeline"] == "layers"
        assert row["tape_bytes"] > 0
        assert (row["scratchpad_ports"] > 0) == uses_scratchpad
        assert (row["scratchpad_accesses"] > 0) == uses_scratchpad


def test_dma_is_exposed_where_tiles_block_and_hidden_where_they_stream(run, tmp_path):
    output = tmp_path / "rows.json"
    pipelines = ("--pipeline", "layers", "--pipeline", "streams{places=stream}")
    machine = ("--set", "scratchpad.capacity_bytes=256", "--jobs", 1)
    words = ("pathfinder", "--size", "small", *pipelines, *machine)
    assert run("bench", *words, "--json", output).exit_code == 0
    hidden = [
        1 - row["dma_exposed_cycles"] / row["dma_busy_cycles"]
        for row in json.loads(output.read_text())
    ]
    assert 0 <= hidden[0] < 0.2 and hidden[0] < hidden[1] <= 1


def test_csv_says_the_same(tiny):
    _, rows, lines = tiny
    assert list(lines[0]) == list(rows[0])
    for row, line in zip(rows, lines, strict=True):
        for key, value in row.items():
            assert line[key] == ("" if value is None else str(value))


def test_table(tiny):
    result, _, _ = tiny
    lines = result.stdout.splitlines()
    assert max(map(len, lines[:30])) <= 160
    for name in DEFAULT_PROGRAMS:
        assert any(name in line for line in lines)
    assert "geometric means" in result.stdout
    assert "agree bit for bit" in result.stdout
    assert "leakage is apart" in result.stdout


def test_digest_is_of_the_bytes_in_argument_order(
    run, source, arrays, loaded, tmp_path
):
    inputs = arrays("in", arg0=np.array([1.0, 2.0]), arg1=3.0)
    output, rows = tmp_path / "out.npz", tmp_path / "rows.json"
    common = (source("squares"), "--wrt", "1,0", "--inputs", inputs)
    assert run("grad", *common, "--output", output).exit_code == 0
    result = run("bench", *common, "--pipeline", "baseline", "--json", rows)
    assert result.exit_code == 0, result.output
    out, (row,) = loaded(output), json.loads(rows.read_text())
    data = out["grad0"].tobytes() + out["grad1"].tobytes()
    assert row["gradient_sha256"] == hashlib.sha256(data).hexdigest()
    assert row["value"] == 15.0
    assert row["size"] is None
    assert row["gradient_max_relative_error"] is None


def test_pipelines_by_option_and_comma(run, tmp_path):
    rows = tmp_path / "rows.json"
    result = run(
        *("bench", "logsumexp", "--size", "tiny", "--json", rows),
        *("--pipeline", "baseline,streams{slots=4}", "--pipeline", "layers"),
    )
    assert result.exit_code == 0, result.output
    names = [row["pipeline"] for row in json.loads(rows.read_text())]
    assert names == ["baseline", "streams{slots=4}", "layers"]


def test_refused_run_is_a_row_and_a_failure(run, tmp_path):
    """A tile takes at least a line, so 16 KB have no room for 640 of them."""
    rows = tmp_path / "rows.json"
    pipelines = "baseline,streams{places=stream slots=640}"
    result = run(
        *("bench", "nn", "--size", "tiny", "--pipeline", pipelines),
        *("--json", rows),
    )
    assert result.exit_code == 1
    assert "refused: nn at streams{places=stream slots=640}: " in result.stdout
    good, refused = json.loads(rows.read_text())
    assert good["error"] is None and good["cycles"] > 0
    assert refused["cycles"] is None and "bytes" in refused["error"]


def test_nothing_ran(run, tmp_path):
    rows = tmp_path / "rows.json"
    result = run(
        *("bench", "nn", "pathfinder", "--size", "tiny", "--json", rows),
        *("--pipeline", "streams{places=stream slots=640}"),
    )
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "nn.mlir:" in result.stderr and "bytes" in result.stderr
    assert not rows.exists()


def test_scratchpad_that_no_cache_can_take_over(run):
    change = ("--set", "scratchpad.capacity_bytes=8")
    result = run("bench", "nn", "--size", "tiny", *change)
    assert result.exit_code == 1
    assert "'baseline' gives the 8 bytes of the scratchpad to the cache" in (
        result.stderr
    )


def test_show_commands(run):
    result = run(
        *("bench", "pathfinder", "--show-commands"),
        *("--pipeline", "baseline", "--pipeline", "streams{places=stream}"),
    )
    assert result.exit_code == 0
    commands = [line for line in result.stdout.splitlines() if line[0] != "#"]
    assert all(command.startswith("tapeflow-opt ") for command in commands)
    assert len(commands) == len(set(commands))
    name, *arguments = shlex.split(commands[-1])
    assert ",check-streams{" in arguments[-1]
    tool = Path(sys.executable).with_name(name)
    shown = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert "stream.enqueue" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logsumex"], "did you mean 'logsumexp'?"),
        (["logsumexp", "--size", "huge"], "unknown size 'huge'"),
        (["missing.mlir", "--wrt", "0", "--inputs", "x.npz"], "x.npz"),
        (["missing.mlir"], "needs --wrt"),
        (["missing.mlir", "--wrt", "0"], "needs --inputs"),
        (["missing.mlir", "nn"], "one file alone"),
        (["nn", "--wrt", "0"], "--wrt needs a FILE.mlir"),
        (["x.mlir", "--size", "tiny"], "--size is of a benchmark program"),
        (["nn", "--pipeline", "stream"], "did you mean streams"),
        (["nn", "--machine", "none"], "none"),
        (["nn", "--json", "missing/rows.json"], "there is no directory"),
    ],
)
def test_bad_requests(run, arguments, message):
    result = run("bench", *arguments)
    assert result.exit_code != 0
    assert message in result.stderr
    assert "Traceback" not in result.output and "internal" not in result.output
    assert result.stdout == ""
