"""Uses that no definition dominates are rejected, with the reason."""

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context


def parse(text: str) -> ModuleOp:
    module = parse_module(text, "t.mlir", full_context())
    module.verify()  # what is tested here is exactly what this does not find
    return module


ACCEPTED = {
    "straight line": """
        func.func @f(%x: f64) -> f64 {
          %y = arith.addf %x, %x : f64
          func.return %y : f64
        }""",
    "outer values inside nested regions": """
        func.func @f(%x: f64, %c: i1, %n: index) -> f64 {
          %r = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
            %s = scf.if %c -> (f64) {
              %y = arith.addf %a, %x : f64
              scf.yield %y : f64
            } else {
              scf.yield %a : f64
            }
            scf.yield %s : f64
          }
          func.return %r : f64
        }""",
    "a block below its dominator, listed before it": """
        func.func @f(%x: f64, %c: i1) -> f64 {
          cf.br ^b
        ^a:
          func.return %y : f64
        ^b:
          %y = arith.addf %x, %x : f64
          cf.br ^a
        }""",
    "a loop of blocks": """
        func.func @f(%x: f64, %c: i1) -> f64 {
          cf.br ^head(%x : f64)
        ^head(%a: f64):
          %y = arith.addf %a, %x : f64
          cf.cond_br %c, ^head(%y : f64), ^exit
        ^exit:
          func.return %y : f64
        }""",
    "an unreachable block": """
        func.func @f(%x: f64) -> f64 {
          func.return %x : f64
        ^lost:
          %a = arith.addf %b, %x : f64
          %b = arith.addf %a, %x : f64
          func.return %b : f64
        }""",
    "the body of a module is unordered": """
        "test.op"(%a) : (index) -> ()
        %a = "test.op"() : () -> index
        """,
}

REJECTED = {
    "before the definition": (
        """
        func.func @f(%x: f64) -> f64 {
          %a = arith.addf %b, %x : f64
          %b = arith.addf %x, %x : f64
          func.return %a : f64
        }""",
        "operand %b is used before its definition on line 4; define it earlier",
    ),
    "itself": (
        """
        func.func @f(%x: f64) -> f64 {
          %a = arith.addf %a, %x : f64
          func.return %a : f64
        }""",
        "operand %a is a result of 'arith.addf', which has not finished at this use",
    ),
    "a result inside its own operation": (
        """
        func.func @f(%x: f64, %n: index) {
          %r = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
            scf.yield %r : f64
          }
          func.return
        }""",
        "operand %r is a result of 'scf.for', which has not finished at this use",
    ),
    "blocks that do not dominate": (
        """
        func.func @f(%x: f64, %c: i1) -> f64 {
          cf.cond_br %c, ^a, ^b
        ^a:
          %y = arith.addf %x, %x : f64
          cf.br ^b
        ^b:
          func.return %y : f64
        }""",
        "operand %y is defined on line 5 in a block that does not dominate this use",
    ),
    "an unreachable definition": (
        """
        func.func @f(%x: f64) -> f64 {
          cf.br ^b
        ^lost:
          %y = arith.addf %x, %x : f64
          cf.br ^b
        ^b:
          func.return %y : f64
        }""",
        "operand %y is defined on line 5 in a block that does not dominate this use",
    ),
    "a number instead of a name": (
        """
        func.func @f(%x: f64) {
          "test.op"(%x, %0) : (f64, f64) -> ()
          %0 = arith.addf %x, %x : f64
          func.return
        }""",
        "operand #1 is used before its definition on line 4",
    ),
}


ESCAPED = {
    "a value of a loop's body": (
        """
        func.func @f(%x: f64, %n: index) {
          scf.for %i = %n to %n step %n {
            %y = arith.addf %x, %x : f64
          }
          "test.op"(%x) {use_instead = "y"} : (f64) -> ()
          func.return
        }""",
        "operand %y is defined on line 4 inside 'scf.for', which it does not leave",
    ),
    "a loop's index": (
        """
        func.func @f(%n: index) {
          scf.for %y = %n to %n step %n {
          }
          "test.op"(%n) {use_instead = "y"} : (index) -> ()
          func.return
        }""",
        "operand %y is defined inside 'scf.for', which it does not leave",
    ),
    "a value of the other branch": (
        """
        func.func @f(%x: f64, %c: i1) {
          scf.if %c {
            %y = arith.addf %x, %x : f64
          } else {
            "test.op"(%x) {use_instead = "y"} : (f64) -> ()
          }
          func.return
        }""",
        "operand %y is defined on line 4 inside 'scf.if', which it does not leave",
    ),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(text: str) -> None:
    verify_dominance(parse(text))


@pytest.mark.parametrize(("text", "message"), REJECTED.values(), ids=REJECTED)
def test_rejects(text: str, message: str) -> None:
    with pytest.raises(VerifyException) as raised:
        verify_dominance(parse(text))
    assert message in str(raised.value)


@pytest.mark.parametrize(("text", "message"), ESCAPED.values(), ids=ESCAPED)
def test_rejects_what_text_cannot_say(text: str, message: str) -> None:
    """A pass can misplace a value in ways that the parser's scopes rule out."""
    module = parse(text)
    values = [
        value
        for op in module.walk()
        for value in (*op.results, *(a for r in op.regions for a in r.block.args))
    ]
    user = next(op for op in module.walk() if "use_instead" in op.attributes)
    user.operands[0] = next(value for value in values if value.name_hint == "y")
    module.verify()
    with pytest.raises(VerifyException) as raised:
        verify_dominance(module)
    assert message in str(raised.value)


def test_no_values_enter_an_isolated_operation() -> None:
    text = """
        %x = "test.op"() : () -> f64
        func.func @f() {
          "test.op"(%x) : (f64) -> ()
          func.return
        }"""
    with pytest.raises(VerifyException, match="outside 'func.func', which sees"):
        verify_dominance(parse_module(text, "t.mlir", full_context()))
