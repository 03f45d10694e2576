"""Where the sweep of a ring turns: the last push is behind, the first pop ahead.

In the block of a ring's allocation an op pushes, pops, or does both inside. A turn lies
between one that pushes and the next that pops; in one that does both, as a loop that
runs a body forward and at once back, it lies inside.
"""

from dataclasses import dataclass
from typing import cast

from xdsl.dialects import scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.control_flow import sources_of
from tapeflow.dialects.spm import AdvanceOp, AllocateOp, LoadOp, RetreatOp, StoreOp


class NoTurnAround(Exception):
    """Where the sweep turns, or where the cursor is there, does not follow.

    Attributes:
        op: what holds pushes and pops that take turns, or what pops.
        is_cursor: whether it is the cursor that does not follow.
    """

    def __init__(self, op: Operation, is_cursor: bool = False):
        super().__init__(op.name)
        self.op = op
        self.is_cursor = is_cursor


@dataclass(frozen=True)
class TurnAround:
    """A place where the sweep of a ring turns."""

    after: Operation
    """The last op that takes part in a push."""
    address: SSAValue
    """Where the records of the current tile end there."""
    limit: SSAValue
    """Where its slot ends."""


def turn_arounds(allocate: AllocateOp) -> list[TurnAround]:
    """All places where the sweep of a ring turns, in program order.

    Raises:
        NoTurnAround: no such place is known before the program runs.
    """
    assert allocate.parent is not None
    return _turns(allocate.parent, _Moves(allocate))


class _Moves:
    """Which ops push to a ring and which pop from it, inside or themselves."""

    def __init__(self, allocate: AllocateOp):
        home = allocate.parent
        self.pushing: set[Operation] = set()
        self.popping: set[Operation] = set()
        for use in allocate.ring.uses:
            op: Operation | None = use.operation
            is_push = isinstance(op, StoreOp | AdvanceOp)
            if not is_push and not isinstance(op, LoadOp | RetreatOp):
                continue
            holders = self.pushing if is_push else self.popping
            while op is not None and op.parent is not home:
                holders.add(op)
                op = op.parent_op()
            if op is not None:
                holders.add(op)
        self.ring = allocate.ring


def _turns(block: Block, moves: _Moves) -> list[TurnAround]:
    """The turns in a block and inside its ops; records below are not its own."""
    found: list[TurnAround] = []
    last_push: Operation | None = None
    for op in block.ops:
        pushes, pops = op in moves.pushing, op in moves.popping
        if pushes and pops:
            found += _turns_inside(op, moves)
            last_push = None
        elif pushes:
            last_push = op
        elif pops and last_push is not None:
            address, limit = _cursor_before(op, moves.ring)
            found.append(TurnAround(_later(last_push, address), address, limit))
            last_push = None
    return found


def _turns_inside(op: Operation, moves: _Moves) -> list[TurnAround]:
    """Of an op that pushes and pops: each run begins forward and ends in reverse."""
    found: list[TurnAround] = []
    blocks = [block for region in op.regions for block in region.blocks]
    moving = [block for block in blocks if _moves_in(block, moves)]
    if isinstance(op, scf.WhileOp) and len(moving) > 1:
        raise NoTurnAround(op)
    for block in moving:
        inside = _moves_in(block, moves)
        if inside[0] not in moves.pushing or inside[-1] not in moves.popping:
            raise NoTurnAround(op)
        found += _turns(block, moves)
    return found


def _moves_in(block: Block, moves: _Moves) -> list[Operation]:
    return [op for op in block.ops if op in moves.pushing or op in moves.popping]


def _cursor_before(op: Operation, ring: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Address and limit of a ring before an op that holds its next retreat."""
    retreats = (inner for inner in op.walk() if isinstance(inner, RetreatOp))
    retreat = next((inner for inner in retreats if inner.ring is ring), None)
    if retreat is None:
        raise NoTurnAround(op, is_cursor=True)
    return _outside(retreat.address, op), _outside(retreat.limit, op)


def _outside(value: SSAValue, op: Operation) -> SSAValue:
    """What a value inside an op is at first, as a value from before the op."""
    block = cast(Block, op.parent)
    while isinstance(value, BlockArgument) and not _is_visible(value.block, block):
        sources = sources_of(value)
        if not sources:
            raise NoTurnAround(op, is_cursor=True)
        value = sources[0]
    owner = value.owner
    if isinstance(owner, Operation) and not _is_visible(
        cast(Block, owner.parent), block
    ):
        raise NoTurnAround(op, is_cursor=True)
    return value


def _later(op: Operation, value: SSAValue) -> Operation:
    """An op, or what defines a value in its block behind it."""
    owner = value.owner
    if isinstance(owner, Block) or owner.parent is not op.parent:
        return op
    return owner if op.is_before_in_block(owner) else op


def _is_visible(block: Block, inner: Block) -> bool:
    """Whether `inner` is a block or lies inside of it."""
    around: Block | None = inner
    while around is not None:
        if around is block:
            return True
        op = around.parent_op()
        around = None if op is None else op.parent
    return False
