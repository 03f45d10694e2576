"""Gives up the tiles on chip where the sweep of a ring turns."""

from typing import cast

from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.analysis.streams.turn_arounds import (
    NoTurnAround,
    TurnAround,
    turn_arounds,
)
from tapeflow.dialects.spm import AllocateOp
from tapeflow.dialects.stream import DequeueOp, ReloadOp
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse


def reload_at_turns(function: FuncOp) -> None:
    """Put a `stream.reload` wherever the sweep of a ring turns.

    What follows waits for the current tile; the others are waited for as they become
    current, at layer boundaries.

    Raises:
        PassFailedException: no such place is known for a ring.
    """
    constants = FunctionConstants(function)
    for op in tuple(function.walk()):
        if isinstance(op, AllocateOp):
            for turn in _turns(op):
                _reload(op, turn, constants)


def _turns(allocate: AllocateOp) -> list[TurnAround]:
    try:
        return turn_arounds(allocate)
    except NoTurnAround as error:
        if error.is_cursor:
            reason = (
                "pops from this ring, but no spm.retreat in it takes the cursor as it "
                "is when the sweep turns"
            )
        else:
            reason = (
                "pushes to this ring and pops from it in an order without one place "
                "where the sweep turns"
            )
        message = (
            f"{error.op.name} {reason}, so its tiles cannot be fetched again there; "
            "use turn-around-reuse=true"
        )
        refuse(allocate, message)


def _reload(
    allocate: AllocateOp, turn: TurnAround, constants: FunctionConstants
) -> None:
    ring, type_ = allocate.ring, allocate.ring.type
    point = InsertPoint.after(turn.after)
    builder = IndexBuilder(constants, point, turn.after.location)
    start = builder.value(builder.sub(turn.limit, type_.tile_bytes, "slot_start"))
    filled = builder.sub(turn.address, start, "filled")
    reload = builder.insert(ReloadOp(ring, turn.address))
    slot = builder.insert(DequeueOp(ring, start), "slot").slot
    address = builder.value(builder.add(slot, filled, "address"))
    _replace_behind(turn.address, address, reload)


def _replace_behind(old: SSAValue, new: SSAValue, op: Operation) -> None:
    """Replace the uses of a value behind an op, those in the new value's own apart."""
    block = cast(Block, op.parent)
    own = new.owner
    for use in tuple(old.uses):
        user = block.find_ancestor_op_in_block(use.operation)
        if user is not None and user is not own and op.is_before_in_block(user):
            use.operation.operands[use.index] = new
