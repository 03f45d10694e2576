"""`tapeflow tape`: the bill as JSON and as a table, its limits and its errors."""

import json

import numpy as np
import pytest

from tapeflow.programs import PROGRAMS, get_program
from tapeflow.tools.bench.cases import program_cases
from tapeflow.tools.gradient_request import read_machine
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.tools.tape.report import Subject, bill_for

QUADRATIC = """
func.func @pairs(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %inner = scf.for %j = %c0 to %n step %c1 iter_args(%b = %a) -> (f64) {
      %xj = memref.load %x[%j] : memref<?xf64>
      %p = arith.mulf %xi, %xj : f64
      %s = arith.addf %b, %p : f64
      %next = math.sin %s : f64
      scf.yield %next : f64
    }
    scf.yield %inner : f64
  }
  return %sum : f64
}
"""

LINEAR = """
func.func @total(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %t = arith.addf %a, %xi : f64
    scf.yield %t : f64
  }
  return %sum : f64
}
"""

ROWS = """
func.func @rows(%length: memref<?xindex>, %x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %length, %c0 : memref<?xindex>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %l = memref.load %length[%i] : memref<?xindex>
    %inner = scf.for %j = %c0 to %l step %c1 iter_args(%b = %a) -> (f64) {
      %xj = memref.load %x[%j] : memref<?xf64>
      %p = arith.mulf %b, %xj : f64
      %s = math.sin %p : f64
      scf.yield %s : f64
    }
    scf.yield %inner : f64
  }
  return %sum : f64
}
"""


@pytest.fixture
def program(tmp_path):
    def write(text):
        path = tmp_path / "program.mlir"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def pairs(program):
    return program(QUADRATIC)


def test_the_bill_as_json_without_inputs(run, pairs, tmp_path):
    output = tmp_path / "bill.json"
    result = run("tape", pairs, "--wrt", "0", "--policy", "save-all", "--json", output)
    assert result.exit_code == 0
    bill = json.loads(output.read_text())
    assert bill["function"] == "pairs"
    assert bill["policy"] == "save-all"
    assert bill["total_bytes"] is None
    assert "dim(x, 0)**2" in bill["total_formula"]
    assert bill["data_formula"] == "8*dim(x, 0)"
    assert set(bill["policies"]) == {"save-all", "min-cut", "recompute"}
    (value,) = [v for v in bill["values"] if v["line"] == 12]
    assert value["name"] == "s"
    assert value["definition"] == "arith.addf"
    assert value["bytes_formula"] == "8*dim(x, 0)**2"
    assert value["bytes"] is value["mean_lifetime_operations"] is None
    assert value["read_lines"] == [13]


def test_the_bill_with_inputs_is_counted(run, pairs, arrays, tmp_path):
    output = tmp_path / "bill.json"
    inputs = arrays("in", arg0=np.linspace(0.1, 1.0, 7))
    arguments = ("--wrt", "0", "--policy", "save-all", "--engine", "reference")
    result = run("tape", pairs, *arguments, "--inputs", inputs, "--json", output)
    assert result.exit_code == 0
    bill = json.loads(output.read_text())
    assert bill["sizes"] == {"dim(x, 0)": 7}
    assert bill["data_bytes"] == 56
    assert bill["total_bytes"] == sum(value["bytes"] for value in bill["values"])
    share = bill["total_bytes"] / (bill["total_bytes"] + 56)
    assert bill["share_of_working_set"] == share
    (value,) = [v for v in bill["values"] if v["line"] == 12]
    assert value["bytes"] == 8 * 49
    assert value["entries"] == value["distinct_entries"] == 49
    assert 0 < value["mean_lifetime_operations"] < bill["gradient_operations"]


def test_a_quadratic_tape_is_warned_of_by_name(run, pairs):
    result = run("tape", pairs, "--wrt", "0", "--policy", "save-all")
    assert result.exit_code == 0
    assert "warning: when dim(x, 0) doubles, the tape grows 4-fold" in result.stderr
    assert "s (line 12)" in result.stderr


def test_a_function_that_needs_no_tape(run, program):
    result = run("tape", program(LINEAR), "--wrt", "0", "--fail-if-tape-exceeds", 0)
    assert result.exit_code == 0
    assert "needs no tape" in result.stdout
    assert result.stderr == ""


def test_a_limit_is_checked_before_anything_runs(run, pairs, arrays, monkeypatch):
    monkeypatch.setattr("tapeflow.tools.tape.report.run_profiled", None)
    inputs = arrays("in", arg0=np.ones(100))
    arguments = ("--wrt", "0", "--policy", "save-all", "--inputs", inputs)
    result = run("tape", pairs, *arguments, "--fail-if-tape-exceeds", 79_999)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("tapeflow: error: the tape of @pairs takes ")
    assert "more than --fail-if-tape-exceeds=79999; most of it is '" in line
    assert result.stdout == ""


def test_a_size_that_is_not_known_counts_as_too_large(run, pairs):
    limit = ("--fail-if-tape-exceeds", 10**12)
    result = run("tape", pairs, "--wrt", "0", "--policy", "save-all", *limit)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "as long as dim(x, 0) is not known; give --inputs" in line


