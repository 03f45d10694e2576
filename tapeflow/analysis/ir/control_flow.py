"""Where control goes around and inside an operation with regions, with which values.

An *edge* leads from in front of a loop or branch, or from the end of one of its blocks,
to the begin of a block, or behind the operation. It takes values along, which become
the arguments of that block or the results (RegionBranchOpInterface of MLIR):

    %r = scf.for %i = ... iter_args(%a = %x) {    edges: (%x) to (%a), (%x) to (%r),
      scf.yield %y                                       (%y) to (%a), (%y) to (%r)
    }

What asks for nothing else about loops and branches knows every operation that is
entered here. Of others with regions nothing is known: they have no edges.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from xdsl.dialects import affine, scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

Classes: TypeAlias = frozenset[type[Operation]]
"""Asked for by `type(op) in`: `isinstance` takes many times longer."""
LOOPS: Classes = frozenset(
    (scf.ForOp, scf.WhileOp, scf.ParallelOp, affine.ForOp, affine.ParallelOp)
)
"""Operations that run each of their blocks any number of times."""
BRANCHES: Classes = frozenset((scf.IfOp, scf.IndexSwitchOp, affine.IfOp))
"""Operations that run one of their blocks, or none, once."""
STRUCTURED: Classes = BRANCHES | frozenset(
    (scf.ForOp, scf.WhileOp, affine.ForOp, scf.ExecuteRegionOp)
)
"""Operations with regions whose edges are known."""
_COUNTED: Classes = frozenset((scf.ForOp, affine.ForOp))
"""Loops of one block, whose first argument they count."""
_ENDS: Classes = frozenset((scf.YieldOp, scf.ConditionOp, affine.YieldOp))
CONTROL_FLOW: Classes = STRUCTURED | _ENDS
"""Operations at which edges begin: those above, and what ends their blocks."""


class Edge(NamedTuple):
    """A way that control may take, and the values that it takes along."""

    values: Sequence[SSAValue]
    into: Block | Operation
    """The block that runs next; the loop or branch itself if it is left."""

    @property
    def targets(self) -> Sequence[SSAValue]:
        """What the values become: the last arguments of the block, or the results."""
        everything = _values_at(self.into)
        return everything[len(everything) - len(self.values) :]

    @property
    def pairs(self) -> Iterator[tuple[SSAValue, SSAValue]]:
        """Each value with what it becomes."""
        return zip(self.values, self.targets, strict=True)


def edges_from(op: Operation) -> Iterator[Edge]:
    """The edges that begin at an operation: in front of it, or where it ends a block.

    Blocks come before the way out.
    """
    if type(op) not in CONTROL_FLOW:
        return
    holder = op if type(op) in STRUCTURED else op.parent_op()
    if holder is not None and type(holder) in STRUCTURED:
        values = passed(op)
        for into in _following(holder, op):
            yield Edge(values, into)


def edges(op: Operation) -> Iterator[Edge]:
    """All edges around and inside an operation, those from in front of it first."""
    for begin in _begins(op):
        yield from edges_from(begin)


def sources_of(value: SSAValue) -> tuple[SSAValue, ...]:
    """What a result or block argument may be, what it is on entry first.

    Nothing where no edge leads to it: as of results of other operations, arguments of
    functions, and induction variables.
    """
    assert isinstance(value, OpResult | BlockArgument)
    place = value.owner
    op = place if isinstance(place, Operation) else place.parent_op()
    if op is None or type(op) not in STRUCTURED:
        return ()
    # Counted from the last one, which is the last of the values along each edge.
    behind = len(_values_at(place)) - value.index
    along = [passed(begin) for begin in _begins(op) if place in _following(op, begin)]
    return tuple(values[-behind] for values in along if behind <= len(values))


def passed(op: Operation) -> Sequence[SSAValue]:
    """The values that go along the edges from an operation: its last operands."""
    kind, operands = type(op), op.operands
    if kind in _COUNTED:
        return operands[len(operands) - len(op.results) :]
    if kind is scf.ConditionOp:
        return operands[1:]
    return operands if kind is scf.WhileOp or kind in _ENDS else ()


def yielded(block: Block) -> Sequence[SSAValue]:
    """The values that a block passes on at its end."""
    return () if block.last_op is None else passed(block.last_op)


def decided_by(op: Operation) -> tuple[SSAValue, ...]:
    """The values that decide which blocks of a loop or branch run, and how often."""
    return tuple(
        value
        for each in (op, *_last_ops(op))
        for value in each.operands[: len(each.operands) - len(passed(each))]
    )


def induction_variables(op: Operation) -> Sequence[SSAValue]:
    """The block arguments of a loop that no edge leads to: it counts them itself."""
    return op.regions[0].block.args[:1] if type(op) in _COUNTED else ()


def _begins(op: Operation) -> Iterator[Operation]:
    """Where the edges around and inside an operation begin."""
    if type(op) in STRUCTURED:
        yield op
        yield from (end for end in _last_ops(op) if type(end) in _ENDS)


def _following(op: Operation, begin: Operation) -> Sequence[Block | Operation]:
    """Where control may go from the end of a block, or from in front of `op` itself."""
    if type(op) in _COUNTED:
        return op.regions[0].block, op
    if type(op) is scf.WhileOp:
        before, after = (region.block for region in op.regions)
        return (after, op) if begin.parent is before else (before,)
    if begin is op:
        # An else that is not written is a way past the branch.
        return [region.blocks.first or op for region in op.regions]
    return (op,)


def _last_ops(op: Operation) -> Iterator[Operation]:
    for region in op.regions:
        for block in region.blocks:
            if block.last_op is not None:
                yield block.last_op


def _values_at(place: Block | Operation) -> Sequence[SSAValue]:
    return place.args if isinstance(place, Block) else place.results
