"""What is wrong with functions, calls and yields is told where it is, and how."""

import pytest
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.function_shape import names_of
from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.diagnostics import message_of
from tapeflow.universe import full_context

LOOP = """func.func @f(%n: index, %x: f64) -> f64 {{
  %y = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {{
    %b = math.exp %a : f64
    {}
  }}
  func.return %y : f64
}}
"""
G = "func.func private @g(f64) -> f64\n"
CASES = {
    "no return": (
        "func.func @f(%x: f64) {\n  %y = math.exp %x : f64\n}",
        "f.mlir:1:1: error: 'func.func': @f does not end with a 'func.return'",
    ),
    "a name twice": (
        "func.func @f() {\n  return\n}\nfunc.func @f() {\n  return\n}",
        "f.mlir:4:1: error: 'func.func': there is another @f in line 1; "
        "rename one of them",
    ),
    "a call of nothing": (
        G + "func.func @f() {\n  func.call @h() : () -> ()\n  return\n}",
        "f.mlir:3:3: error: 'func.call': there is no function @h; "
        "functions here: @g, @f",
    ),
    "a call of other types": (
        G + "func.func @f(%x: f32) {\n  func.call @g(%x) : (f32) -> ()\n  return\n}",
        "f.mlir:3:3: error: 'func.call': @g is (f64) -> f64, and this calls it as "
        "(f32) -> ()",
    ),
    "no yield": (
        LOOP.format(""),
        "f.mlir:2:8: error: 'scf.for': needs 'scf.yield' at the end of each of its "
        "regions",
    ),
    "a yield of too much": (
        LOOP.format("scf.yield %b, %b : f64, f64"),
        "f.mlir:4:5: error: 'scf.yield': passes on f64, f64, but 'scf.for' expects f64",
    ),
}


@pytest.mark.parametrize(("text", "message"), CASES.values(), ids=CASES)
def test_the_message_names_the_place_and_the_cause(text: str, message: str) -> None:
    with pytest.raises(VerifyException) as raised:
        verify_module(parse_module(text, "f.mlir", full_context()))
    assert message_of(raised.value).render("") == message


def test_functions_of_a_module_in_the_module_are_not_seen() -> None:
    assert names_of([]) == "none (what a module inside the module holds is not seen)"


def test_what_our_verifiers_stumble_over_xdsl_tells() -> None:
    text = 'func.func @f() {\n  "scf.while"() : () -> ()\n  return\n}'
    with pytest.raises(VerifyException) as raised:
        verify_module(parse_module(text, "f.mlir", full_context()))
    message = message_of(raised.value).render("")
    assert message.startswith("f.mlir:2:3: error: 'scf.while': ")
