"""What is on the tape of a gradient at the level of the abstract tape, and why."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import FloatAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, OpResult, SSAValue

from tapeflow.analysis.ir.source_lines import definition_line, line_of
from tapeflow.analysis.memory.aliasing import ancestors
from tapeflow.analysis.memory.loop_invariance import InvariantLoops
from tapeflow.analysis.tape.stack_groups import StackUses, group_stacks
from tapeflow.analysis.tape_size.asymptotics import Asymptotics, asymptotics_of
from tapeflow.analysis.tape_size.formula import SizeFormula, sum_of
from tapeflow.analysis.tape_size.program_size import data_of, work_of
from tapeflow.analysis.tape_size.run_counts import RunCounts
from tapeflow.dialects.ad import FUSED
from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape import PopOp, PushOp, StackOp
from tapeflow.dialects.tape_attributes import TAPE_COPY

REASON = "tape.reason"
"""Attribute of a stack: a clause that says why its value cannot be recomputed."""
ALTERNATIVE = "tape.alternative"
"""Attribute of a stack: the cheapest way to do without it."""
ALTERNATIVE_PRICE = "tape.alternative_price"
"""Attribute of a stack: what that costs, in operations an entry."""


@dataclass(frozen=True)
class SavedValue:
    """One stack of the tape, or a buffer copied for the reverse sweep; in bytes."""

    number: int | None
    """Of its stack, in the order of a walk over the function; None of a copy."""
    name: str
    type: str
    entry_bytes: int
    definition: str
    """The operation that computes the value, or the loop that carries it."""
    line: int | None
    written: tuple[int, ...]
    """Source lines of the pushes."""
    read: tuple[int, ...]
    """Source lines of the operations whose derivatives read the value."""
    peak: SizeFormula
    """The most that is on the stack at a time."""
    pushed: SizeFormula
    """All that is ever pushed."""
    repeated_in: tuple[int, ...]
    """Lines of the loops around the pushes in which the value does not change."""
    reason: str | None
    alternative: str | None
    alternative_price: float | None


@dataclass(frozen=True)
class TapeBill:
    """The whole tape of one gradient, in the order of the first pushes."""

    values: tuple[SavedValue, ...]
    data: SizeFormula
    """Bytes of the program's own buffers: arguments, and each allocation once."""
    work: SizeFormula
    """Operations of the function, constants apart."""

    @property
    def peak(self) -> SizeFormula:
        """The most that each stack holds, summed up: the memory that a tape needs."""
        return sum_of(value.peak for value in self.values)

    @property
    def pushed(self) -> SizeFormula:
        """All bytes that are ever written."""
        return sum_of(value.pushed for value in self.values)

    @property
    def asymptotics(self) -> list[Asymptotics]:
        """How the tape grows where it outgrows the data or the work."""
        return [
            terms
            for terms in asymptotics_of(self.peak, self.data, self.work)
            if terms.is_suspicious
        ]


def bill_of(gradient: FuncOp, primal: FuncOp) -> TapeBill:
    """The bill of a gradient function whose tape still consists of stacks.

    Args:
        primal: the function that was differentiated, without calls.
    """
    counts, invariant = RunCounts.of(gradient), InvariantLoops(gradient)
    groups = group_stacks(gradient)
    members = [member for group in groups for member in group.members if member.pushes]
    order = {op: number for number, op in enumerate(gradient.walk())}
    members.sort(key=lambda member: order[member.pushes[0]])
    stacks = (op for op in order if isinstance(op, StackOp))
    numbers = {stack: number for number, stack in enumerate(stacks)}
    values = [
        _saved_value(member, numbers[member.stack], counts, invariant)
        for member in members
    ]
    return TapeBill(
        (*values, *_copies(gradient, counts)),
        data_of(primal),
        work_of(primal),
    )


