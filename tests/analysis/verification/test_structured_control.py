"""Loops and branches whose regions do not pass on what is expected are refused."""

import pytest
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.diagnostics import message_of
from tapeflow.universe import full_context

CONTEXT = full_context()
WRONG = {
    "a branch yields too little": (
        """%y = "scf.if"(%c) ({
  "scf.yield"(%x) : (f64) -> ()
}, {
  "scf.yield"() : () -> ()
}) : (i1) -> f64""",
        "5:3: error: 'scf.yield': passes on nothing, but 'scf.if' expects f64",
    ),
    "a branch is missing": (
        """%y = "scf.if"(%c) ({
  "scf.yield"(%x) : (f64) -> ()
}, {
}) : (i1) -> f64""",
        "2:6: error: 'scf.if': needs 'scf.yield' at the end of each of its regions",
    ),
    "a branch yields another type": (
        """%y = "scf.if"(%c) ({
  "scf.yield"(%x) : (f64) -> ()
}, {
  "scf.yield"(%c) : (i1) -> ()
}) : (i1) -> f64""",
        "5:3: error: 'scf.yield': passes on i1, but 'scf.if' expects f64",
    ),
    "a condition passes on too much": (
        """"scf.while"() ({
  "scf.condition"(%c, %x) : (i1, f64) -> ()
}, {
  "scf.yield"() : () -> ()
}) : () -> ()""",
        "3:3: error: 'scf.condition': passes on f64, but 'scf.while' expects nothing",
    ),
    "a loop passes on nothing": (
        """%y = "scf.while"(%x) ({
^bb0(%a: f64):
  "scf.condition"(%c, %a) : (i1, f64) -> ()
}, {
^bb0(%b: f64):
  "scf.yield"() : () -> ()
}) : (f64) -> f64""",
        "7:3: error: 'scf.yield': passes on nothing, but 'scf.while' expects f64",
    ),
    "a block takes nothing": (
        """%y = "scf.while"(%x) ({
^bb0(%a: f64):
  "scf.condition"(%c, %a) : (i1, f64) -> ()
}, {
  "scf.yield"(%x) : (f64) -> ()
}) : (f64) -> f64""",
        "2:6: error: 'scf.while': ",
    ),
    "an affine loop passes on nothing": (
        """%y = affine.for %i = 0 to 8 iter_args(%a = %x) -> (f64) {
  affine.yield
}""",
        "3:3: error: 'affine.yield': passes on nothing, but 'affine.for' expects f64",
    ),
    "a region yields nothing": (
        """%y = "scf.execute_region"() ({
  "scf.yield"() : () -> ()
}) : () -> f64""",
        "3:3: error: 'scf.yield': passes on nothing, but 'scf.execute_region'",
    ),
    "a loop decides nothing": (
        """"scf.while"() ({
  "scf.yield"() : () -> ()
}, {
  "scf.yield"() : () -> ()
}) : () -> ()""",
        "2:1: error: 'scf.while': needs 'scf.condition' at the end of each of its",
    ),
    "a body ends in a condition": (
        """"scf.while"() ({
  "scf.condition"(%c) : (i1) -> ()
}, {
  "scf.condition"(%c) : (i1) -> ()
}) : () -> ()""",
        "2:1: error: 'scf.while': needs 'scf.yield' at the end of each of its",
    ),
    "a branch takes a value": (
        """"scf.if"(%c) ({
  "scf.yield"() : () -> ()
}, {
^bb0(%a: f64):
  "scf.yield"() : () -> ()
}) : (i1) -> ()""",
        "2:1: error: 'scf.if': takes f64 where nothing is passed to its block",
    ),
    "an affine branch takes a value": (
        """%i = arith.constant 0 : index
"affine.if"(%i) <{condition = affine_set<(d0) : (d0 >= 0)>}> ({
^bb0(%a: f64):
  "affine.yield"() : () -> ()
}, {
}) : (index) -> ()""",
        "3:1: error: 'affine.if': takes f64 where nothing is passed to its block",
    ),
    "a case takes a value": (
        """%i = arith.constant 0 : index
"scf.index_switch"(%i) <{cases = array<i64: 1>}> ({
^bb0(%a: f64):
  "scf.yield"() : () -> ()
}, {
  "scf.yield"() : () -> ()
}) : (index) -> ()""",
        "3:1: error: 'scf.index_switch': takes f64 where nothing is passed to its",
    ),
    "a region takes a value": (
        """"scf.execute_region"() ({
^bb0(%a: f64):
  "scf.yield"() : () -> ()
}) : () -> ()""",
        "2:1: error: 'scf.execute_region': takes f64 where nothing is passed to its",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_a_region_passes_on_is_checked(text: str, message: str) -> None:
    text = f"func.func @f(%x: f64, %c: i1) {{\n{text}\nfunc.return\n}}"
    module = parse_module(text, "f.mlir", CONTEXT)
    with pytest.raises(VerifyException) as raised:
        verify_module(module)
    assert message_of(raised.value).render("tool").startswith(f"f.mlir:{message}")
