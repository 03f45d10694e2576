"""Faults seeded in the text of streams: every way to break a ring at every place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.analysis.streams.steps import ring_of
from tapeflow.dialects import spm, stream
from tapeflow.dialects.spm import RingType

STARTS = (stream.EnqueueOp, stream.PrefetchOp, spm.DrainOp, spm.FillOp)
WAITS = (stream.AcquireOp, stream.DequeueOp)


@dataclass(frozen=True)
class Fault:
    """One change of a module, at the operation of a number in a walk."""

    name: str
    place: int
    change: Callable[[Operation], None]

    def seeded(self, module: ModuleOp) -> ModuleOp:
        """A copy of the module with this fault."""
        mutant = module.clone()
        self.change(list(mutant.walk())[self.place])
        return mutant


def faults_of(module: ModuleOp) -> Iterator[Fault]:
    """All faults at all places of a module."""
    for place, op in enumerate(module.walk()):
        for name, change in _changes(op):
            yield Fault(name, place, change)


def _changes(op: Operation) -> Iterator[tuple[str, Callable[[Operation], None]]]:
    if isinstance(op, STARTS):
        yield f"drop {op.name}", _drop
        yield f"{op.name} of the slot behind", lambda o: _shift(o, 1, _pitch(o))
    elif isinstance(op, stream.ReloadOp):
        yield f"drop {op.name}", _drop
        yield f"{op.name} a record short", lambda o: _shift(o, 1, -_stride(o))
    elif isinstance(op, WAITS):
        yield f"drop {op.name}", _drop_wait
        yield f"{op.name} of the slot behind", lambda o: _shift(o, 1, _pitch(o))
        yield f"{op.name} before the transfer starts", _hurry
    elif isinstance(op, spm.StoreOp | spm.LoadOp):
        position = 2 if isinstance(op, spm.StoreOp) else 1
        for text, amount in (("a record", _stride), ("a line", lambda _: 64)):
            for sign in (1, -1):
                yield (
                    f"{op.name} {'after' if sign > 0 else 'before'} by {text}",
                    lambda o, p=position, s=sign, a=amount: _shift(o, p, s * a(o)),
                )
        if isinstance(op, spm.LoadOp) and isinstance(op.address.owner, arith.SubiOp):
            yield "pop once too often", _pop_twice
    elif isinstance(op, spm.AllocateOp):
        yield from _of_ring(op)
    elif isinstance(op, scf.ForOp | scf.WhileOp) and _pops(op):
        for by in (1, -1):
            yield f"loop of pops {by:+d} iteration", lambda o, b=by: _lengthen(o, b)


def _of_ring(
    op: spm.AllocateOp,
) -> Iterator[tuple[str, Callable[[Operation], None]]]:
    type_ = op.ring.type
    tile, slots = type_.tile.data, type_.slots.data
    yield "capacity less one record", lambda o: _shift(o, 0, -1)
    if slots > 1:
        yield "one slot less", lambda o: _retype(o, tile, slots - 1)
    if tile > 1:
        yield "a tile less one record", lambda o: _retype(o, tile - 1, slots)
    yield "a tile more one record", lambda o: _retype(o, tile + 1, slots)


def _drop(op: Operation) -> None:
    Rewriter.erase_op(op)


def _drop_wait(op: Operation) -> None:
    op.results[0].replace_all_uses_with(op.operands[1])
    Rewriter.erase_op(op)


def _hurry(op: Operation) -> None:
    """Wait before the transfer that it is to wait for."""
    before = op.prev_op
    while before is not None and not isinstance(before, (*STARTS, stream.ReloadOp)):
        before = before.prev_op
    block = op.parent
    assert before is not None
    assert block is not None
    before.detach()
    block.insert_op_after(before, op)


def _shift(op: Operation, position: int, by: int) -> None:
    """Add to an operand."""
    op.operands[position] = _added(op.operands[position], by, op)


def _added(value: SSAValue, by: int, before: Operation) -> SSAValue:
    block = before.parent
    assert block is not None
    number = arith.ConstantOp(IntegerAttr(by, IndexType()))
    total = arith.AddiOp(value, number.result)
    block.insert_ops_before([number, total], before)
    return total.result


def _pop_twice(op: Operation) -> None:
    assert isinstance(op, spm.LoadOp)
    block = op.parent
    assert isinstance(block, Block)
    last = block.last_op
    assert last is not None
    lower = _added(op.address, -_stride(op), last)
    for position, value in enumerate(last.operands):
        if value is op.address:
            last.operands[position] = lower


def _retype(op: Operation, tile: int, slots: int) -> None:
    assert isinstance(op, spm.AllocateOp)
    old = op.ring.type
    new = RingType.of(old.fields, tile, slots, old.base.data)
    Rewriter.replace_value_with_new_type(op.ring, new)


def _pops(op: Operation) -> bool:
    """Whether a loop pops and does not push as well.

    Where it does both, another trip count makes another program with sound streams.
    """
    inside = [
        inner for inner in op.walk() if isinstance(inner, spm.LoadOp | spm.StoreOp)
    ]
    return bool(inside) and all(isinstance(inner, spm.LoadOp) for inner in inside)


def _lengthen(op: Operation, by: int) -> None:
    if isinstance(op, scf.ForOp):
        _shift(op, 1, by)
        return
    assert isinstance(op, scf.WhileOp)
    compare = next(o for o in op.before_region.block.ops if isinstance(o, arith.CmpiOp))
    upper = compare.rhs
    longer = _added(upper, by, op)
    for inner in op.walk():
        if isinstance(inner, arith.CmpiOp | arith.MinSIOp):
            for position, value in enumerate(inner.operands):
                if value is upper:
                    inner.operands[position] = longer


def _ring_type(op: Operation) -> RingType:
    ring = ring_of(op)
    assert ring is not None
    assert isinstance(ring.type, RingType)
    return ring.type


def _pitch(op: Operation) -> int:
    return _ring_type(op).pitch_bytes


def _stride(op: Operation) -> int:
    return _ring_type(op).record_layout.stride_bytes
