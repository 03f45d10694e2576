"""Misses of a trace under LRU and under optimal replacement, apart from all timing.

Optimal replacement evicts the line whose next use is farthest (Belady, "A study of
replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966;
optimal by Mattson et al., 1970). It needs the future: one pass backwards over the trace
notes for each access when its line is used next, in a file beside the trace.

Optimal are the misses, that is the line fills. Write-backs are those of the same
schedule, where a clean line goes first among lines that are never used again; another
schedule may write back less. Lines that are dirty at the end count as written back.
Both caches allocate on stores, bypass nothing and prefetch nothing.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwmodel.description.errors import SimulationError
from hwmodel.description.machine import Cache
from hwmodel.engine.kernel import at, inner_kernel, kernel, machine_code
from hwmodel.results.access_trace import Trace

_NEVER = np.uint32(2**32 - 1)

NextUse = NDArray[np.uint32]


@dataclass(frozen=True)
class Replay:
    """What a cache does with a trace."""

    accesses: int
    misses: int
    write_backs: int


def replay_lru(trace: Trace, cache: Cache) -> Replay:
    """The least recently used line of a set goes first."""
    _check(trace, cache)
    misses, write_backs = _replay(trace, trace, False, cache.sets, cache.ways)
    return Replay(len(trace), int(misses), int(write_backs))


def replay_optimal(trace: Trace, cache: Cache) -> Replay:
    """The fewest misses possible in a cache of these sets and ways.

    Takes 4 bytes of disk per access beside the trace.
    """
    _check(trace, cache)
    if len(trace) == 0:
        return Replay(0, 0, 0)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "next-use"
        shape = (len(trace),)
        next_use = np.memmap(path, dtype=np.uint32, mode="w+", shape=shape)
        latest = np.full(int(trace.max() >> 1) + 1, _NEVER, dtype=np.uint32)
        machine_code(find_next_uses)(trace, latest, next_use)
        misses, write_backs = _replay(trace, next_use, True, cache.sets, cache.ways)
        del next_use
    return Replay(len(trace), int(misses), int(write_backs))


def _check(trace: Trace, cache: Cache) -> None:
    if not cache.capacity_bytes:
        raise SimulationError("there is no cache to replay a trace with")
    if len(trace) >= _NEVER:
        raise SimulationError(
            f"the trace has {len(trace)} accesses, of which at most {_NEVER - 1} can "
            "be replayed: take a smaller size"
        )


def _replay(
    trace: Trace, next_use: NextUse, is_optimal: bool, sets: int, ways: int
) -> tuple[int, int]:
    lines = np.zeros((sets * ways, 3), dtype=np.int64)
    lines[:, 0] = -1
    return machine_code(replay)(trace, next_use, is_optimal, lines, ways)


@kernel
def find_next_uses(trace: Trace, latest: NextUse, next_use: NextUse) -> None:
    """For each access the number of the next one to its line.

    `latest` has an entry for each line, all of them "never".
    """
    for i in range(len(trace) - 1, -1, -1):
        line = trace[at(i)] >> 1
        next_use[at(i)] = latest[at(line)]
        latest[at(line)] = i


@inner_kernel
def _goes_before(lines: NDArray[np.int64], way: int, other: int) -> bool:
    """Whether the line in `way` is evicted rather than that in `other`."""
    if lines[at(way), 1] != lines[at(other), 1]:
        return bool(lines[at(way), 1] > lines[at(other), 1])
    return bool(lines[at(way), 2] < lines[at(other), 2])


@kernel
def replay(
    trace: Trace,
    next_use: NextUse,
    is_optimal: bool,
    lines: NDArray[np.int64],
    ways: int,
) -> tuple[int, int]:
    """Misses and write-backs; columns of `lines`: tag or -1, urgency, dirty.

    The line of the largest urgency is evicted: when it is used next, or under LRU how
    long ago it was used.
    """
    sets = lines.shape[0] // ways
    misses = 0
    write_backs = 0
    for i in range(len(trace)):
        entry = int(trace[at(i)])
        line = entry >> 1
        first = (line % sets) * ways
        found = -1
        victim = first
        for way in range(first, first + ways):
            if lines[at(way), 0] == line:
                found = way
                break
            if lines[at(victim), 0] >= 0 and (
                lines[at(way), 0] < 0 or _goes_before(lines, way, victim)
            ):
                victim = way
        if found < 0:
            misses += 1
            found = victim
            write_backs += lines[at(found), 2]
            lines[at(found), 0] = line
            lines[at(found), 2] = 0
        lines[at(found), 1] = int(next_use[at(i)]) if is_optimal else -i
        lines[at(found), 2] |= entry & 1
    for way in range(lines.shape[0]):
        write_backs += lines[at(way), 2]
    return misses, write_backs
