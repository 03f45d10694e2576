"""What is on the tape of a gradient at the level of the abstract tape, and why."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import FloatAttr, MemRefType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike

from tapeflow.analysis.algebra import Expression
from tapeflow.analysis.buffers import ancestors
from tapeflow.analysis.growth import Growth, growths
from tapeflow.analysis.invariant_loops import InvariantLoops
from tapeflow.analysis.iteration_count import Level
from tapeflow.analysis.run_counts import RunCounts
from tapeflow.analysis.size_formula import SizeFormula, Term, product_term
from tapeflow.analysis.source_lines import definition_line, line_of
from tapeflow.analysis.stack_groups import StackUses, group_stacks
from tapeflow.dialects.ad import FUSED
from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape import PopOp, PushOp, StackOp

REASON = "tape.reason"
"""Attribute of a stack: a clause that says why its value cannot be recomputed."""
ALTERNATIVE = "tape.alternative"
"""Attribute of a stack: the cheapest way to do without it."""
ALTERNATIVE_PRICE = "tape.alternative_price"
"""Attribute of a stack: what that costs, in operations an entry."""


@dataclass(frozen=True)
class SavedValue:
    """One stack of the tape. Formulas are in bytes."""

    number: int
    """Of its stack, in the order of a walk over the function."""
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
        return _sum(value.peak for value in self.values)

    @property
    def pushed(self) -> SizeFormula:
        """All bytes that are ever written."""
        return _sum(value.pushed for value in self.values)

    @property
    def growths(self) -> list[Growth]:
        """How the tape grows where it outgrows the data or the work."""
        return [
            growth
            for growth in growths(self.peak, self.data, self.work)
            if growth.is_suspicious
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
    return TapeBill(
        tuple(
            _saved_value(member, numbers[member.stack], counts, invariant)
            for member in members
        ),
        _data(primal),
        _work(primal),
    )


def _sum(formulas: Iterable[SizeFormula]) -> SizeFormula:
    return reduce(add, formulas, SizeFormula())


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
        peak=_sum(counts.runs(push, size, once) for push in uses.pushes),
        pushed=_sum(counts.runs(push, size) for push in uses.pushes),
        repeated_in=_lines(
            line_of(loop.location)
            for push in uses.pushes
            for loop in invariant.around(push.values[0], push)
        ),
        reason=_text(stack, REASON),
        alternative=_text(stack, ALTERNATIVE),
        alternative_price=_number(stack, ALTERNATIVE_PRICE),
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
    """Lines of the operations that use what a pop gives, else of the pop."""
    users = [use.operation for use in pop.values[0].uses]
    lines = [line_of(user.location) for user in users]
    yield from lines if any(lines) else [line_of(pop.location)]


def _lines(lines: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({line for line in lines if line is not None}))


def _text(op: Operation, name: str) -> str | None:
    attribute: Attribute | None = op.attributes.get(name)
    return attribute.data if isinstance(attribute, StringAttr) else None


def _number(op: Operation, name: str) -> float | None:
    attribute: Attribute | None = op.attributes.get(name)
    return attribute.value.data if isinstance(attribute, FloatAttr) else None


def _data(primal: FuncOp) -> SizeFormula:
    counts = RunCounts.of(primal)
    arguments = primal.body.block.args
    buffers: list[SSAValue] = [b for b in arguments if isinstance(b.type, MemRefType)]
    for op in primal.walk():
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            buffers.append(op.memref)
    return SizeFormula(tuple(_buffer_term(buffer, counts) for buffer in buffers))


def _buffer_term(buffer: SSAValue, counts: RunCounts) -> Term:
    type_ = cast(MemRefType[Attribute], buffer.type)
    size = field_bytes(type_.element_type)
    extents: list[Expression] = []
    for axis in range(type_.get_num_dims()):
        extent = counts.expressions.extent(buffer, axis)
        if extent is None or _changes(extent):
            line = definition_line(buffer)
            return Term(size, (Level(f"elements(line {line})", None),))
        extents.append(extent)
    return product_term(size, tuple(extents))


def _changes(extent: Expression) -> bool:
    """Whether an extent depends on the iteration of a loop."""
    return any(symbol.is_Dummy for symbol in extent.free_symbols)


def _work(primal: FuncOp) -> SizeFormula:
    """One for each run of an operation; a loop is one more in each iteration."""
    counts = RunCounts.of(primal)
    by_block: dict[Block | None, list[Operation]] = {}
    for op in primal.walk():
        if op is not primal and not op.has_trait(ConstantLike):
            by_block.setdefault(op.parent, []).append(op)
    return _sum(counts.runs(ops[0], len(ops)) for ops in by_block.values())
