"""The run-time ring: slots of tiles in the scratchpad, a stack of tiles in DRAM.

Tile t lives in slot t mod S; `head` is the number of the current tile, the only one
that records are written to and read from. Each stored field is tagged with its tile,
so that reading what was never written, was overwritten or belongs to another tile is an
error. A transfer is carried out when it is ordered, but until the program waits
for it, what it brings may not be read and what it touches may not be overwritten.
"""

from tapeflow.backend.reference.record_memory import RecordFormat
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import TAPE, MemoryBudget
from tapeflow.dialects.spm import RingType

_NEVER_WRITTEN = -1
_TAG_BYTES = 8
"""What the tag of a byte takes."""


class Ring:
    """One executed `spm.allocate`."""

    def __init__(
        self,
        ring_type: RingType,
        number: int,
        budget: MemoryBudget,
        capacity: int | None,
    ):
        """With a capacity in records, None for a stack in DRAM that grows.

        Raises:
            ExecutionError: the machine has no room for the stack.
        """
        self.number = number
        self.record = RecordFormat.of(ring_type.fields, ring_type.record_layout)
        self._slots = ring_type.slots.data
        self._base = ring_type.base.data
        self._pitch = ring_type.pitch_bytes
        self._tile_bytes = ring_type.tile_bytes
        self._max_tiles = (
            None if capacity is None else -(-capacity // ring_type.tile.data)
        )
        self._budget = budget
        if capacity is not None:
            budget.expect_tape(capacity, self.record.layout.stride_bytes)
        self._head = 0
        self._bytes = bytearray(b"\xff" * ring_type.capacity_bytes)
        self._tags = [_NEVER_WRITTEN] * ring_type.capacity_bytes
        self._leaving = [False] * self._slots
        self._arriving = [False] * self._slots
        self._stack: list[tuple[bytes, list[int]]] = []

    def place(self, address: int, field: int) -> int:
        """Offset in the ring of a field of the record at a scratchpad byte address.

        Raises:
            ExecutionError: no record of the current tile begins there.
        """
        start = self._start(self._current)
        inside, stride = address - start, self.record.layout.stride_bytes
        if not 0 <= inside < self._tile_bytes or inside % stride:
            raise ExecutionError(
                f"no record of tile {self._head} begins at scratchpad byte {address}: "
                f"the tile is at {start} to {start + self._tile_bytes - 1} (slot "
                f"{self._current}) in records of {stride} bytes"
            )
        return address - self._base + self.record.layout.offsets_bytes[field]

    def scratchpad_address(self, place: int) -> int:
        """Scratchpad byte address of an offset that `place` gave."""
        return self._base + place

    def store(self, place: int, field: int, value: float) -> None:
        """Raises ExecutionError if a transfer may still touch the slot."""
        if self._leaving[self._current] or self._arriving[self._current]:
            raise ExecutionError(
                f"store to slot {self._current} (scratchpad byte {self._base + place}) "
                "while a transfer touches it; acquire it first"
            )
        self._tags[place] = self._head
        self.record.codecs[field].pack_into(self._bytes, place, value)

    def load(self, place: int, field: int) -> float:
        """Raises ExecutionError for a field in flight or not written in this tile."""
        where = f"scratchpad byte {self._base + place}, field {field}"
        if self._arriving[self._current]:
            raise ExecutionError(
                f"load of {where}: tile {self._head} is in flight; dequeue it first"
            )
        if self._tags[place] != self._head:
            held = self._tags[place]
            what = "nothing" if held == _NEVER_WRITTEN else f"a value of tile {held}"
            raise ExecutionError(
                f"load of {where}: it holds {what}, not of tile {self._head}"
            )
        return self.record.codecs[field].unpack_from(self._bytes, place)[0]

    def enqueue(self, start: int) -> None:
        """The current tile leaves for DRAM; the next slot begins the next tile."""
        slot = self._slot_of_head(start, "enqueue")
        self._write_back(slot)
        self._leaving[slot] = True
        self._head += 1
        self._forget(self._current)

    def acquire(self, start: int) -> int:
        """Wait until no transfer touches the current slot."""
        slot = self._slot_of_head(start, "acquire")
        self._leaving[slot] = self._arriving[slot] = False
        return start

    def prefetch(self, start: int) -> None:
        """The current tile is used up; the one S below comes to its slot."""
        slot = self._slot_of_head(start, "prefetch")
        if self._head == 0:
            raise ExecutionError(
                f"ring {self.number} underflows: there is no tile below tile 0"
            )
        self._forget(slot)
        if self._head >= self._slots:
            part = self._extent(slot)
            self._bytes[part], self._tags[part] = self._stack[self._head - self._slots]
            self._arriving[slot] = True
        self._head -= 1

    def dequeue(self, start: int) -> int:
        """Wait until the current tile is here, and no copy of it is still leaving."""
        slot = self._slot_of_head(start, "dequeue")
        self._leaving[slot] = self._arriving[slot] = False
        return start

    def reload(self, end: int) -> None:
        """The current tile up to `end` leaves for DRAM; all on chip come again."""
        slot = self._current
        size = end - self._start(slot)
        if not 0 <= size <= self._tile_bytes:
            raise ExecutionError(
                f"reload at scratchpad byte {end}: tile {self._head} of ring "
                f"{self.number} is in slot {slot}, at byte {self._start(slot)}"
            )
        if size:
            self._write_back(slot)
        for tile in range(max(0, self._head - self._slots + 1), self._head + 1):
            if tile < self._head or size:
                slot = tile % self._slots
                part = self._extent(slot)
                self._bytes[part], self._tags[part] = self._stack[tile]
                self._arriving[slot] = True

    def drain(self, start: int) -> None:
        """Enqueue and wait."""
        self.enqueue(start)
        self.acquire(self._start(self._current))

    def fill(self, start: int) -> None:
        """Prefetch and wait."""
        self.prefetch(start)
        self.dequeue(self._start(self._current))

    def advance(self, address: int, limit: int) -> tuple[int, int, int]:
        """The cursor after a forward layer boundary, and the room of its tile."""
        if address == limit:
            self.drain(limit - self._tile_bytes)
            address = self._start(self._current)
            limit = address + self._tile_bytes
        return address, limit, (limit - address) // self.record.layout.stride_bytes

    def retreat(self, address: int, limit: int) -> tuple[int, int, int]:
        """The cursor after a reverse layer boundary, and what is ready in its tile."""
        start = limit - self._tile_bytes
        if address == start:
            self.fill(address)
            start = self._start(self._current)
            address = limit = start + self._tile_bytes
        return address, limit, (address - start) // self.record.layout.stride_bytes

    def _write_back(self, slot: int) -> None:
        """Copy the current tile to the top of the stack in DRAM."""
        if self._max_tiles is not None and self._head >= self._max_tiles:
            raise ExecutionError(
                f"ring {self.number} overflows: tile {self._head} leaves for a stack "
                f"in DRAM of {self._max_tiles} tiles"
            )
        if len(self._stack) == self._head:
            self._budget.take((1 + _TAG_BYTES) * self._pitch, TAPE)
        del self._stack[self._head :]
        part = self._extent(slot)
        self._stack.append((bytes(self._bytes[part]), self._tags[part]))

    @property
    def _current(self) -> int:
        return self._head % self._slots

    def _start(self, slot: int) -> int:
        return self._base + slot * self._pitch

    def _extent(self, slot: int) -> slice:
        return slice(slot * self._pitch, (slot + 1) * self._pitch)

    def _forget(self, slot: int) -> None:
        self._tags[self._extent(slot)] = [_NEVER_WRITTEN] * self._pitch

    def _slot_of_head(self, start: int, verb: str) -> int:
        expected = self._start(self._current)
        if start != expected:
            raise ExecutionError(
                f"{verb} at scratchpad byte {start}: tile {self._head} of ring "
                f"{self.number} is in slot {self._current}, at byte {expected}"
            )
        return self._current
