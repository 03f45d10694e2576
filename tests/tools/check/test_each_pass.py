"""`tapeflow check --each-pass`: names the pass that changes a bit."""

import json

import numpy as np
import pytest
from xdsl.dialects import arith

from tapeflow.backend.outputs import first_difference
from tapeflow.transforms.source.exact_canonicalize import ExactCanonicalizePass

AFFINE = """
func.func @squares(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %zero = arith.constant 0.0 : f64
  %sum = affine.for %i = 0 to %n iter_args(%s = %zero) -> (f64) {
    %v = affine.load %x[%i] : memref<?xf64>
    %square = arith.mulf %v, %v : f64
    %next = arith.addf %s, %square : f64
    affine.yield %next : f64
  }
  func.return %sum : f64
}
"""


@pytest.fixture
def check(run, source, arrays):
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)

    def run_check(*more, program=None, wrt="0,1"):
        program = program or source("squares")
        common = ("--wrt", wrt, "--inputs", inputs, "--each-pass")
        return run("check", program, *common, *more)

    return run_check


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_right_pipeline(check, engine):
    result = check("--engine", engine, "--pipeline", "streams{places=stream}")
    assert result.exit_code == 0, result.output
    assert "passes keep every bit" in result.stdout
    assert "check-streams" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_list_of_passes(check):
    result = check("--pipeline", "differentiate,cse,form-regions,lower-tape-to-memref")
    assert result.exit_code == 0, result.output
    assert "All 5 passes keep every bit" in result.stdout


def test_pass_that_changes_a_gradient_is_named(check, monkeypatch, tmp_path):
    right = ExactCanonicalizePass.apply

    def wrong(self, ctx, op):
        right(self, ctx, op)
        *_, product = (o for o in op.walk() if isinstance(o, arith.MulfOp))
        product.operands[1] = product.operands[0]

    monkeypatch.setattr(ExactCanonicalizePass, "apply", wrong)
    path = tmp_path / "passes.json"
    result = check("--pipeline", "baseline", "--json", path)
    assert result.exit_code == 1
    assert "'canonicalize' CHANGES bits: gradient of argument 0, element [" in (
        result.stdout
    )
    row = json.loads(path.read_text())
    assert row["agrees"] is False
    changed = [p["pass"] for p in row["passes"] if p["verdict"] == "DIFFERENT"]
    assert changed == ["canonicalize"]


def test_program_that_cannot_run_before_it_is_lowered(check, tmp_path):
    program = tmp_path / "affine.mlir"
    program.write_text(AFFINE)
    result = check("--pipeline", "baseline", program=program, wrt="0")
    assert result.exit_code == 0, result.output
    assert "cannot run yet" in result.stdout


def test_refused_program_shows_how_far_it_came(check):
    result = check("--pipeline", "differentiate,form-layers")
    assert result.exit_code == 1
    assert "differentiate" in result.stdout
    assert "form-layers works on tape regions" in result.stderr


def test_json_has_every_pass(check, tmp_path):
    path = tmp_path / "passes.json"
    assert check("--pipeline", "baseline", "--json", path).exit_code == 0
    row = json.loads(path.read_text())
    assert row["agrees"] is True
    assert row["passes"][0]["pass"] == "request-gradient"
    assert {p["verdict"] for p in row["passes"]} == {"same bits"}


def test_json_of_differences(run, source, arrays, tmp_path):
    path = tmp_path / "check.json"
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    more = ("--wrt", "0", "--inputs", inputs, "--json", path)
    assert run("check", source("squares"), *more).exit_code == 0
    row = json.loads(path.read_text())
    assert len(row["directions"]) == 3
    assert row["directions"][0]["verdict"] == "agrees"


def test_differences_are_of_bits():
    nan = np.array(np.nan)
    assert first_difference({"x": nan}, {"x": nan.copy()}) is None
    assert first_difference({"x": nan}, {"x": -nan}) == (
        "x: nan (000000000000f87f) against nan (000000000000f8ff)"
    )
    assert first_difference({"x": np.zeros((2, 2))}, {"x": -np.zeros((2, 2))}) == (
        "x, element [0, 0]: 0.0 against -0.0"
    )
    assert first_difference({"x": nan}, {"y": nan}) is None
