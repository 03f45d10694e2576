"""Which values of a function say where a ring's cursor is, or how far it may go."""

from collections import defaultdict
from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.streams.steps import ring_of
from tapeflow.dialects import spm, stream

RingsOf: TypeAlias = dict[SSAValue, set[SSAValue]]
"""Rings by value."""


def cursor_values(function: FuncOp) -> tuple[RingsOf, RingsOf]:
    """By value, the rings whose places it decides, and those whose trip counts."""
    places: list[tuple[SSAValue, SSAValue]] = []
    counts: list[tuple[SSAValue, SSAValue]] = []
    for op in function.walk():
        ring = ring_of(op)
        if ring is None:
            continue
        is_access = isinstance(op, spm.StoreOp | spm.LoadOp)
        places.append((op.address if is_access else op.operands[1], ring))
        holder = op.parent_op()
        if isinstance(holder, scf.ForOp):
            counts.append((holder.ub, ring))
    return _closure(places), _closure(counts)


def _closure(work: list[tuple[SSAValue, SSAValue]]) -> RingsOf:
    found: RingsOf = defaultdict(set)
    while work:
        value, ring = work.pop()
        if ring not in found[value]:
            found[value].add(ring)
            work += ((source, ring) for source in _sources(value))
    return dict(found)


def _sources(value: SSAValue) -> list[SSAValue]:
    """The values a value is computed from, or carried by a loop or branch."""
    op = value.owner
    if isinstance(value, OpResult):
        assert isinstance(op, Operation)
        position = value.index
        match op:
            case scf.IfOp():
                return _yielded(op, position)
            case scf.ForOp():
                return [
                    op.iter_args[position],
                    _at_end(op, position),
                ]
            case scf.WhileOp():
                condition = op.before_region.block.last_op
                assert isinstance(condition, scf.ConditionOp)
                return [condition.args[position]]
            case _:
                # What was loaded is no address, whatever it is loaded from.
                follows = isinstance(op, stream.AcquireOp | stream.DequeueOp)
                is_computed = follows or op.name.startswith("arith.")
                return list(op.operands) if is_computed else []
    assert isinstance(value, BlockArgument)
    parent = value.block.parent_op()
    match parent:
        case scf.ForOp() if value.index > 0:
            position = value.index - 1
            return [
                parent.iter_args[position],
                _at_end(parent, position),
            ]
        case scf.WhileOp() if value.block is parent.before_region.block:
            last = parent.after_region.block.last_op
            assert last is not None
            return [parent.arguments[value.index], last.operands[value.index]]
        case scf.WhileOp():
            condition = parent.before_region.block.last_op
            assert isinstance(condition, scf.ConditionOp)
            return [condition.args[value.index]]
        case _:
            return []


def _yielded(op: scf.IfOp, position: int) -> list[SSAValue]:
    found: list[SSAValue] = []
    for region in op.regions:
        if region.blocks and region.block.last_op is not None:
            found.append(region.block.last_op.operands[position])
    return found


def _at_end(loop: scf.ForOp, position: int) -> SSAValue:
    last = loop.body.block.last_op
    assert last is not None
    return last.operands[position]
