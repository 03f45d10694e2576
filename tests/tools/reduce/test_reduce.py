"""`tapeflow reduce`: what is left is small and fails as the whole did."""

import signal
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.reduce.failure_kinds import Failure, failure_of
from tapeflow.tools.reduce.probe_process import CommandProber, ProbeProcess
from tapeflow.tools.reduce.smaller_programs import Reducer, operations_in, text_of
from tapeflow.universe import full_context

NOISE = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %s = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x) -> (f64) {
    %b = math.exp %a : f64
    %p = arith.cmpf ogt, %a, %b : f64
    %c = scf.if %p -> (f64) {
      %d = math.cos %b : f64
      scf.yield %d : f64
    } else {
      scf.yield %a : f64
    }
    scf.yield %c : f64
  }
"""
CUT = f"""
func.func @f(%x: f64) -> f64 {{{NOISE}
  %scale = arith.constant 1.0e+12 : f64
  %big = arith.mulf %x, %scale : f64
  %int = arith.fptosi %big : f64 to i64
  %back = arith.sitofp %int : i64 to f64
  %y = arith.divf %back, %scale : f64
  %z = arith.addf %y, %s : f64
  func.return %z : f64
}}
"""
REFUSED = f"""
func.func private @outside(f64) -> f64
func.func @other(%x: f64) -> f64 {{
  func.return %x : f64
}}
func.func @f(%x: f64) -> f64 {{{NOISE}
  %y = func.call @outside(%s) : (f64) -> f64
  %z = arith.addf %y, %s : f64
  func.return %z : f64
}}
"""
FINE = "func.func @f(%x: f64) -> f64 {\n  func.return %x : f64\n}\n"


@pytest.fixture
def reduce(run, arrays, tmp_path):
    inputs = arrays("in", arg0=0.75)
    output = tmp_path / "small.mlir"

    def run_reduce(text, *more):
        program = tmp_path / "big.mlir"
        program.write_text(text)
        request = ("--function", "f", "--inputs", inputs, "-o", output)
        wrt = () if "--wrt" in more else ("--wrt", "0")
        result = run("reduce", program, *request, *wrt, *more)
        return result, output.read_text() if output.exists() else ""

    return run_reduce


def parsed(text):
    return parse_module(text, "program.mlir", full_context())


def test_gradient_that_disagrees(reduce):
    result, small = reduce(CUT, "--engine", "reference")
    assert result.exit_code == 0, result.output
    assert small.startswith("// reproduces: the gradient of argument 0 gives ")
    assert small.splitlines()[1].startswith("// tapeflow check ")
    assert "arith.fptosi" in small
    assert "scf.for" not in small and "math" not in small
    assert operations_in(parsed(small)) < operations_in(parsed(CUT)) / 2


@pytest.mark.parametrize("command", ["", "sh -c 'no end"])
def test_a_command_that_no_shell_could_read(reduce, command):
    result, _ = reduce(FINE, "--command", command)
    assert result.exit_code == 2
    assert "Error: Invalid value for '--command': " in result.stderr


def test_program_that_is_refused(reduce):
    result, small = reduce(REFUSED, "--pipeline", "baseline")
    assert result.exit_code == 0, result.output
    assert "// reproduces: cannot differentiate @f: a call of @outside" in small
    assert "func.call @outside" in small
    assert "scf" not in small and "@other" not in small
    assert operations_in(parsed(small)) == 4


def test_nothing_is_wrong(reduce):
    result, small = reduce(FINE, "--engine", "reference")
    assert result.exit_code == 1
    assert "nothing goes wrong with it" in result.stderr
    assert small == ""


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("--wrt", "1"), "there is no argument 1"),
        (("--pipeline", "stream"), "no pass or pipeline 'stream'"),
        (("--machine", "fairy"), "fairy"),
    ],
)
def test_mistake_in_the_request_is_no_failure_of_the_program(reduce, more, what):
    result, small = reduce(CUT, *more)
    assert result.exit_code != 0
    assert what in result.stderr
    assert small == ""


def test_request_is_needed(run, source, tmp_path):
    result = run("reduce", source("squares"), "-o", tmp_path / "small.mlir")
    assert result.exit_code == 2
    assert "give --wrt and --inputs, or a --command" in result.stderr


def test_any_test_by_exit_status(run, tmp_path):
    program, output = tmp_path / "big.mlir", tmp_path / "small.mlir"
    program.write_text(REFUSED)
    result = run("reduce", program, "--command", "grep -q math.cos", "-o", output)
    assert result.exit_code == 0, result.output
    assert "// grep -q math.cos " in output.read_text()
    assert operations_in(parsed(output.read_text())) <= 4


def test_command_has_to_accept_the_whole_program(reduce):
    result, small = reduce(CUT, "--command", "grep -q math.tan")
    assert result.exit_code == 1
    assert "big.mlir: error: 'grep -q math.tan' does not end with status 0" in (
        result.stderr
    )
    assert small == ""


def test_interrupt_keeps_what_is_found(reduce, monkeypatch):
    answers = CommandProber.failure
    calls: list[object] = []

    def failure(self, path):
        calls.append(path)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return answers(self, path)

    monkeypatch.setattr(CommandProber, "failure", failure)
    result, small = reduce(CUT, "--command", "grep -q fptosi")
    assert result.exit_code == 130
    assert "stopped; " in result.stderr
    assert operations_in(parsed(small)) <= operations_in(parsed(CUT))


def probing(failure: Callable[..., object], seconds: float) -> Any:
    return ProbeProcess(cast(Any, SimpleNamespace(failure=failure)), seconds)


def test_process_that_crashes_or_hangs_is_followed_by_another():
    crashing = probing(signal.raise_signal, 60)
    for _ in range(2):
        found = crashing.failure(signal.SIGSEGV)
        assert found is not None and "crashes (SIGSEGV)" in found.text
    crashing.close()
    sleeping = probing(time.sleep, 0.5)
    found = sleeping.failure(100.0)
    assert found is not None and "does not end within 0.5 seconds" in found.text
    sleeping.close()


def test_command_that_hangs_is_stopped(tmp_path):
    started = time.monotonic()
    assert CommandProber("sleep 60 #", 0.2).failure(tmp_path) is None
    assert time.monotonic() - started < 30


def test_messages_are_alike_without_names_and_numbers():
    first = failure_of(InputError("array of 3 rows for @f: '%x' is 0x1.5"))
    again = failure_of(InputError("array of 7 rows for @g: '%y' is -2.5e3"))
    other = failure_of(InputError("array of 3 columns for @f: '%x' is 0"))
    assert first.is_like(again) and not first.is_like(other)
    assert not first.is_like(None)


def test_internal_errors_are_alike_by_their_place():
    def fails(text):
        try:
            parse_module(text, "program.mlir", cast(Any, None))
        except Exception as error:
            return failure_of(error)
        return Failure("", "")

    assert fails("func.func @f() { func.return }").kind.startswith("internal error: ")


def test_reducer_keeps_what_is_asked_for():
    reducer = Reducer(parsed(CUT), lambda m: "math.cos" in str(m), ("f",))
    small = text_of(reducer.run())
    assert "func.func @f(%x: f64) -> f64" in small
    assert operations_in(parsed(small)) <= 4


def test_reducer_tries_only_valid_programs():
    def keeps(module):
        parsed(text_of(module)).verify()
        return "math.exp" in str(module)

    Reducer(parsed(REFUSED), keeps, ("f",)).run()
