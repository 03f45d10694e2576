"""The reverse sweep: adjoint code for a forward sweep, last operation first.

Adjoints of SSA values are SSA values, carried through reverse loops and branches;
adjoints of memory are shadow buffers. Each forward block has one reverse block, which
begins by recalling the primal values it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.ir import Block, Operation, OpResult, SSAValue

from tapeflow.analysis.activity import Activity
from tapeflow.analysis.derivative_expressions import Operand, Recorded, Result
from tapeflow.analysis.differentiability import active_buffers_carried, permutation_of
from tapeflow.analysis.recording import AGAIN, Recall, Recording
from tapeflow.analysis.reverse_reads import ReverseReads
from tapeflow.dialects import tape
from tapeflow.dialects.ad import is_float
from tapeflow.transforms.adjoint_builder import AdjointBuilder, hint_of
from tapeflow.transforms.count_iterations import iterations_of
from tapeflow.transforms.expression_emitter import ExpressionEmitter
from tapeflow.transforms.shadow_buffers import ShadowBuffers, inverse
from tapeflow.transforms.trip_count import constant_of, emit_trip_count

Adjoints = dict[SSAValue, SSAValue]
"""The adjoint, so far, of each value that has one; no entry means zero."""


@dataclass
class ReverseSweep:
    """Emits the reverse of blocks; `primal` maps forward values to recalled ones."""

    facts: ReverseReads
    recording: Recording
    builder: AdjointBuilder
    stacks: dict[SSAValue, SSAValue]
    """The tape of each saved value."""
    primal: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def __post_init__(self) -> None:
        self.shadows = ShadowBuffers(self.activity, self.builder, self.recall)

    @property
    def activity(self) -> Activity:
        """Which values carry derivatives."""
        return self.facts.activity

    def recall(self, value: SSAValue) -> SSAValue:
        """The reverse sweep's copy of a primal value."""
        if self.recording.recalls[value] is Recall.AVAILABLE:
            return value
        return self.primal[value]

    def reverse_block(self, block: Block, adjoints: Adjoints) -> None:
        """Append the reverse of a block, given the adjoints of what it yields."""
        forward = tuple(block.ops)
        self._recall_needed(block)
        allocated = [
            shadow for op in forward if (shadow := self.shadows.define(op)) is not None
        ]
        for op in reversed(forward):
            if op in self.facts.relevant:
                self.builder.location = op.location
                self._reverse(op, adjoints)
        for shadow in allocated:
            self.builder.add(memref.DeallocOp.get(shadow))

    def _recall_needed(self, block: Block) -> None:
        needed = self.recording.needed.get(block, ())
        for value in needed:
            if self.recording.recalls[value] is Recall.SAVE:
                popped = self.builder.value(
                    tape.PopOp(self.stacks[value]), value.name_hint
                )
                self.primal[value] = popped
        for value in needed:
            if self.recording.recalls[value] in AGAIN:
                self._compute_again(cast(OpResult, value))

    def _compute_again(self, value: OpResult) -> None:
        operands = {operand: self.recall(operand) for operand in value.op.operands}
        self.builder.location = value.op.location
        again = self.builder.add(value.op.clone(operands))
        for old, new in zip(value.op.results, again.results, strict=True):
            self.primal[old] = new

    def _reverse(self, op: Operation, adjoints: Adjoints) -> None:
        match op:
            case memref.LoadOp():
                self._reverse_load(op, adjoints)
            case memref.StoreOp():
                self._reverse_store(op, adjoints)
            case memref.CopyOp():
                self._reverse_copy(op)
            case scf.ForOp():
                self._reverse_for(op, adjoints)
            case scf.WhileOp():
                self._reverse_while(op, adjoints)
            case scf.IfOp():
                self._reverse_if(op, adjoints)
            case _:
                self._reverse_by_rule(op, adjoints)

    def accumulate(
        self, adjoints: Adjoints, value: SSAValue, contribution: SSAValue
    ) -> None:
        """Add a contribution to the adjoint of a value, if the value is active."""
        if not self.activity.active(value):
            return
        if value in adjoints:
            total = arith.AddfOp(adjoints[value], contribution)
            contribution = self.builder.value(total)
        if contribution.name_hint is None:
            contribution.name_hint = hint_of(value, "d_")
        adjoints[value] = contribution

    def adjoint_or_zero(self, adjoints: Adjoints, value: SSAValue) -> SSAValue:
        """The adjoint of a value as an SSA value."""
        if value in adjoints:
            return adjoints[value]
        return self.builder.zero(cast(AnyFloat, value.type))

    def _reverse_by_rule(self, op: Operation, adjoints: Adjoints) -> None:
        if not op.results or op.results[0] not in adjoints:
            return

        def primal(leaf: Operand | Result | Recorded) -> SSAValue:
            return self.recall(self.facts.primal(op, leaf))

        emitter = ExpressionEmitter(
            op,
            primal,
            self.builder.constant,
            self.builder.value,
            adjoints.pop(op.results[0]),
        )
        for operand, partial in self.facts.partials(op):
            self.accumulate(adjoints, operand, emitter.emit(partial))

    def _reverse_load(self, op: memref.LoadOp, adjoints: Adjoints) -> None:
        if op.res not in adjoints:
            return
        shadow, indices = self.shadows.of(op.memref), [*map(self.recall, op.indices)]
        before = self.builder.value(memref.LoadOp.get(shadow, indices))
        after = self.builder.value(arith.AddfOp(before, adjoints.pop(op.res)))
        self.builder.add(memref.StoreOp.get(after, shadow, indices))

    def _reverse_store(self, op: memref.StoreOp, adjoints: Adjoints) -> None:
        shadow, indices = self.shadows.of(op.memref), [*map(self.recall, op.indices)]
        if self.activity.active(op.value):
            adjoint = self.builder.value(memref.LoadOp.get(shadow, indices))
            self.accumulate(adjoints, op.value, adjoint)
        zero = self.builder.zero(cast(AnyFloat, op.value.type))
        self.builder.add(memref.StoreOp.get(zero, shadow, indices))

    def _reverse_copy(self, op: memref.CopyOp) -> None:
        target = self.shadows.of(op.destination)
        source = self.shadows.shadows.get(op.source)

        def visit(indices: tuple[SSAValue, ...]) -> None:
            adjoint = self.builder.value(memref.LoadOp.get(target, indices))
            zero = self.builder.zero(cast(AnyFloat, adjoint.type))
            self.builder.add(memref.StoreOp.get(zero, target, indices))
            if source is not None:
                before = self.builder.value(memref.LoadOp.get(source, indices))
                after = self.builder.value(arith.AddfOp(before, adjoint))
                self.builder.add(memref.StoreOp.get(after, source, indices))

        type_ = cast(MemRefType, target.type)
        sizes = self.builder.dynamic_sizes(target)
        self.builder.for_each_index(self.builder.extents(type_, sizes), visit)

    def _captured(self, op: Operation) -> tuple[SSAValue, ...]:
        return self.facts.captured.get(op, ())

    def _reverse_if(self, op: scf.IfOp, adjoints: Adjoints) -> None:
        captured = self._captured(op)
        arriving = {
            position: adjoints.pop(result)
            for position, result in enumerate(op.results)
            if result in adjoints
        }

        def fill(block: Block | None) -> Sequence[SSAValue]:
            inner = {value: adjoints[value] for value in captured if value in adjoints}
            if block is not None and block.last_op is not None:
                for position, adjoint in arriving.items():
                    self.accumulate(inner, block.last_op.operands[position], adjoint)
                self.reverse_block(block, inner)
            return [self.adjoint_or_zero(inner, value) for value in captured]

        results = self.builder.branch(
            self.recall(op.cond),
            [value.type for value in captured],
            lambda: fill(op.true_region.block),
            lambda: fill(op.false_region.blocks.first),
        )
        self._set(adjoints, captured, results)

    def _reverse_for(self, op: scf.ForOp, adjoints: Adjoints) -> None:
        body, captured = op.body.block, self._captured(op)
        terminator = body.last_op
        assert terminator is not None
        scalars = [
            k
            for k, result in enumerate(op.results)
            if is_float(result.type)
            and (self.activity.active(result) or self.activity.active(body.args[1 + k]))
        ]
        buffers = active_buffers_carried(op, self.activity)
        permutation = permutation_of(op, buffers)
        assert permutation is not None
        bounds = tuple(map(self.recall, (op.lb, op.ub, op.step)))
        trips = emit_trip_count(self.builder, *bounds)
        last = self._last_induction_value(bounds, trips)

        def reverse_body(
            k: SSAValue, carried: tuple[SSAValue, ...]
        ) -> Sequence[SSAValue]:
            k.name_hint = "back"
            outer, scalar, shadow = _split(carried, len(captured), len(scalars))
            iv = self._induction_value(body.args[0], last, bounds[2], k)
            self.primal[body.args[0]] = iv
            inner = dict(zip(captured, outer, strict=True))
            for position, adjoint in zip(scalars, scalar, strict=True):
                self.accumulate(inner, terminator.operands[position], adjoint)
            arguments = [shadow[image] for image in inverse(permutation)]
            for position, argument in zip(buffers, arguments, strict=True):
                self.shadows.shadows[body.args[1 + position]] = argument
            self.reverse_block(body, inner)
            values = (*captured, *(body.args[1 + position] for position in scalars))
            return [
                *(self.adjoint_or_zero(inner, value) for value in values),
                *arguments,
            ]

        starts = [
            *(self.adjoint_or_zero(adjoints, value) for value in captured),
            *(self.adjoint_or_zero(adjoints, op.results[k]) for k in scalars),
            *(self.shadows.of(op.results[k]) for k in buffers),
        ]
        zero, one = (self.builder.index(value, trips.type) for value in (0, 1))
        results = self.builder.loop((zero, trips, one), starts, reverse_body)
        outer, scalar, _ = _split(results, len(captured), len(scalars))
        for position in scalars:
            adjoints.pop(op.results[position], None)
        self._set(adjoints, captured, outer)
        for position, adjoint in zip(scalars, scalar, strict=True):
            self.accumulate(adjoints, op.iter_args[position], adjoint)

    def _reverse_while(self, op: scf.WhileOp, adjoints: Adjoints) -> None:
        """Reverse the test that failed, then each iteration with its test.

        The forward sweep ran test, body, test, ..., body, test.
        """
        before, after = op.before_region.block, op.after_region.block
        test, step = before.last_op, after.last_op
        assert isinstance(test, scf.ConditionOp) and step is not None
        captured = self._captured(op)
        positions = [
            k
            for k, arg in enumerate(before.args)
            if is_float(arg.type) and self.activity.active(arg)
        ]
        carried = [before.args[k] for k in positions]

        def reverse_test(inner: Adjoints, arriving: Sequence[SSAValue]) -> None:
            for forwarded, value in zip(test.args, arriving, strict=True):
                if value in inner:
                    self.accumulate(inner, forwarded, inner.pop(value))
            self.reverse_block(before, inner)

        def reverse_iteration(
            k: SSAValue, arriving: tuple[SSAValue, ...]
        ) -> Sequence[SSAValue]:
            k.name_hint = "back"
            outer, scalar, _ = _split(arriving, len(captured), len(carried))
            inner = dict(zip(captured, outer, strict=True))
            for position, adjoint in zip(positions, scalar, strict=True):
                self.accumulate(inner, step.operands[position], adjoint)
            self.reverse_block(after, inner)
            reverse_test(inner, after.args)
            values = (*captured, *carried)
            return [self.adjoint_or_zero(inner, value) for value in values]

        reverse_test(adjoints, op.results)
        self.builder.location = op.location
        starts = [
            *(self.adjoint_or_zero(adjoints, value) for value in captured),
            *(self.adjoint_or_zero(adjoints, value) for value in carried),
        ]
        bounds = self.builder.index(0), self.recall(iterations_of(op))
        results = self.builder.loop(
            (*bounds, self.builder.index(1)), starts, reverse_iteration
        )
        outer, scalar, _ = _split(results, len(captured), len(carried))
        for value in carried:
            adjoints.pop(value, None)
        self._set(adjoints, captured, outer)
        for position, adjoint in zip(positions, scalar, strict=True):
            self.accumulate(adjoints, op.arguments[position], adjoint)

    def _set(
        self, adjoints: Adjoints, values: Sequence[SSAValue], new: Sequence[SSAValue]
    ) -> None:
        for value, adjoint in zip(values, new, strict=True):
            adjoint.name_hint = hint_of(value, "d_")
            adjoints[value] = adjoint

    def _last_induction_value(
        self, bounds: tuple[SSAValue, ...], trips: SSAValue
    ) -> SSAValue:
        lower, upper, step = bounds
        one = self.builder.index(1, trips.type)
        if constant_of(step) == 1:
            return self.builder.value(arith.SubiOp(upper, one), "last")
        last = self.builder.value(arith.SubiOp(trips, one))
        last = self.builder.value(arith.MuliOp(last, step), "last")
        if constant_of(lower) != 0:
            last = self.builder.value(arith.AddiOp(last, lower), "last")
        return last

    def _induction_value(
        self, forward: SSAValue, last: SSAValue, step: SSAValue, k: SSAValue
    ) -> SSAValue:
        back = k
        if constant_of(step) != 1:
            back = self.builder.value(arith.MuliOp(k, step))
        return self.builder.value(arith.SubiOp(last, back), forward.name_hint)


def _split(
    values: Sequence[SSAValue], first: int, second: int
) -> tuple[Sequence[SSAValue], Sequence[SSAValue], Sequence[SSAValue]]:
    return values[:first], values[first : first + second], values[first + second :]
