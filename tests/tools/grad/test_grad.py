"""`tapeflow grad`: values, gradients, seeds, and the files it writes."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

X = np.array([1.0, -2.0, 0.5])
SQUARES = ("--function", "squares", "--wrt", "0,1")
PIPELINES = ("baseline", "regions", "layers", "streams")


def test_value_and_gradients(run, source, arrays, loaded, tmp_path):
    inputs = arrays("in", arg0=X, arg1=3.0)
    output = tmp_path / "out.npz"
    result = run(
        "grad", source("squares"), *SQUARES, "--inputs", inputs, "--output", output
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("value = 15.75\n")
    out = loaded(output)
    assert set(out) == {"value", "grad0", "grad1"}
    assert out["value"].shape == () and out["value"] == 3 * np.sum(X**2)
    np.testing.assert_array_equal(out["grad0"], 2 * 3 * X)
    assert out["grad1"].shape == () and out["grad1"] == np.sum(X**2)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_pipelines_agree_bit_for_bit(run, source, arrays, loaded, tmp_path, pipeline):
    rng = np.random.default_rng(1)
    inputs = arrays("in", arg0=rng.standard_normal(300), arg1=0.1)
    outputs = []
    for name in ("baseline", pipeline):
        output = tmp_path / f"{name}.npz"
        common = ("--inputs", inputs, "--output", output, "--pipeline", name)
        result = run("grad", source("squares"), *SQUARES, *common)
        assert result.exit_code == 0, result.output
        outputs.append(loaded(output))
    for key, array in outputs[0].items():
        assert array.tobytes() == outputs[1][key].tobytes()


def test_seed_of_result(run, source, arrays, loaded, tmp_path):
    inputs = arrays("in", arg0=X, arg1=3.0)
    seeds = arrays("seeds", seed0=-2.0)
    output = tmp_path / "out.npz"
    files = ("--inputs", inputs, "--output", output, "--seeds", seeds)
    assert run("grad", source("squares"), *SQUARES, *files).exit_code == 0
    np.testing.assert_array_equal(loaded(output)["grad0"], -2 * 2 * 3 * X)


def test_objective_in_memory_outside_wrt(run, source, arrays, loaded, tmp_path):
    x, y = np.arange(4.0), np.arange(4.0) + 10
    seed = np.array([1.0, 0.0, -1.0, 2.0])
    inputs = arrays("in", arg0=x, arg1=y, arg2=np.zeros(4))
    seeds = arrays("seeds", seed_arg2=seed)
    output = tmp_path / "out.npz"
    files = ("--inputs", inputs, "--output", output, "--seeds", seeds)
    result = run("grad", source("products"), "--wrt", "1,0", *files, "--buffers")
    assert result.exit_code == 0, result.output
    out = loaded(output)
    assert set(out) == {"grad0", "grad1", "arg0", "arg1", "arg2"}
    np.testing.assert_array_equal(out["grad0"], seed * y)
    np.testing.assert_array_equal(out["grad1"], seed * x)
    np.testing.assert_array_equal(out["arg2"], x * y)


def test_seed_of_overwritten_buffer_in_wrt(run, source, arrays, loaded, tmp_path):
    """The final contents are x^2, so a seed of them adds 2 x to the gradient."""
    inputs = arrays("in", arg0=X, arg1=3.0)
    seeds = arrays("seeds", seed0=0.0, seed_arg0=np.ones(3))
    output = tmp_path / "out.npz"
    files = ("--inputs", inputs, "--output", output, "--seeds", seeds)
    result = run("grad", source("squares"), "--wrt", "0", *files)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(loaded(output)["grad0"], 2 * X)


def test_several_results_in_single_precision(run, source, arrays, loaded, tmp_path):
    table = np.array([0.5, 0.25], np.float32)
    inputs = arrays("in", arg0=np.float32(2), arg1=1, arg2=table)
    seeds = arrays("seeds", seed0=np.float32(1), seed2=np.float32(1))
    output = tmp_path / "out.npz"
    files = ("--inputs", inputs, "--output", output, "--seeds", seeds)
    result = run("grad", source("pair"), "--wrt", "0,2", *files)
    assert result.exit_code == 0, result.output
    out = loaded(output)
    assert set(out) == {"value0", "value1", "value2", "grad0", "grad2"}
    assert out["value1"] == 1 and out["value1"].dtype == np.int64
    exp = np.exp(np.float32(0.5))
    assert out["value2"].dtype == out["grad0"].dtype == np.float32
    np.testing.assert_allclose(out["grad0"], 0.25 + 0.25 * exp, rtol=1e-6)
    np.testing.assert_allclose(out["grad2"], [0, 2 + 2 * exp], rtol=1e-6)


def test_without_any_seed_warns(run, source, arrays, tmp_path):
    table = np.array([0.5, 0.25], np.float32)
    inputs = arrays("in", arg0=np.float32(2), arg1=1, arg2=table, typo=1)
    files = ("--inputs", inputs, "--output", tmp_path / "out.npz")
    result = run("grad", source("pair"), "--wrt", "0", *files)
    assert result.exit_code == 0, result.output
    assert "every seed is 0" in result.stderr
    assert "array 'typo' of the inputs is not used" in result.stderr


def test_statistics(run, source, arrays, tmp_path):
    inputs = arrays("in", arg0=np.ones(256), arg1=3.0)
    statistics = tmp_path / "stats.json"
    files = ("--inputs", inputs, "--output", tmp_path / "o.npz", "--json", statistics)
    pipeline = ("--pipeline", "streams{places=stream scratchpad-bytes=1024}")
    result = run("grad", source("squares"), *SQUARES, *files, *pipeline)
    assert result.exit_code == 0, result.output
    figures = json.loads(statistics.read_text())
    assert figures["pipeline"] == pipeline[1]
    assert figures["places"] == "stream:2"
    assert figures["machine"] == "fair"
    assert figures["value"] == 768.0
    assert figures["cycles"] == figures["forward_cycles"] + figures["reverse_cycles"]
    assert figures["tape_bytes"] == 256 * 8  # x before it is overwritten
    assert figures["dma_bytes"] > 0
    assert figures["operation_counts"]["FMUL_F64"] > 0
    assert figures["total_energy_pj"] > figures["onchip_energy_pj"] > 0


def test_both_engines_give_the_same(run, source, arrays, tmp_path):
    inputs = arrays("in", arg0=np.linspace(0, 1, 100), arg1=3.0)
    texts = []
    for engine in ("compiled", "reference"):
        output, statistics = tmp_path / "o.npz", tmp_path / "stats.json"
        files = ("--inputs", inputs, "--output", output, "--json", statistics)
        result = run("grad", source("squares"), *SQUARES, *files, "--engine", engine)
        assert result.exit_code == 0, result.output
        figures = json.loads(statistics.read_text())
        assert 0 < figures["pass_seconds"] <= figures["compile_seconds"]
        for key in ("engine", "pass_seconds", "compile_seconds", "run_seconds"):
            del figures[key]
        del figures["operations_per_second"]
        texts.append(figures)
    assert texts[0] == texts[1]


def test_file_with_a_gradient_of_that_name(run, source, arrays, loaded, tmp_path):
    program = tmp_path / "named.mlir"
    own = "func.func @squares_grad(%x: f64) -> f64 { func.return %x : f64 }\n"
    program.write_text(own + source("squares").read_text())
    output = tmp_path / "out.npz"
    files = ("--inputs", arrays("in", arg0=X, arg1=1.0), "--output", output)
    result = run("grad", program, *SQUARES, *files)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(loaded(output)["grad0"], 2 * X)


def test_existing_output_keeps_its_permissions(run, source, arrays, tmp_path):
    output = tmp_path / "out.npz"
    output.write_text("old")
    output.chmod(0o640)
    files = ("--inputs", arrays("in", arg0=X, arg1=1.0), "--output", output)
    assert run("grad", source("squares"), *SQUARES, *files).exit_code == 0
    assert output.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["in.npz", "out.npz"]


def test_devices_are_written_and_not_replaced(run, source, arrays):
    inputs = arrays("in", arg0=X, arg1=1.0)
    files = ("--inputs", inputs, "--output", os.devnull, "--json", os.devnull)
    result = run("grad", source("squares"), *SQUARES, *files)
    assert result.exit_code == 0, result.output
    assert not Path(os.devnull).is_file()


def test_output_through_a_link(run, source, arrays, loaded, tmp_path):
    link, target = tmp_path / "link.npz", tmp_path / "target.npz"
    link.symlink_to(target)
    files = ("--inputs", arrays("in", arg0=X, arg1=1.0), "--output", link)
    assert run("grad", source("squares"), *SQUARES, *files).exit_code == 0
    assert link.is_symlink() and "value" in loaded(target)


def test_it_says_what_it_found_and_where_it_is(run, source, arrays, tmp_path):
    inputs = arrays("in", arg0=X, arg1=3.0)
    asked = ["grad", source("squares"), "--wrt", "0,1", "--inputs", inputs]
    output, rows = tmp_path / "out.npz", tmp_path / "row.json"
    result = run(*asked, "--output", output, "--json", rows)
    assert " ".join(result.stdout.split()) == (
        f"value = 15.75 {output}: value, grad0, grad1 also written: {rows}"
    )
    result = run(*asked, "--output", "/dev/stdout")
    assert result.stderr.endswith("/dev/stdout: value, grad0, grad1\n")
    assert "value" not in result.stdout


def test_error_of_a_compressed_tape(run, source, arrays, tmp_path):
    inputs = arrays("in", arg0=X, arg1=3.0)
    common = ("--inputs", inputs, "--output", tmp_path / "out.npz")
    asked = (*SQUARES, *common, "--compression-error", "--pipeline")
    exact = run("grad", source("squares"), *asked, "baseline{policy=save-all}")
    assert "tape: nothing is compressed" in exact.stdout
    lossy = "streams{policy=save-all compress=bf16}"
    result = run("grad", source("squares"), *asked, lossy)
    assert result.exit_code == 0, result.output
    assert "tape compressed: squares_grad:0 bf16" in result.stdout
    assert "error of the gradient: measured 0, estimated 0" in result.stdout
    wrong = run("grad", source("squares"), *asked, "baseline{compress=f16}")
    assert wrong.exit_code == 1
    assert "'f16' is no codec; codecs: f32, bf16, fixed-rate:8" in wrong.stderr
