"""The table of micro-operations that events of the compiled engine refer to.

A row is [kind, result, control, operand, operand, operand, aux, takes an address?],
where control and operands are slots of ready times the row waits for (see
`hwmodel.run_events`).
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.func import FuncOp

from hwmodel import Operation as Kind
from tapeflow.backend.compiled.emit.generated_program import EventTable

NO_SLOT = -1
MOST_SOURCES = 4
"""Slots a row can wait for: control and three operands are treated alike."""

Slots = frozenset[int]
"""A ready time as the latest of several slots; empty means cycle 0."""


@dataclass(frozen=True)
class FunctionSlots:
    """How ready times pass to a function and back."""

    control: int
    parameters: tuple[int, ...]
    results: tuple[int, ...]


@dataclass
class EventTableBuilder:
    """Rows and segments of all functions of a program."""

    rows: list[tuple[int, ...]] = field(default_factory=list)
    segments: list[int] = field(default_factory=lambda: [0])
    slots: int = 0
    longest_event: int = 1
    _functions: dict[FuncOp, FunctionSlots] = field(default_factory=dict)

    def new_slot(self) -> int:
        """A slot not used before."""
        self.slots += 1
        return self.slots - 1

    def new_slots(self, count: int) -> tuple[int, ...]:
        """Several slots not used before."""
        return tuple(self.new_slot() for _ in range(count))

    def function_slots(self, function: FuncOp) -> FunctionSlots:
        """The slots of a function's parameters and results."""
        if function not in self._functions:
            signature = function.function_type
            self._functions[function] = FunctionSlots(
                self.new_slot(),
                self.new_slots(len(signature.inputs)),
                self.new_slots(len(signature.outputs)),
            )
        return self._functions[function]

    def add_segment(self, rows: Sequence[tuple[int, ...]], words: int) -> int:
        """Number of a new segment, whose events have so many words."""
        self.rows += rows
        self.segments.append(len(self.rows))
        self.longest_event = max(self.longest_event, words)
        return len(self.segments) - 2

    def finished(self) -> EventTable:
        """The table as arrays."""
        return EventTable(
            np.array(self.rows, dtype=np.int64).reshape(len(self.rows), 8),
            np.array(self.segments, dtype=np.int64),
            max(1, self.slots),
            self.longest_event,
        )


_MOVE = int(Kind.MOVE)
_SOURCES = slice(2, 2 + MOST_SOURCES)
_SLOTS = slice(1, 2 + MOST_SOURCES)
"""Where a row has its sources, and its result with them."""


def _last(rows: Sequence[tuple[int, ...]], end: int, result: int) -> int | None:
    """The last row before `end` with this result."""
    return next((i for i in reversed(range(end)) if rows[i][1] == result), None)


def _renamed(row: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    slots = (new if slot == old else slot for slot in row[_SLOTS])
    return (row[0], *slots, *row[_SLOTS.stop :])


@dataclass
class Segment:
    """Rows of straight-line code, and the texts of the addresses they take."""

    table: EventTableBuilder
    rows: list[tuple[int, ...]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def row(
        self,
        kind: int,
        result: int,
        sources: Iterable[int],
        address: str | None = None,
        aux: int = 0,
    ) -> None:
        """Append a row that waits for the sources."""
        waits = sorted(set(sources))
        while len(waits) > MOST_SOURCES:
            joined = self.table.new_slot()
            self.row(_MOVE, joined, waits[:MOST_SOURCES])
            waits = [*waits[MOST_SOURCES:], joined]
        padded = [*waits, *[NO_SLOT] * (MOST_SOURCES - len(waits))]
        self.rows.append((kind, result, *padded, aux, int(address is not None)))
        if address is not None:
            self.addresses.append(address)

    def move(self, target: int, sources: Slots) -> None:
        """Give a slot the latest of others."""
        if sources != frozenset({target}):
            self.row(_MOVE, target, sources)

    def parallel_moves(self, moves: Sequence[tuple[int, Slots]]) -> None:
        """Moves that all read the slots as they are before the first of them."""
        late: list[tuple[int, Slots]] = []
        pending = [(t, s) for t, s in moves if s != frozenset({t})]
        targets = {target for target, _ in pending}
        for target, sources in pending:
            if sources & (targets - {target}):
                kept = self.table.new_slot()
                self.move(kept, sources)
                late.append((target, frozenset({kept})))
            else:
                late.append((target, sources))
        for target, sources in late:
            self.move(target, sources)

    def end_region(self, moves: Sequence[tuple[int, Slots]]) -> None:
        """Parallel moves at the end of a region, after which only targets are read."""
        self.parallel_moves(moves)
        targets = dict.fromkeys(target for target, _ in moves)
        for target in targets:
            self._write_directly(target, targets.keys())

    def _write_directly(self, target: int, targets: Set[int]) -> None:
        """Let the row whose result is moved to the target write there itself."""
        move = _last(self.rows, len(self.rows), target)
        if move is None or self.rows[move][0] != _MOVE:
            return
        sources = set(self.rows[move][_SOURCES]) - {NO_SLOT}
        if sources & targets:
            return
        origin = _last(self.rows, move, min(sources)) if len(sources) == 1 else None
        if origin is None:
            return
        between = self.rows[origin + 1 : move]
        if any(target in row[_SLOTS] for row in between):
            return
        source = self.rows[origin][1]
        self.rows[origin:] = [
            _renamed(row, source, target) for row in self.rows[origin:]
        ]
        del self.rows[move]

    def is_after(self, slot: int, control: Slots) -> bool:
        """Whether an operation here that waited for control wrote the slot."""
        origin = _last(self.rows, len(self.rows), slot)
        if origin is None or self.rows[origin][0] == _MOVE:
            return False
        return control <= set(self.rows[origin][_SOURCES])

    def take(self) -> list[str] | None:
        """The words of the segment's event, None if it has no rows; then start anew."""
        if not self.rows:
            return None
        number = self.table.add_segment(self.rows, 1 + len(self.addresses))
        words = [str(number), *self.addresses]
        self.rows, self.addresses = [], []
        return words
