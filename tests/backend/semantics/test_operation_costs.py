"""The compiler's prices of operations are the machine's figures."""

from math import ceil

import pytest
from xdsl.dialects import arith, func, math, memref, scf
from xdsl.dialects.builtin import f64, i64
from xdsl.dialects.test import TestOp as Source
from xdsl.ir import Attribute, Operation

from hwmodel import Operation as Kind
from hwmodel import preset
from hwmodel.description.operations import OPERATION_TABLE, action_band_pj
from tapeflow.analysis.ir import operation_costs
from tapeflow.analysis.ir.operation_costs import PRICES, latency, operation_cost
from tapeflow.analysis.verification.what_runs import RUNNABLE
from tapeflow.backend.semantics.micro_operations import micro_operations
from tapeflow.backend.semantics.scalar_costs import SCALAR_COSTS
from tapeflow.dialects import address, spm, tape

NEVER_ASKED = {
    *(scf.ForOp, scf.WhileOp, scf.IfOp, scf.IndexSwitchOp, scf.ExecuteRegionOp),
    *(memref.AllocOp, memref.AllocaOp, memref.DeallocOp, memref.CopyOp, func.CallOp),
}
"""What is neither computed again nor an operation of a loop that is cut in two."""

ACCESSES: dict[type[Operation], str] = {
    memref.LoadOp: "cache",
    tape.LoadOp: "cache",
    address.LoadOp: "cache",
    spm.LoadOp: "scratchpad",
    **dict.fromkeys(
        (memref.StoreOp, tape.StoreOp, spm.StoreOp, address.StoreOp), "posted"
    ),
}
MOVED_VIEWS: dict[type[Operation], tuple[Kind, ...]] = {
    memref.SubviewOp: (Kind.INT_MUL, Kind.INT_ADD),
    memref.ReinterpretCastOp: (Kind.INT_ADD,),
    address.PointOp: (Kind.INT_ADD,),
}
"""Views and pointers that begin elsewhere than their buffer, along one axis."""
UNPRICED: set[type[Operation]] = {math.IPowIOp}
"""By the machine."""


def of_class(op_class: type[Operation], type_: Attribute) -> Operation:
    value = Source(result_types=[type_]).results[0]
    return op_class.create(operands=[value] * 2, result_types=[type_])


def kinds(op_class: type[Operation]) -> tuple[Kind, ...]:
    """The machine operations of an operation that is no access, in f64."""
    if op_class in MOVED_VIEWS:
        return MOVED_VIEWS[op_class]
    if op_class in SCALAR_COSTS:
        return SCALAR_COSTS[op_class](of_class(op_class, f64))
    assert micro_operations(of_class(op_class, f64)) == ()
    return ()


def additions(kind: Kind) -> int:
    """An action counts as the multiplications of its format whose energy it takes."""
    total = 0
    for action, count in OPERATION_TABLE[kind].actions:
        format_ = action.split("_")[1] if action.endswith(("f32", "f64")) else None
        unit = f"multiply_{format_}" if format_ else "integer_multiply"
        ratio = action_band_pj(action, 45)[1] / action_band_pj(unit, 45)[1]
        total += ceil(count * ceil(ratio))
    return total


@pytest.mark.parametrize(
    "op_class",
    [op for op in PRICES if op not in ACCESSES and op not in UNPRICED],
    ids=lambda op: op.name,
)
def test_a_price_is_that_of_the_machine(op_class: type[Operation]) -> None:
    chain = kinds(op_class)
    cycles = sum(OPERATION_TABLE[kind].latency_cycles for kind in chain)
    assert PRICES[op_class] == (sum(map(additions, chain)), cycles)


@pytest.mark.parametrize("op_class", ACCESSES, ids=lambda op: op.name)
def test_an_access_is_a_hit(op_class: type[Operation]) -> None:
    machine = preset("fair")
    cycles = {
        "cache": machine.cache.hit_latency_cycles,
        "scratchpad": machine.scratchpad.latency_cycles,
        "posted": 1,
    }
    assert PRICES[op_class] == (1, cycles[ACCESSES[op_class]])


@pytest.mark.parametrize("op_class", [arith.SelectOp, arith.BitcastOp])
def test_integers_and_floats_move_at_one_price(op_class: type[Operation]) -> None:
    (kind,) = SCALAR_COSTS[op_class](of_class(op_class, i64))
    figures = additions(kind), OPERATION_TABLE[kind].latency_cycles
    assert figures == PRICES[op_class]


def test_all_that_runs_has_one_price() -> None:
    assert RUNNABLE - PRICES.keys() == NEVER_ASKED
    assert sum(map(len, operation_costs._AT_PRICE.values())) == len(PRICES)


def test_what_has_no_price_is_an_error() -> None:
    op = Source(result_types=[f64])
    for price in (operation_cost, latency):
        with pytest.raises(KeyError, match="TestOp"):
            price(op)