def _saved_value(
    uses: StackUses, number: int, counts: RunCounts, invariant: InvariantLoops
) -> SavedValue:
    stack = uses.stack
    element = stack.tape.type.element
    size = field_bytes(element)
    once = _emptied_loops(uses)
    value = uses.pushes[0].values[0]
    return SavedValue(
        number=number,
        name=_name_of(stack, value),
        type=str(element),
        entry_bytes=size,
        definition=_definition(value),
        line=definition_line(value),
        written=_lines(_written_line(push) for push in uses.pushes),
        read=_lines(line for pop in uses.pops for line in _reading_lines(pop)),
        peak=sum_of(counts.runs(push, size, once) for push in uses.pushes),
        pushed=sum_of(counts.runs(push, size) for push in uses.pushes),
        repeated_in=_lines(
            line_of(loop.location)
            for push in uses.pushes
            for loop in invariant.around(push.values[0], push)
        ),
        reason=_text(stack, REASON),
        alternative=_text(stack, ALTERNATIVE),
        alternative_price=_number(stack, ALTERNATIVE_PRICE),
    )


def _copies(gradient: FuncOp, counts: RunCounts) -> Iterator[SavedValue]:
    """The buffers into which the gradient copies others, to undo writes there."""
    stores = [op for op in gradient.walk() if isinstance(op, memref.StoreOp)]
    copying = [store for store in stores if TAPE_COPY in store.attributes]
    for buffer in dict.fromkeys(store.memref for store in copying):
        own = [store for store in copying if store.memref is buffer]
        size = field_bytes(own[0].value.type)
        users = [use.operation for use in buffer.uses if use.operation not in own]
        copied = own[0].value.owner
        source = copied.memref if isinstance(copied, memref.LoadOp) else None
        name = None if source is None else source.name_hint
        bytes_ = sum_of(counts.runs(store, size) for store in own)
        yield SavedValue(
            number=None,
            name=buffer.name_hint or "(unnamed)",
            type=str(buffer.type),
            entry_bytes=size,
            definition=f"copy of {name or 'a buffer'}",
            line=line_of(own[0].location),
            written=_lines(line_of(store.location) for store in own),
            read=_lines(line_of(user.location) for user in users),
            peak=bytes_,
            pushed=bytes_,
            repeated_in=(),
            reason="the caller keeps the contents; writes are undone in the copy",
            alternative=None,
            alternative_price=None,
        )


def _emptied_loops(uses: StackUses) -> Collection[Operation]:
    """The loops at the end of whose iterations the stack is empty.

    Those around the stack itself, and fused ones around all that use it.
    """
    around_stack = set(ancestors(uses.stack))
    shared = set[Operation].intersection(*(set(ancestors(op)) for op in uses.uses))
    return {op for op in shared if op in around_stack or FUSED in op.attributes}


def _name_of(stack: StackOp, value: SSAValue) -> str:
    hint = value.name_hint or (stack.tape.name_hint or "").removeprefix("tape_")
    return hint or "(unnamed)"


def _definition(value: SSAValue) -> str:
    if isinstance(value, OpResult):
        return value.op.name
    parent = value.owner.parent_op()
    return "argument" if parent is None else f"carried by {parent.name}"


def _written_line(push: PushOp) -> int | None:
    """The line of a push; of what a loop carries, the line of the loop."""
    value = push.values[0]
    line = definition_line(value)
    return line_of(push.location) if isinstance(value, OpResult) else line


def _reading_lines(pop: PopOp) -> Iterator[int | None]:
    """Lines of the operations that use what a pop gives, else of the pop.

    What stands at the place of the pop only unpacks the value: its users count.
    """
    lines: list[int | None] = []
    work: list[SSAValue] = [*pop.values]
    while work:
        for use in work.pop().uses:
            user = use.operation
            is_unpacking = user.location == pop.location and not user.regions
            if is_unpacking and len(user.results) == 1:
                work.append(user.results[0])
            else:
                lines.append(line_of(user.location))
    yield from lines if any(lines) else [line_of(pop.location)]


def _lines(lines: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({line for line in lines if line is not None}))


def _text(op: Operation, name: str) -> str | None:
    attribute: Attribute | None = op.attributes.get(name)
    return attribute.data if isinstance(attribute, StringAttr) else None


def _number(op: Operation, name: str) -> float | None:
    attribute: Attribute | None = op.attributes.get(name)
    return attribute.value.data if isinstance(attribute, FloatAttr) else None
