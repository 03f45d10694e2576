"""Loops of few iterations that are worth being written one after the other."""

from xdsl.dialects import cf, memref, scf
from xdsl.ir import Operation

from tapeflow.analysis.integers.estimates import trip_count
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS, PRICES
from tapeflow.analysis.ir.side_effects import is_side_effect_free


def constant_trips(loop: scf.ForOp, most: int, operations: int) -> int | None:
    """The iterations of a loop that is short enough; None if it stays.

    Args:
        most: iterations, at most.
        operations: of all iterations together, at most.
    """
    trips, step = trip_count(loop), constant_of(loop.step)
    if trips is None or trips > most or step is None or step < 1:
        return None
    inner = [op for op in loop.body.walk() if not isinstance(op, scf.YieldOp)]
    if trips * len(inner) > operations or not all(map(_is_plain, inner)):
        return None
    return trips


def _is_plain(op: Operation) -> bool:
    if isinstance(op, memref.LoadOp | memref.StoreOp | scf.IfOp | cf.AssertOp):
        return True
    if isinstance(op, INTEGER_DIVISIONS):
        return True
    return type(op) in PRICES and is_side_effect_free(op)
