"""Every op that a program can contain at a low level costs something, or is free."""

import pytest
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from hwmodel import Operation as Kind
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.semantics import micro_operations as costs
from tapeflow.backend.semantics.scalar_costs import SCALAR_COSTS
from tapeflow.backend.semantics.scalars import SCALAR_OPS
from tapeflow.dialects.ad import Ad
from tapeflow.dialects.address import Address
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp
from tapeflow.dialects.spm import Spm
from tapeflow.dialects.stream import Stream
from tapeflow.dialects.tape import Tape

UNPRICED = {math.IPowIOp}
"""Its cost depends on the exponent; programs write products instead."""


def test_every_scalar_op_with_a_meaning_has_a_cost():
    priced = {*SCALAR_COSTS, arith.ConstantOp}
    assert set(SCALAR_OPS) - priced == UNPRICED
    assert set(SCALAR_COSTS) <= set(SCALAR_OPS)


def test_all_of_arith_and_math_has_a_meaning():
    every = {*arith.Arith.operations, *math.Math.operations, ErfcOp, RemFOp}
    assert every == set(SCALAR_OPS)


def test_every_op_of_our_dialects_is_priced_free_or_abstract():
    known = {*costs._RULES, *costs._FREE, *costs._ABSTRACT}
    for dialect in (Ad, Address, Tape, Spm, Stream):
        assert set(dialect.operations) <= known


def test_no_op_is_listed_twice():
    groups = (costs._RULES, costs._FREE, costs._ABSTRACT, SCALAR_COSTS)
    listed = [op for group in groups for op in group if op is not arith.ConstantOp]
    assert len(listed) == len(set(listed))


def ops_of(module: ModuleOp) -> dict[str, Operation]:
    return {op.name: op for op in module.walk()}


def test_operands_waits_and_sizes(parse):
    ops = ops_of(
        parse("""func.func @f(%m: memref<?x?xi32>, %i: index, %a: f32, %b: f64) {
  %v = memref.load %m[%i, %i] : memref<?x?xi32>
  %x = math.asinh %a : f32
  %y = arith.floordivsi %i, %i : index
  %ring = spm.allocate %i : !spm.ring<[f64, i1], tile 4, slots 1, base 0>
  %t = arith.constant true
  spm.store %t, %ring[%i] field 1 : !spm.ring<[f64, i1], tile 4, slots 1, base 0>
  spm.drain %ring, %i : !spm.ring<[f64, i1], tile 4, slots 1, base 0>
  func.return
}""")
    )
    found = {
        name: [
            (Kind(m.kind).name, m.operands, m.earlier, m.has_address, m.aux)
            for m in costs.micro_operations(op)
        ]
        for name, op in ops.items()
        if op.name not in ("builtin.module", "func.func")
    }
    assert found["memref.load"] == [
        ("INT_MUL", (1,), (), False, 0),
        ("INT_ADD", (2,), (0,), False, 0),
        ("LOAD", (0,), (1,), True, 4),
    ]
    assert [m[0] for m in found["math.asinh"]] == [
        *("FMA_F32", "FSQRT_F32", "FADD_F32", "FLOG_F32")
    ]
    assert found["arith.floordivsi"] == [
        ("INT_DIV", (0, 1), (), False, 0),
        ("INT_ADD", (), (0,), False, 0),
    ]
    assert found["spm.store"] == [("SPM_STORE", (0, 1, 2), (), True, 1)]
    assert found["spm.drain"] == [("DRAIN", (0, 1), (), True, costs.UNKNOWN_RING)]
    assert found["spm.allocate"] == [("BEGIN", (0,), (), False, costs.UNKNOWN_RING)]
    assert found["arith.constant"] == []


STRIDES = {
    "<?x?x?xf64>": ("MUL", "ADD", "MUL", "ADD"),
    "<?xf64>": (),
    "<?xf64, strided<[1], offset: ?>>": (),
    "<?xf64, strided<[48]>>": ("MUL",),
    "<?xf64, strided<[?]>>": ("MUL",),
    "<?x?xf64, strided<[?, 1]>>": ("MUL", "ADD"),
    "<?x?xf64, strided<[1, ?]>>": ("MUL", "ADD"),
    "<?x?xf64, strided<[?, ?]>>": ("MUL", "MUL", "ADD"),
    "<?x?xf64, strided<[1, 1]>>": ("ADD",),
    "<f64>": (),
}


@pytest.mark.parametrize("type_", STRIDES)
def test_the_price_of_an_address(parse, type_):
    subscripts = ", ".join(["%i", "%j", "%k"][: type_.count("x") - type_.count("max")])
    ops = ops_of(
        parse(f"""func.func @f(%m: memref{type_}, %i: index, %j: index, %k: index) {{
  %v = memref.load %m[{subscripts}] : memref{type_}
  memref.store %v, %m[{subscripts}] : memref{type_}
  func.return
}}""")
    )
    for name, access, first in (("load", "LOAD", 1), ("store", "STORE", 2)):
        *chain, last = costs.micro_operations(ops[f"memref.{name}"])
        kinds = [Kind(m.kind).name.removeprefix("INT_") for m in chain]
        assert tuple(kinds) == STRIDES[type_]
        assert Kind(last.kind).name == access
        # The address waits for every subscript, once.
        rank = len(subscripts.split(", ")) if subscripts else 0
        waited = [n for m in (*chain, last) for n in m.operands if n >= first]
        assert sorted(waited) == [*range(first, first + rank)]
        assert {n for m in (*chain, last) for n in m.earlier} == {*range(len(chain))}


def test_a_computed_address_costs_what_computes_it(parse):
    ops = ops_of(
        parse("""func.func @f(%m: memref<?x?xf64>, %i: index, %j: index) {
  %p = address.point %m[%i] : memref<?x?xf64>
  %v = address.load %m[%i, %j] at %p index %j plus 3 : memref<?x?xf64>
  address.store %v, %m[%i, %j] at %p : memref<?x?xf64>
  func.return
}""")
    )
    found = {
        name: [(Kind(m.kind).name, m.operands) for m in costs.micro_operations(op)]
        for name, op in ops.items()
        if name.startswith("address")
    }
    assert found == {
        "address.point": [("INT_ADD", (0, 1))],
        "address.load": [("LOAD", (0, 3, 4))],
        "address.store": [("STORE", (0, 1, 4))],
    }


def test_an_op_without_a_cost_is_named(parse):
    ops = ops_of(
        parse("""func.func @f(%a: i32) {
  %b = math.ipowi %a, %a : i32
  %t = tape.stack : !tape.stack<i32>
  func.return
}""")
    )
    with pytest.raises(ExecutionError, match=r"no machine cost for 'math.ipowi'"):
        costs.micro_operations(ops["math.ipowi"])
    with pytest.raises(ExecutionError, match="'tape.stack'; abstract tape ops"):
        costs.micro_operations(ops["tape.stack"])
