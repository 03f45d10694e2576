"""Makes room in growing tapes: in front of loops where it can, else at each push."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.memory.aliasing import Buffers, find_buffers
from tapeflow.analysis.tape.push_count import PushCount, count_pushes
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp, ReserveOp, is_tiled
from tapeflow.dialects.tape_expect import ExpectOp
from tapeflow.dialects.tape_types import TapeRegionType
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.tape.emit_push_count import PushCountEmitter


def reserve_records(
    function: FuncOp, constants: FunctionConstants, graph: CallGraph
) -> None:
    """Put a `tape.reserve` before every push to a growing region behind the cache.

    It stands in front of the outermost loops that push one record at a time and whose
    count is known there. Pushes in branches have one of their own, so that what is not
    taken needs no room.
    """
    found = _records_before(function, constants, graph, tiled=False)
    for push, place, records in found:
        _insert(ReserveOp(push.tape, records), push, place)


def expect_records(
    function: FuncOp, constants: FunctionConstants, graph: CallGraph
) -> None:
    """Put a `tape.expect` before loops that push to a growing region of tiles.

    It stands where a `tape.reserve` would. A single push needs none: where that is
    short of memory, it is found at once.
    """
    for push, place, records in _records_before(function, constants, graph, tiled=True):
        if place is not push:
            type_ = cast(TapeRegionType, push.tape.type)
            record_bytes = type_.record_layout.stride_bytes
            _insert(ExpectOp(records, record_bytes), push, place)


def _records_before(
    function: FuncOp, constants: FunctionConstants, graph: CallGraph, *, tiled: bool
) -> Iterator[tuple[PushOp, Operation, SSAValue]]:
    """Each push to a growing region, before which op to make room, for how many."""
    pushes = [
        op
        for op in function.walk()
        if isinstance(op, PushOp) and _grows(op) and is_tiled(op.tape) == tiled
    ]
    if not pushes:
        return
    buffers = find_buffers(function, graph)
    moves = _moves_inside(function)
    emitters: dict[Operation, PushCountEmitter] = {}
    for push in pushes:
        place, count = _place(push, moves, buffers)
        if place not in emitters:
            emitters[place] = PushCountEmitter(place, constants)
        records = emitters[place].emit(count)
        yield push, place, IndexBuilder.before(place, constants).value(records)


def _insert(op: Operation, push: PushOp, place: Operation) -> None:
    op.location = push.location
    Rewriter.insert_op(op, InsertPoint.before(place))


def _grows(op: PushOp) -> bool:
    allocation = op.tape.owner
    return isinstance(allocation, AllocateOp) and allocation.growing is not None


def _moves_inside(function: FuncOp) -> Counter[tuple[Operation, SSAValue]]:
    """How many pushes and pops of a tape an op holds."""
    moves = Counter[tuple[Operation, SSAValue]]()
    for move in function.walk():
        if isinstance(move, PushOp | PopOp):
            around = move.parent_op()
            while around is not None:
                moves[around, move.tape] += 1
                around = around.parent_op()
    return moves


def _place(
    push: PushOp, moves: Counter[tuple[Operation, SSAValue]], buffers: Buffers
) -> tuple[Operation, PushCount]:
    """The op before which to make room, and for how many records."""
    home = push.tape.owner
    assert isinstance(home, AllocateOp)
    loops: list[scf.ForOp] = []
    place: Operation = push
    while place.parent is not home.parent:
        around = place.parent_op()
        if not isinstance(around, scf.ForOp) or moves[around, push.tape] > 1:
            break
        loops.append(around)
        place = around
    return _outermost(push, loops, buffers)


def _outermost(
    push: PushOp, loops: Sequence[scf.ForOp], buffers: Buffers
) -> tuple[Operation, PushCount]:
    for loop in reversed(loops):
        assert loop.parent is not None
        count = count_pushes(push, loop.parent, [loop], buffers)
        if count is not None:
            return loop, count
    return push, PushCount(())
