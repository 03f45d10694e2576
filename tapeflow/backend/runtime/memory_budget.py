"""How much memory a run may ask for, so that it is refused and not killed.

Linux grants memory that it does not have and kills a process when it is used, so what
a program asks for is held against what the machine has left: the memory that its kernel
says is available, what the control group of the process may still take, and the limit
of its address space, whichever is least. An eighth of it is left to others.
"""

import resource
from collections.abc import Iterator
from pathlib import Path

from tapeflow.backend.runtime.execution_error import ExecutionError

TAPE = "this tape"
"""What messages call memory that holds saved values."""
_GREATEST = (1 << 63) - 1
"""Sizes that the program computes stop here."""
_FIRST_SHARE = 1 << 26
"""Bytes that are granted without looking; each look costs as much as 100 operations."""


def available_bytes() -> int:
    """Bytes that this process can still use; a great number where nothing is known."""
    return min(_limits(), default=_GREATEST)


def _limits() -> Iterator[int]:
    pages = Path("/proc/meminfo")
    if pages.exists():
        words = (line.split() for line in pages.read_text().splitlines())
        yield from (int(w[1]) * 1024 for w in words if w[0] == "MemAvailable:")
    yield from _left_to_control_group()
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    statistics = Path("/proc/self/statm")
    if limit != resource.RLIM_INFINITY and statistics.exists():
        used = int(statistics.read_text().split()[0]) * resource.getpagesize()
        yield max(0, limit - used)


def _left_to_control_group() -> Iterator[int]:
    """By the files of both versions of control groups, inside a container."""
    folder = Path("/sys/fs/cgroup")
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most, now = ((folder / name).read_text().strip() for name in (limit, used))
        except OSError:
            continue
        if most.isdigit() and now.isdigit():
            yield max(0, int(most) - int(now))


class MemoryBudget:
    """What one run has been granted, and what it may be without another look."""

    def __init__(self) -> None:
        self._left = _FIRST_SHARE

    def take(self, size_bytes: int, what: str) -> None:
        """Grant memory.

        Args:
            size_bytes: how much; a multiple of 2**63 - 1 stands for that and more.
            what: "buffer 'x'", or what else needs it.

        Raises:
            ExecutionError: there is not so much.
        """
        if size_bytes > self._left:
            self._look_again(size_bytes, what)
        self._left -= size_bytes

    def give_back(self, size_bytes: int) -> None:
        """What was granted is free again."""
        self._left += size_bytes

    def expect_tape(self, records: int, record_bytes: int) -> None:
        """Refuse a tape for which there will be no room, before it is filled.

        Raises:
            ExecutionError: there is not so much memory.
        """
        size_bytes = records * record_bytes
        if size_bytes > self._left:
            self._look_again(size_bytes, f"{TAPE} of {records} records")

    def _look_again(self, size_bytes: int, what: str) -> None:
        available = available_bytes()
        granted = available - available // 8
        if size_bytes > granted:
            least = "at least " if size_bytes % _GREATEST == 0 else ""
            raise ExecutionError(
                f"{what} needs {least}{size_bytes} bytes of memory, of which {granted} "
                "can be had on this machine; use smaller sizes"
            )
        self._left = max(size_bytes, granted // 4)
