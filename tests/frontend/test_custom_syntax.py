"""MLIR's own syntax where xDSL's parser knows the generic form only."""

import pytest
from xdsl.dialects.builtin import FileLineColLoc

from tapeflow.frontend.custom_syntax import syntax_of
from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

SPELLINGS = {
    "affine.if": [
        "affine.if affine_set<(d0)[s0] : (d0 - s0 >= 0)>(%i)[%n] {\n}",
        "%r = affine.if affine_set<() : (1 == 0)>() -> f64 {\n"
        "  affine.yield %v : f64\n} else {\n  affine.yield %v : f64\n} {tag}",
    ],
    "affine.max": ["%r = affine.max affine_map<(d0)[s0] -> (d0, s0)>(%i)[%n]"],
    "affine.parallel": [
        "affine.parallel (%j) = (0) to (%n) {\n}",
        "%r:2 = affine.parallel (%j, %k) = (max(%i, 2), 0) to (symbol(%n), "
        'min(%i + %n, 9)) step (1, 2) reduce ("addf", "mulf") -> (f64, f64) {\n'
        "  affine.yield %v, %v : f64, f64\n} {tag}",
    ],
    "affine.delinearize_index": [
        "%r:2 = affine.delinearize_index %i into (3, %n) {tag} : index, index",
    ],
    "affine.linearize_index": [
        "%r = affine.linearize_index disjoint [%i, %n] by (3, %n) {tag} : index",
    ],
    "affine.prefetch": [
        "affine.prefetch %a[%i + 1], write, locality<2>, data : memref<4xf64>",
    ],
    "func.call_indirect": [
        "%p = func.constant @g : (f64) -> f64\n"
        "%r = func.call_indirect %p(%v) : (f64) -> f64",
    ],
    "func.constant": ["%p = func.constant @g {tag} : (f64) -> f64"],
    "index.bool.constant": ["%r = index.bool.constant true"],
    "index.cmp": ["%r = index.cmp ult(%i, %n)"],
    "index.constant": ["%r = index.constant -4"],
    "memref.alloca_scope": ["memref.alloca_scope {\n}"],
    "memref.alloca_scope.return": [
        "%r:2 = memref.alloca_scope -> (f64, index) {\n"
        "memref.alloca_scope.return %v, %i : f64, index\n}",
    ],
    "memref.atomic_rmw": [
        "%r = memref.atomic_rmw mulf %v, %a[%i] {tag} : (f64, memref<4xf64>) -> f64",
    ],
    "memref.generic_atomic_rmw": [
        "%r = memref.generic_atomic_rmw %a[%i] : memref<4xf64> {\n^bb0(%l: f64):\n"
        "memref.atomic_yield %l : f64\n}",
    ],
    "memref.prefetch": [
        "memref.prefetch %a[%i], read, locality<3>, instr : memref<4xf64>",
    ],
    "memref.reshape": [
        "%s = memref.alloc() : memref<2xindex>\n"
        "%r = memref.reshape %a(%s) : (memref<4xf64>, memref<2xindex>) "
        "-> memref<2x2xf64>",
    ],
    "memref.cast": ["%r = memref.cast %a : memref<4xf64> to memref<?xf64>"],
    "memref.copy": ["memref.copy %a, %b {tag} : memref<4xf64> to memref<4xf64>"],
    "memref.memory_space_cast": [
        "%r = memref.memory_space_cast %a : memref<4xf64> to memref<4xf64, 1 : i32>"
    ],
    "memref.rank": ["%r = memref.rank %a : memref<4xf64>"],
    "memref.transpose": [
        "%r = memref.transpose %c (i, j) -> (j, i) : memref<2x3xf64> "
        "to memref<3x2xf64, strided<[1, 3]>>"
    ],
    "scf.execute_region": [
        "%r = scf.execute_region -> f64 no_inline {\n  scf.yield %v : f64\n} {tag}",
        "scf.execute_region {\n}",
    ],
    "scf.for": [
        "scf.for unsigned %j = %i to %n step %i {\n}",
        "%r = scf.for %j = %i to %n step %i iter_args(%l = %v) -> f64 {\n"
        "  scf.yield %l : f64\n} {tag}",
    ],
    "scf.forall": [
        "scf.forall (%j, %k) in (%n, 4) {\n}",
        "scf.forall (%j) = (0) to (%n) step (2) {\n} {tag}",
    ],
    "scf.if": [
        "%c1 = index.bool.constant true\n%r = scf.if %c1 -> f64 {\n"
        "  scf.yield %v : f64\n} else {\n  scf.yield %v : f64\n} {tag}",
    ],
    "scf.while": [
        "scf.while : () -> () {\n  %c1 = index.bool.constant true\n"
        "  scf.condition(%c1)\n} do {\n}",
    ],
    "scf.parallel": [
        "scf.parallel (%j) = (%i) to (%n) step (%i) {\n}",
        "scf.parallel (%j) = (%i) to (%n) step (%i) {\n  scf.reduce\n}",
    ],
    "scf.reduce": [
        "%r:2 = scf.parallel (%j, %k) = (%i, %i) to (%n, %n) step (%i, %i)\n"
        "    init (%v, %v) -> (f64, f64) {\n  scf.reduce(%v, %v : f64, f64) {\n"
        "  ^bb0(%l: f64, %m: f64):\n    scf.reduce.return %l : f64\n  }, {\n"
        "  ^bb0(%l: f64, %m: f64):\n    scf.reduce.return %m : f64\n  }\n} {tag}"
    ],
}
GLOBALS = [
    'memref.global "private" constant @g : memref<2xf64> = dense<[1.0, 2.0]>',
    "memref.global @g : memref<2x2xi32> = dense<7> {alignment = 64 : i64}",
    "memref.global @g : memref<f32> = uninitialized",
]


