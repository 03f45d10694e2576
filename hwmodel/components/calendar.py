"""Calendars: how many users a resource has in each cycle, over a ring of cycles.

Operations reserve resources in program order but at the cycle they need, so an old
operation that starts late never holds back a young one that is ready. An entry packs
`cycle << 8 | users`; an entry whose cycle is older than the one asked for is stale and
counts as empty. Full cycles link to a later candidate and searches compress the paths,
as in the union-find solution of unit-time scheduling (Gabow and Tarjan, 1985).

Starts never lie before the cycle at which the window opens for the youngest operation,
which only grows; the ring must span from there to the latest reservation. A reservation
that finds its entry taken by a later cycle is lost and counted.

Approximation: where two users want one cycle, the earlier in program order has it, even
if the other one was ready before: oldest first, as schedulers do, but with foresight.
Greedy schedules have anomalies (Graham, 1969): a shorter latency or one more unit can
make a run a few per cent longer.
"""

from __future__ import annotations

from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import Array

MOST_USERS = 255


@inner_kernel
def find_free(
    calendar: Array, links: Array, row: int, capacity: int, cycle: int
) -> int:
    """The first cycle from `cycle` on with fewer than `capacity` users."""
    if capacity == 0:
        return cycle
    mask = calendar.shape[1] - 1
    free = cycle
    while calendar[row, at(free & mask)] == (free << 8) | capacity:
        free = links[row, at(free & mask)]
    while cycle < free:
        after = links[row, at(cycle & mask)]
        links[row, at(cycle & mask)] = free
        cycle = after
    return free


@inner_kernel
def find_free_interval(
    calendar: Array, links: Array, row: int, capacity: int, cycle: int, length: int
) -> int:
    """The first cycle from `cycle` on that begins `length` cycles with a free slot."""
    start = find_free(calendar, links, row, capacity, cycle)
    if capacity == 0:
        return start
    mask = calendar.shape[1] - 1
    following = start + 1
    while following < start + length:
        if calendar[row, at(following & mask)] == (following << 8) | capacity:
            start = find_free(calendar, links, row, capacity, following)
            following = start
        following += 1
    return start


@inner_kernel
def count_unused(calendar: Array, row: int, cycle: int, length: int) -> int:
    """How many of `length` cycles from `cycle` on have no user yet."""
    mask = calendar.shape[1] - 1
    unused = 0
    for asked in range(cycle, cycle + length):
        unused += int(calendar[row, at(asked & mask)] <= asked << 8)
    return unused


@inner_kernel
def reserve(
    calendar: Array, links: Array, row: int, capacity: int, cycle: int, length: int
) -> int:
    """Take one slot in each of `length` cycles; the number of lost reservations."""
    if capacity == 0:
        return 0
    mask = calendar.shape[1] - 1
    lost = 0
    for taken in range(cycle, cycle + length):
        entry = calendar[row, at(taken & mask)]
        if entry >> 8 > taken:
            lost += 1
            continue
        if entry >> 8 < taken:
            entry = taken << 8
        if entry & MOST_USERS < capacity:
            calendar[row, at(taken & mask)] = entry + 1
            if (entry + 1) & MOST_USERS == capacity:
                links[row, at(taken & mask)] = taken + 1
    return lost
