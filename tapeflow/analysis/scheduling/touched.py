"""Which elements the operations of a loop touch, and whether one is touched besides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.dialects import func, memref
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref, reaches_beyond_operands
from tapeflow.analysis.scheduling.locations import (
    MOST_COMPARED,
    Access,
    Location,
    location_of,
)


def writes_by_operation(buffers: Buffers) -> dict[Operation, set[SSAValue]]:
    """The buffers that each operation of a function, or one inside it, may write."""
    found: dict[Operation, set[SSAValue]] = defaultdict(set)
    for buffer, writes in buffers.writes.items():
        for op in (*writes, *buffers.around_writes[buffer]):
            found[op].add(buffer)
    return found


@dataclass
class Elements:
    """Elements of one buffer."""

    some: set[Location] = field(default_factory=set[Location])
    are_any: bool = False
    """Whether it may be any element, because it is not known or there are too many."""

    def add(self, more: Iterable[Location]) -> None:
        """Of few elements each is known."""
        if not self.are_any:
            self.some.update(more)
            self.are_any = len(self.some) > MOST_COMPARED

    def may_hold(self, at: Location, buffers: Buffers) -> bool:
        """Whether one of them may be an element, by whatever name but its own."""
        return self.are_any or any(
            other != at and not at.is_apart(other, buffers) for other in self.some
        )


@dataclass
class Touched:
    """What some operations of a function read and write, by buffer."""

    buffers: Buffers
    writes_of: Mapping[Operation, Iterable[SSAValue]]
    """The buffers that each operation of the function may write."""
    read: dict[SSAValue, Elements] = field(
        default_factory=lambda: defaultdict[SSAValue, Elements](Elements)
    )
    written: dict[SSAValue, Elements] = field(
        default_factory=lambda: defaultdict[SSAValue, Elements](Elements)
    )
    reads_all: bool = False
    """Whether something may be read that no operand names."""

    def like(self) -> "Touched":
        """Nothing, in the same function."""
        return Touched(self.buffers, self.writes_of)

    def add_access(self, op: Access) -> None:
        """A load or store, of the element that its subscripts mean."""
        touched = self.read if isinstance(op, memref.LoadOp) else self.written
        touched[self.buffers.of(op.memref)].add((location_of(op),))

    def add(self, op: Operation) -> None:
        """Any other operation without regions."""
        for buffer in self.writes_of.get(op, ()):
            self.written[buffer].are_any = True
        if isinstance(op, memref.DeallocOp):
            self.written[self.buffers.of(op.memref)].are_any = True
        if isinstance(op, func.ReturnOp) or is_side_effect_free(op):
            return
        self.reads_all |= reaches_beyond_operands(op)
        for value in filter(is_memref, op.operands):
            self.read[self.buffers.of(value)].are_any = True

    def merge(self, other: "Touched") -> None:
        """What others touch, too."""
        self.reads_all |= other.reads_all
        for mine, others in ((self.read, other.read), (self.written, other.written)):
            for buffer, elements in others.items():
                mine[buffer].are_any |= elements.are_any
                mine[buffer].add(elements.some)

    def writes(self, at: Location) -> bool:
        """Whether an element may be written."""
        written = self.written.get(self.buffers.of(at.buffer))
        if written is None:
            return False
        return at in written.some or written.may_hold(at, self.buffers)

    def touches_besides(self, at: Location) -> bool:
        """Whether an element may be touched by another name than this."""
        buffer = self.buffers.of(at.buffer)
        return self.reads_all or any(
            buffer in touched and touched[buffer].may_hold(at, self.buffers)
            for touched in (self.read, self.written)
        )

    def touches(self, at: Location) -> bool:
        """Whether an element may be touched, by this name or another."""
        buffer = self.buffers.of(at.buffer)
        return self.touches_besides(at) or any(
            buffer in touched and at in touched[buffer].some
            for touched in (self.read, self.written)
        )
