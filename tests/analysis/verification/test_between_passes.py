"""A pass that leaves a malformed module is named, though only the end is verified."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms.common_subexpression_elimination import (
    CommonSubexpressionElimination,
)
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

import tapeflow.backend.gradient as gradient
from tapeflow.analysis.verification.between_passes import verifies_each
from tapeflow.analysis.verification.module import MalformedResultError
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.main import main as tapeflow
from tapeflow.tools.opt.command import main
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context

CONTEXT = full_context()
TEXT = """\
func.func @f(%x: f64) -> f64 {
  %0 = arith.mulf %x, %x : f64
  func.return %0 : f64
}
"""
PASSES = (
    DifferentiatePass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
)


def spoil(_pass: ModulePass, _context: object, module: ModuleOp) -> None:
    """Leave every product with one operand, and say so."""
    print("I spoil it")
    for op in [*module.walk()]:
        if isinstance(op, arith.MulfOp):
            op.operands = op.operands[:1]


def crash(*_: object) -> None:
    raise KeyError("lost")


def do_nothing(*_: object) -> None:
    pass


@pytest.fixture
def only_the_end(monkeypatch) -> None:
    monkeypatch.delenv("TAPEFLOW_VERIFY_EACH")


@pytest.fixture(params=[crash, do_nothing])
def spoiled(request, monkeypatch) -> None:
    """cse spoils the module; dce behind it crashes, or does not notice."""
    monkeypatch.setattr(CommonSubexpressionElimination, "apply", spoil)
    monkeypatch.setattr(DeadCodeElimination, "apply", request.param)


def compiled() -> None:
    module = parse_module(TEXT, "f.mlir", CONTEXT)
    compile_gradient(module, "f", [0], PASSES, CONTEXT)


def counted(monkeypatch, of: Callable[[], None]) -> int:
    """The number of verifications that a call makes."""
    calls: list[str] = []
    verify = gradient.verify_module

    def counting(module: ModuleOp, after: ModulePass | None = None) -> None:
        calls.append(after.name if after else "")
        verify(module, after)

    monkeypatch.setattr(gradient, "verify_module", counting)
    of()
    return len(calls)


def test_the_tests_verify_behind_every_pass(monkeypatch):
    assert verifies_each()
    assert counted(monkeypatch, compiled) == 2 + len(PASSES)


@pytest.mark.usefixtures("only_the_end")
def test_users_verify_the_input_and_the_end(monkeypatch):
    assert not verifies_each()
    assert counted(monkeypatch, compiled) == 2


@pytest.mark.usefixtures("spoiled")
@pytest.mark.parametrize("each", ["0", "1"])
def test_a_gradient_names_the_pass_at_fault(monkeypatch, each):
    monkeypatch.setenv("TAPEFLOW_VERIFY_EACH", each)
    with pytest.raises(MalformedResultError, match="Expected 2 operands") as caught:
        compiled()
    assert caught.value.pass_name == "cse"


@pytest.mark.usefixtures("only_the_end", "spoiled")
@pytest.mark.parametrize("options", [(), ("--verify-each",)])
def test_tapeflow_opt_names_the_pass_at_fault(tmp_path: Path, capsys, options):
    program = tmp_path / "f.mlir"
    program.write_text(TEXT)
    with pytest.raises(SystemExit):
        main([str(program), "-p", "cse,dce,canonicalize", *options])
    captured = capsys.readouterr()
    assert captured.out.count("I spoil it") == 1
    assert captured.err.startswith(
        f"{program}:2:8: error: internal error: malformed result of pass 'cse': "
        "'arith.mulf': Expected 2 operands, but got 1\n"
    )


@pytest.mark.usefixtures("only_the_end")
def test_an_error_of_a_pass_with_a_good_input_stays(monkeypatch):
    monkeypatch.setattr(DeadCodeElimination, "apply", crash)
    with pytest.raises(KeyError, match="lost"):
        compiled()


@pytest.mark.usefixtures("only_the_end")
@pytest.mark.parametrize("command", ["grad", "check", "reduce", "bench"])
def test_the_option_of_tapeflow_holds_for_the_process(command):
    CliRunner().invoke(tapeflow, [command, "--verify-each", "no.mlir"])
    assert verifies_each()