def function(body: str) -> str:
    return (
        "func.func @f(%a: memref<4xf64>, %b: memref<4xf64>, %i: index, %n: index, "
        f"%v: f64, %c: memref<2x3xf64>) {{\n{body}\nfunc.return\n}}\n"
    )


DIALECTS = ("affine", "func", "index", "memref", "scf")
KNOWN = {*SPELLINGS, "memref.global"}
PROGRAMS = [function(text) for texts in SPELLINGS.values() for text in texts] + GLOBALS


def test_every_spelling_is_tried() -> None:
    known = (syntax_of(dialect).keys() for dialect in DIALECTS)
    assert {*SPELLINGS, "memref.global"} == set().union(*known)


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_spelling_means_the_generic_form(text: str) -> None:
    module = parse_module(text, "f.mlir", full_context())
    module.verify()
    printed = str(module)
    again = parse_module(printed, "f.mlir", full_context())
    again.verify()
    assert module.is_structurally_equivalent(again)
    assert str(again) == printed


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_operation_has_its_place(text: str) -> None:
    module = parse_module(text, "f.mlir", full_context())
    op = next(op for op in module.walk() if op.name in KNOWN)
    assert isinstance(op.location, FileLineColLoc)
    column = text.splitlines()[op.location.line.data - 1].index(op.name) + 1
    assert op.location.column.data == column


MISTAKES = {
    "affine.if affine_map<() -> (0)>() {\n}": ":2:11: error: expected an integer set",
    "affine.if affine_set<(d0) : (d0 == 0)>() {\n}": "0 operands for a set of 1",
    "%r = affine.max 3(%i)": ":2:17: error: expected an affine map",
    "affine.if affine_set<() : (0 == 0)>() {\n  affine.yield\n^bb1:\n}": (
        "expected a single basic block"
    ),
    "%r = memref.cast %a : memref<4xf64> into memref<?xf64>": "Expected 'to'",
    "%r = memref.transpose %c (i, j) -> (i, i) : memref<2x3xf64> to memref<2x2xf64>": (
        "expected a permutation"
    ),
    "memref.global @g : f64 = uninitialized": "expected a memref type of static shape",
    "memref.global @g : memref<?xf64> = uninitialized": "a memref type of static shape",
    "memref.global @g : memref<2xf64>": "a global buffer that is defined elsewhere",
    "memref.dma_start %a": "'memref.dma_start' is not read; write memref.copy",
    "vector.print %v : f64": "delete it, and let the function return what is to be",
    "scf.forall (%j) in (4) shared_outs(%o = %v) -> (f64) {\n}": "--one-shot-bufferize",
    "%r = memref.atomic_rmw addd %v, %a[%i] : (f64, memref<4xf64>) -> f64": (
        "there is no kind 'addd'"
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items())
def test_mistakes_are_explained(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_module(function(text), "f.mlir", full_context())
    assert message in str(raised.value)
