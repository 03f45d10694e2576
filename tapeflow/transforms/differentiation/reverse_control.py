"""The reverse of scf.for, scf.while and scf.if."""

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.ir import Block, SSAValue

from tapeflow.analysis.differentiation.differentiability import (
    active_buffers_carried,
    permutation_of,
)
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.dialects.ad import is_float
from tapeflow.transforms.building.trip_count import mirror
from tapeflow.transforms.differentiation.adjoint_sweep import Adjoints, AdjointSweep
from tapeflow.transforms.differentiation.count_iterations import iterations_of
from tapeflow.transforms.differentiation.shadow_buffers import inverse


def reverse_if(sweep: AdjointSweep, op: scf.IfOp, adjoints: Adjoints) -> None:
    """Reverse the branch that was taken."""
    captured = sweep.captured(op)
    arriving = {
        position: adjoints.pop(result)
        for position, result in enumerate(op.results)
        if result in adjoints
    }

    def fill(block: Block | None) -> Sequence[SSAValue]:
        inner = {value: adjoints[value] for value in captured if value in adjoints}
        if block is not None:
            for position, adjoint in arriving.items():
                sweep.accumulate(inner, yielded(block)[position], adjoint)
            sweep.reverse_block(block, inner)
        return [sweep.adjoint_or_zero(inner, value) for value in captured]

    results = sweep.builder.branch(
        sweep.recall(op.cond),
        lambda: fill(op.true_region.block),
        lambda: fill(op.false_region.blocks.first),
    )
    sweep.replace(adjoints, captured, results)


def reverse_for(sweep: AdjointSweep, op: scf.ForOp, adjoints: Adjoints) -> None:
    """Run the iterations backwards; swapped buffers are swapped back.

    The reverse loop has the bounds of the loop, so it runs exactly as often.
    """
    body, captured = op.body.block, sweep.captured(op)
    scalars = [
        k
        for k, result in enumerate(op.results)
        if is_float(result.type)
        and (sweep.activity.active(result) or sweep.activity.active(body.args[1 + k]))
    ]
    buffers = active_buffers_carried(op, sweep.activity)
    permutation = permutation_of(op, buffers)
    restored = tuple(k for k in buffers if sweep.is_swapped_back(op.results[k]))
    swap = permutation_of(op, restored)
    assert permutation is not None and swap is not None
    lower, upper, step = (
        sweep.builder.cast(sweep.recall(bound)) for bound in (op.lb, op.ub, op.step)
    )
    ends = mirror(sweep.builder, lower, upper, step)

    def reverse_body(k: SSAValue, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
        k.name_hint = "back"
        outer, scalar, rest = _split(carried, len(captured), len(scalars))
        shadow, contents = rest[: len(buffers)], rest[len(buffers) :]
        iv = _induction_value(sweep, body.args[0], ends, k)
        sweep.primal[body.args[0]] = iv
        inner = dict(zip(captured, outer, strict=True))
        for position, adjoint in zip(scalars, scalar, strict=True):
            sweep.accumulate(inner, yielded(body)[position], adjoint)
        arguments = [shadow[image] for image in inverse(permutation)]
        for position, argument in zip(buffers, arguments, strict=True):
            sweep.shadows.shadows[body.args[1 + position]] = argument
        contents = [contents[image] for image in inverse(swap)]
        for position, content in zip(restored, contents, strict=True):
            sweep.primal[body.args[1 + position]] = content
        sweep.reverse_block(body, inner)
        values = (*captured, *(body.args[1 + position] for position in scalars))
        return [
            *(sweep.adjoint_or_zero(inner, value) for value in values),
            *arguments,
            *contents,
        ]

    starts = [
        *(sweep.adjoint_or_zero(adjoints, value) for value in captured),
        *(sweep.adjoint_or_zero(adjoints, op.results[k]) for k in scalars),
        *(sweep.shadows.of(op.results[k]) for k in buffers),
        *(op.results[k] for k in restored),
    ]
    results = sweep.builder.loop((lower, upper, step), starts, reverse_body)
    outer, scalar, _ = _split(results, len(captured), len(scalars))
    for position in scalars:
        adjoints.pop(op.results[position], None)
    sweep.replace(adjoints, captured, outer)
    for position, adjoint in zip(scalars, scalar, strict=True):
        sweep.accumulate(adjoints, op.iter_args[position], adjoint)


def reverse_while(sweep: AdjointSweep, op: scf.WhileOp, adjoints: Adjoints) -> None:
    """Reverse the test that failed, then each iteration with its test.

    The forward sweep ran test, body, test, ..., body, test.
    """
    before, after = op.before_region.block, op.after_region.block
    captured = sweep.captured(op)
    positions = [
        k
        for k, arg in enumerate(before.args)
        if is_float(arg.type) and sweep.activity.active(arg)
    ]
    carried = [before.args[k] for k in positions]

    def reverse_test(inner: Adjoints, arriving: Sequence[SSAValue]) -> None:
        for forwarded, value in zip(yielded(before), arriving, strict=True):
            if value in inner:
                sweep.accumulate(inner, forwarded, inner.pop(value))
        sweep.reverse_block(before, inner)

    def reverse_iteration(
        k: SSAValue, arriving: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        k.name_hint = "back"
        outer, scalar, _ = _split(arriving, len(captured), len(carried))
        inner = dict(zip(captured, outer, strict=True))
        for position, adjoint in zip(positions, scalar, strict=True):
            sweep.accumulate(inner, yielded(after)[position], adjoint)
        sweep.reverse_block(after, inner)
        reverse_test(inner, after.args)
        values = (*captured, *carried)
        return [sweep.adjoint_or_zero(inner, value) for value in values]

    reverse_test(adjoints, op.results)
    sweep.builder.location = op.location
    starts = [
        *(sweep.adjoint_or_zero(adjoints, value) for value in captured),
        *(sweep.adjoint_or_zero(adjoints, value) for value in carried),
    ]
    first, one = map(sweep.builder.value, (0, 1))
    bounds = first, sweep.recall(iterations_of(op)), one
    results = sweep.builder.loop(bounds, starts, reverse_iteration)
    outer, scalar, _ = _split(results, len(captured), len(carried))
    for value in carried:
        adjoints.pop(value, None)
    sweep.replace(adjoints, captured, outer)
    for position, adjoint in zip(positions, scalar, strict=True):
        sweep.accumulate(adjoints, op.arguments[position], adjoint)


def _induction_value(
    sweep: AdjointSweep, forward: SSAValue, ends: SSAValue, k: SSAValue
) -> SSAValue:
    value = sweep.builder.sub(ends, k, forward.name_hint)
    return sweep.builder.cast(sweep.builder.value(value), forward.type)


def _split(
    values: Sequence[SSAValue], first: int, second: int
) -> tuple[Sequence[SSAValue], Sequence[SSAValue], Sequence[SSAValue]]:
    return values[:first], values[first : first + second], values[first + second :]
