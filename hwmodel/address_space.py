"""Addresses of buffers in DRAM: one line-aligned bump allocator.

A freed block is given out again only for a request of the same rounded size and skew,
last freed first; otherwise the next free line is taken. Buffers of all arms of a
comparison get their addresses this way.

Buffers of equal size may fall into the same sets of a cache all along. A request with
a skew of k lines begins k lines after a multiple of a page, so that buffers with
different skews begin in different sets of any cache whose ways have a page or more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwmodel.description.errors import SimulationError


@dataclass(frozen=True)
class Buffer:
    """Where a buffer lies; `size_bytes` as asked for, addresses in bytes."""

    name: str
    address: int
    size_bytes: int
    is_live: bool


PAGE_BYTES = 4096
"""What a skew counts from: a way of a 16 KB cache of four ways."""


class AddressSpace:
    """A growing address space from byte 0, in lines of `line_bytes`."""

    def __init__(self, line_bytes: int = 64) -> None:
        self.line_bytes = line_bytes
        self._end = 0
        self._buffers: list[Buffer] = []
        self._live: dict[int, int] = {}
        self._skews: dict[int, int | None] = {}
        self._freed: dict[tuple[int, int | None], list[int]] = {}

    def allocate(
        self, name: str, size_bytes: int, skew_lines: int | None = None
    ) -> int:
        """The address of a new buffer; even an empty one has a line of its own.

        With a skew it is that many lines (modulo a page) after a multiple of a page.
        """
        rounded = self._rounded(size_bytes)
        freed = self._freed.get((rounded, skew_lines))
        if freed:
            address = freed.pop()
        else:
            gap = 0
            if skew_lines is not None:
                gap = (skew_lines * self.line_bytes - self._end) % PAGE_BYTES
            address = self._end + gap
            self._end = address + rounded
        self._skews[address] = skew_lines
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
        key = (self._rounded(buffer.size_bytes), self._skews[address])
        self._freed.setdefault(key, []).append(address)

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
