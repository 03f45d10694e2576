"""A ring: the slots that one tape region has in the scratchpad."""

from __future__ import annotations

from dataclasses import dataclass

from hwmodel.description.errors import SimulationError
from hwmodel.description.machine import Machine

# Without an address of its own a ring's stack of tiles, which may grow without a bound
# known beforehand, lies in a window of a tebibyte above all buffers; windows begin in
# different DRAM rows.
WINDOW_BYTES = 1 << 40


@dataclass(frozen=True)
class Ring:
    """Slots of `tile_bytes`, `pitch_bytes` apart from `scratchpad_address` on.

    `dram_address` is where tile 0 of the stack in DRAM lies, None to leave it to the
    simulation. Addresses and pitch are multiples of the cache line.
    """

    tile_bytes: int
    slots: int
    pitch_bytes: int
    scratchpad_address: int
    dram_address: int | None = None

    def burst_count(self, burst_bytes: int) -> int:
        """Bursts that move one tile."""
        return -(-self.tile_bytes // burst_bytes)

    def stack_address(self, number: int, machine: Machine) -> int:
        """The DRAM address of tile 0 for the ring called `number`."""
        if self.dram_address is not None:
            return self.dram_address
        return (number + 1) * WINDOW_BYTES + number * machine.dram.row_bytes

    def check(self, number: int, machine: Machine) -> None:
        """Raise SimulationError unless the ring fits `machine`."""
        line = machine.cache.line_bytes
        capacity = machine.scratchpad.capacity_bytes
        name = f"ring {number}"
        if self.tile_bytes < 1 or self.slots < 1:
            raise SimulationError(
                f"{name} has {self.slots} slots of {self.tile_bytes} bytes; "
                "both must be at least 1"
            )
        moved = self.burst_count(machine.dma.burst_bytes) * machine.dma.burst_bytes
        if self.pitch_bytes < moved:
            raise SimulationError(
                f"{name} has slots {self.pitch_bytes} bytes apart, but a tile of "
                f"{self.tile_bytes} bytes moves {moved} bytes"
            )
        starts = (self.scratchpad_address, self.pitch_bytes, self.dram_address or 0)
        if any(start < 0 or start % line for start in starts):
            raise SimulationError(
                f"{name} has addresses and pitch {starts}, "
                f"which must be multiples of {line} bytes"
            )
        end = self.scratchpad_address + self.slots * self.pitch_bytes
        if end > capacity:
            raise SimulationError(
                f"{name} ends at scratchpad byte {end}, beyond {capacity} bytes"
            )
