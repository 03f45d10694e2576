"""`tapeflow check`: it accepts right gradients and rejects wrong ones."""

import numpy as np
import pytest

from tapeflow.tools.gradient_request import read_asked
from tapeflow.tools.options import GradientOptions


def test_right_gradient(run, source, arrays):
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    result = run("check", source("squares"), "--wrt", "0,1", "--inputs", inputs)
    assert result.exit_code == 0, result.output
    assert "agrees with the differences: 4 of 4 directions agree" in result.stdout
    assert "0 %x" in result.stdout and "1 %s" in result.stdout


def test_derivative_that_is_cut_disagrees(run, source, arrays):
    """fptosi cuts the derivative; differences see its slope of 1 beside the other."""
    inputs = arrays("in", arg0=0.75)
    result = run("check", source("cut"), "--wrt", "0", "--inputs", inputs)
    assert result.exit_code == 1
    assert "argument 0 disagrees" in result.stdout


def test_kink_is_not_decided(run, source, arrays):
    inputs = arrays("in", arg0=0.0)
    result = run("check", source("kink"), "--wrt", "0", "--inputs", inputs)
    assert result.exit_code == 1
    assert "Nothing could be decided" in result.stdout
    assert "kink" in result.stdout


def test_wide_figures_fit_80_columns(run, source, arrays, monkeypatch):
    """Neither headings nor figures nor verdicts are cut."""
    monkeypatch.setenv("COLUMNS", "80")
    x = np.array([-1.23456789e-105, 2.3456789e-105, 3.456789e-105])
    inputs = arrays("in", arg0=x, arg1=-1.23456789e-105)
    result = run("check", source("squares"), "--wrt", "0,1", "--inputs", inputs)
    assert max(map(len, result.stdout.splitlines()[:6])) <= 80
    assert "argument" in result.stdout and "…" not in result.stdout


def test_objective_in_memory_is_weighed_at_random(run, source, arrays):
    inputs = arrays("in", arg0=np.arange(4.0), arg1=np.ones(4), arg2=np.zeros(4))
    result = run("check", source("products"), "--wrt", "0,1", "--inputs", inputs)
    assert result.exit_code == 0, result.output
    assert "6 of 6" in result.stdout


def test_several_results_in_single_precision(run, source, arrays):
    table = np.array([0.5, 0.25], np.float32)
    inputs = arrays("in", arg0=np.float32(2), arg1=1, arg2=table)
    result = run("check", source("pair"), "--wrt", "0,2", "--inputs", inputs)
    assert result.exit_code == 0, result.output


def test_given_seeds(run, source, arrays):
    table = np.array([0.5, 0.25], np.float32)
    inputs = arrays("in", arg0=np.float32(2), arg1=1, arg2=table)
    seeds = arrays("seeds", seed2=np.float32(-1))
    common = ("--wrt", "0", "--inputs", inputs, "--seeds", seeds)
    result = run("check", source("pair"), *common, "--directions", 1)
    assert result.exit_code == 0, result.output
    assert "1 of 1" in result.stdout


def test_affine_program(run, arrays, tmp_path):
    program = tmp_path / "affine.mlir"
    program.write_text("""
      func.func @cubes(%x: memref<3xf64>) -> f64 {
        %zero = arith.constant 0.0 : f64
        %sum = affine.for %i = 0 to 3 iter_args(%s = %zero) -> (f64) {
          %v = affine.load %x[%i] : memref<3xf64>
          %square = arith.mulf %v, %v : f64
          %cube = arith.mulf %square, %v : f64
          %next = arith.addf %s, %cube : f64
          affine.yield %next : f64
        }
        func.return %sum : f64
      }
    """)
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]))
    result = run("check", program, "--wrt", "0", "--inputs", inputs)
    assert result.exit_code == 0, result.output
    assert "3 of 3 directions agree" in result.stdout


@pytest.mark.parametrize("name", ["logsumexp", "nn", "mass_spring", "pathfinder"])
def test_benchmark_programs(run, name, tmp_path):
    from tapeflow.programs import get_program

    program = get_program(name)
    inputs = tmp_path / "in.npz"
    assert run("inputs", name, "--size", "tiny", "-o", inputs).exit_code == 0
    wrt = ",".join(map(str, program.wrt))
    result = run("check", program.source_path, "--wrt", wrt, "--inputs", inputs)
    assert result.exit_code == 0, result.output
    assert "WRONG" not in result.stdout


def test_what_is_checked_is_what_grad_compiles(source, arrays):
    """A split of the SRAM that the user sets binds the compiler here, too."""
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    machine = ("fair", ("scratchpad.capacity_bytes=512",), "compiled")
    asked = GradientOptions(
        source("squares"), None, (0,), inputs, None, "streams", *machine
    )
    fitted, request = read_asked(asked)
    assert (fitted.sram_split, fitted.machine.scratchpad.capacity_bytes) == ("set", 512)
    assert request.wrt == (0,)
    assert asked.files == (source("squares"), inputs)
