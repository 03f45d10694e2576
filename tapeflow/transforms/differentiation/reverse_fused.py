"""The reverse of fused loops: each iteration at once, inside the forward loop."""

from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.transforms.differentiation.adjoint_sweep import Adjoints, AdjointSweep
from tapeflow.transforms.differentiation.fuse_loops import FusedLoop, FusedScope

Arriving = dict[FusedLoop, dict[int, SSAValue]]
"""By loop and position the adjoints of the sums that it carries."""


@dataclass(frozen=True)
class FusedReverse:
    """What has been done for a scope before its own reverse."""

    reversed: frozenset[Operation] = frozenset()
    defined: int = 0
    """How many of the scope's operations have got their shadows."""
    shadows: tuple[SSAValue, ...] = ()
    """Those that have been allocated and must be freed."""


def reverse_fused(
    sweep: AdjointSweep, scope: Block, adjoints: Adjoints
) -> FusedReverse:
    """Reverse the fused loops of a scope where they are, if there are any."""
    fusion = sweep.scopes.get(scope)
    if fusion is None:
        return FusedReverse()
    forward = tuple(scope.ops)
    with sweep.builder.at(InsertPoint.before(fusion.loops[0].op)):
        arriving = _reverse_early(sweep, fusion, forward, adjoints)
    shadows: list[SSAValue] = []
    defined = 0
    for loop in fusion.loops:
        position = forward.index(loop.op)
        with sweep.builder.at(InsertPoint.before(loop.op)):
            shadows += sweep.shadows.define_all(forward[defined:position])
        defined = position
        _reverse_iteration(sweep, loop, arriving[loop])
        for value, adjoint in zip(loop.captured, loop.adjoints, strict=True):
            sweep.accumulate(adjoints, value, adjoint)
    loops = (loop.op for loop in fusion.loops)
    return FusedReverse(fusion.early.union(loops), defined, tuple(shadows))


def _reverse_early(
    sweep: AdjointSweep,
    fusion: FusedScope,
    forward: tuple[Operation, ...],
    adjoints: Adjoints,
) -> Arriving:
    """Follow the seeds back to what the loops yield."""
    arriving: Arriving = {loop: {} for loop in fusion.loops}
    loops = {loop.op: loop for loop in fusion.loops}
    for op in reversed(forward):
        sweep.builder.location = op.location
        if op in fusion.early:
            sweep.reverse_by_rule(op, adjoints)
        elif isinstance(op, scf.ForOp) and op in loops:
            for position in loops[op].accumulators:
                result = op.results[position]
                if result in adjoints:
                    adjoint = adjoints.pop(result)
                    arriving[loops[op]][position] = adjoint
                    sweep.accumulate(adjoints, op.iter_args[position], adjoint)
    return arriving


def _reverse_iteration(
    sweep: AdjointSweep, loop: FusedLoop, arriving: dict[int, SSAValue]
) -> None:
    """Put the reverse of a loop's body behind it."""
    body = loop.op.body.block
    terminator = body.last_op
    assert isinstance(terminator, scf.YieldOp)
    terminator.detach()
    yielded = list(terminator.operands)
    inner: Adjoints = dict(zip(loop.captured, loop.slots, strict=True))
    with sweep.builder.inside(body):
        sweep.builder.location = loop.op.location
        for position, adjoint in arriving.items():
            sweep.accumulate(inner, yielded[position], adjoint)
        sweep.reverse_block(body, inner)
        first_slot = len(yielded) - len(loop.captured)
        yielded[first_slot:] = [
            sweep.adjoint_or_zero(inner, value) for value in loop.captured
        ]
        sweep.builder.location = terminator.location
        sweep.builder.insert(scf.YieldOp(*yielded))
    terminator.erase()