def test_where_data_decides_the_limit_is_measured(run, program, arrays):
    path = program(ROWS)
    inputs = arrays("in", arg0=np.array([2, 0, 3]), arg1=np.ones(3))
    arguments = ("--wrt", "1", "--engine", "reference", "--policy", "save-all")
    bytes_ = 2 * 8 * 5  # two operands of sine and product in five iterations

    def limited(limit, *more):
        return run("tape", path, *arguments, *more, "--fail-if-tape-exceeds", limit)

    assert limited(10**9).exit_code == 1
    assert limited(bytes_, "--inputs", inputs).exit_code == 0
    failed = limited(bytes_ - 1, "--inputs", inputs)
    assert failed.exit_code == 1
    assert "@rows takes 80 bytes" in failed.stderr
    assert "trips(line 9)" in failed.stderr


WHILE = """
func.func @roots(%x: f64) -> f64 {
  %end = arith.constant 1.1 : f64
  %r = scf.while (%a = %x) : (f64) -> f64 {
    %go = arith.cmpf ogt, %a, %end : f64
    scf.condition(%go) %a : f64
  } do {
  ^bb0(%b: f64):
    %h = math.sqrt %b : f64
    scf.yield %h : f64
  }
  return %r : f64
}
"""


def test_a_while_loop_is_measured(run, program, arrays, tmp_path):
    output = tmp_path / "bill.json"
    inputs = arrays("in", arg0=100.0)
    request = ("tape", program(WHILE), "--wrt", "0", "--engine", "reference")
    result = run(*request, "--json", output, "--inputs", inputs)
    assert result.exit_code == 0
    assert result.stderr == ""
    bill = json.loads(output.read_text())
    assert "trips(line 4)" in bill["total_formula"]
    assert bill["total_bytes"] > 0
    assert bill["data_bytes"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--wrt", "0", "--function", "pears"), "did you mean @pairs?"),
        (("--wrt", "3"), "there is no argument 3"),
        (("--wrt", "0", "--seeds", "s.npz"), "--seeds needs --inputs"),
        (("--wrt", "0", "--policy", "max-cut"), "min-cut"),
        (("--wrt", "0", "--inputs", "none.npz"), "none.npz"),
        (("--wrt", "0", "--json", "no/such/x.json"), "no directory"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(run, pairs, arguments, message):
    result = run("tape", pairs, *arguments)
    assert result.exit_code != 0
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert "internal error" not in result.output
    assert result.stdout == ""


def test_an_objective_in_memory_has_a_tape(run, program):
    path = program(
        """func.func @f(%x: memref<4xf64>, %y: memref<4xf64>) {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %c4 = arith.constant 4 : index
          scf.for %i = %c0 to %c4 step %c1 {
            %a = memref.load %x[%i] : memref<4xf64>
            %b = memref.load %y[%c0] : memref<4xf64>
            %p = arith.addf %a, %b : f64
            %e = math.sin %p : f64
            memref.store %e, %y[%c0] : memref<4xf64>
          }
          return
        }"""
    )
    result = run("tape", path, "--wrt", "0", "--policy", "save-all")
    assert result.exit_code == 0
    assert "32 bytes" in result.stdout


def test_grad_and_bench_print_the_bill(run, source, arrays, tmp_path):
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    asked = ("--function", "squares", "--wrt", "0", "--inputs", inputs)
    output = ("--output", tmp_path / "out.npz", "--tape-report")
    result = run("grad", source("squares"), *asked, *output, "--engine", "reference")
    assert result.exit_code == 0
    assert "@squares" in result.stderr
    assert "tape" in result.stderr
    pipelines = ("--pipeline", "baseline,regions", "--engine", "reference")
    result = run("bench", "spmv", "--size", "tiny", "--tape-report", *pipelines)
    assert result.exit_code == 0
    assert result.stdout.count("tape of @spmv, policy min-cut") == 1


@pytest.mark.parametrize("policy", ["save-all", "min-cut"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_formulas_are_what_runs_count(program, policy):
    (case,) = program_cases((program.name,), "tiny", 0)
    pipeline = fit_pipeline(f"baseline{{policy={policy}}}", read_machine("fair", ()))
    subject = Subject.of_request(case.request, pipeline.passes)
    bill = bill_for(subject)
    measured = bill.measured(subject, "reference")
    assert measured.mismatches() == []
    for value in bill.bill.values:
        if not value.peak.is_bound and not value.peak.unknowns:
            assert value.peak.value(bill.sizes) == measured.bytes_of(value)


def test_both_engines_count_alike():
    (case,) = program_cases(("gmm",), "tiny", 0)
    pipeline = fit_pipeline("baseline", read_machine("fair", ()))
    subject = Subject.of_request(case.request, pipeline.passes)
    bill = bill_for(subject)
    slow, fast = (bill.measured(subject, e).profile for e in ("reference", "compiled"))
    assert slow == fast


@pytest.mark.parametrize("name", ["lenet", "mass_spring", "nn"])
def test_the_size_peer_is_that_of_the_measurement(name):
    inputs = get_program(name).make_inputs("peer")
    shapes = {
        "lenet": {"arg0": (1, 28, 28), "arg2": (6, 1, 5, 5), "arg4": (16, 6, 5, 5)},
        "mass_spring": {"arg0": (20, 2), "arg1": (50, 2)},
        "nn": {"arg0": (32, 64), "arg2": (64, 64), "arg4": (10, 64)},
    }
    for key, shape in shapes[name].items():
        assert inputs[key].shape == shape
