"""Placement of buffers in DRAM: one line-aligned bump allocator.

A freed block is given out again only for a request of the same rounded size, last
freed first; otherwise the next free line is taken. All arms of a comparison place
their buffers this way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwmodel.errors import SimulationError


@dataclass(frozen=True)
class Buffer:
    """Where a buffer lies; `size_bytes` as asked for, addresses in bytes."""

    name: str
    address: int
    size_bytes: int
    is_live: bool


class Placement:
    """A growing address space from byte 0, in lines of `line_bytes`."""

    def __init__(self, line_bytes: int = 64) -> None:
        self.line_bytes = line_bytes
        self._end = 0
        self._buffers: list[Buffer] = []
        self._live: dict[int, int] = {}
        self._freed: dict[int, list[int]] = {}

    def allocate(self, name: str, size_bytes: int) -> int:
        """The address of a new buffer; even an empty one has a line of its own."""
        rounded = self._rounded(size_bytes)
        freed = self._freed.get(rounded)
        if freed:
            address = freed.pop()
        else:
            address = self._end
            self._end += rounded
        self._live[address] = len(self._buffers)
        self._buffers.append(Buffer(name, address, size_bytes, is_live=True))
        return address

    def free(self, address: int) -> None:
        """Give the buffer at `address` back; SimulationError if none is live there."""
        index = self._live.pop(address, None)
        if index is None:
            raise SimulationError(f"no live buffer begins at byte {address}")
        buffer = replace(self._buffers[index], is_live=False)
        self._buffers[index] = buffer
        self._freed.setdefault(self._rounded(buffer.size_bytes), []).append(address)

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """All buffers so far, in order of allocation."""
        return tuple(self._buffers)

    @property
    def end_bytes(self) -> int:
        """The first byte never given out."""
        return self._end

    def describe(self) -> str:
        """One line per buffer: address, size, name, and whether it was freed."""
        return "\n".join(
            f"{buffer.address:#012x} {buffer.size_bytes:>12} bytes  {buffer.name}"
            + ("" if buffer.is_live else "  (freed)")
            for buffer in self._buffers
        )

    def _rounded(self, size_bytes: int) -> int:
        if size_bytes < 0:
            raise SimulationError(f"a buffer cannot have {size_bytes} bytes")
        return max(1, -(-size_bytes // self.line_bytes)) * self.line_bytes
