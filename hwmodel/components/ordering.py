"""Same-address ordering of loads and stores through the cache.

A load waits for the last store to its address, a store for the last store and loads.
Operations retire in order, so only accesses not yet retired can make anyone wait: at
most `window` entries are alive at a time. An open-addressed table four times as large
holds them; entries that are done before the window opens are stale and reused. Since
reuse breaks chains, a search goes on to the longest distance ever used (`REACH`).

Approximations: addresses are compared as if all of them were known when an access
enters the window (perfect disambiguation: an access never waits for an older one whose
address turns out to be another). Accesses that overlap in part but begin at different
addresses are not ordered; a program of typed arrays has none.
"""

from __future__ import annotations

from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import LOADED, REACH, STORED, Array

# 2^32 divided by the golden ratio (Knuth, volume 3, section 6.4), halved to stay odd
# and below 2^31: the product with a 32-bit address fits a signed 64-bit integer.
MULTIPLIER = 1640531527


@inner_kernel
def locate(
    keys: Array,
    key_times: Array,
    registers: Array,
    hash_shift: int,
    opens: int,
    address: int,
) -> int:
    """The entry of `address`, taken over if new; nothing before `opens` counts."""
    mask = keys.shape[0] - 1
    home = (((address & 0xFFFFFFFF) * MULTIPLIER) & 0xFFFFFFFF) >> hash_shift
    free = -1
    for distance in range(registers[REACH]):
        entry = (home + distance) & mask
        if keys[at(entry)] == address:
            return entry
        if free < 0 and is_stale(key_times, entry, opens):
            free = entry
    while free < 0:
        entry = (home + registers[REACH]) & mask
        registers[REACH] += 1
        if is_stale(key_times, entry, opens):
            free = entry
    keys[at(free)] = address
    key_times[at(free), STORED] = 0
    key_times[at(free), LOADED] = 0
    return free


@inner_kernel
def is_stale(key_times: Array, entry: int, opens: int) -> bool:
    """Whether the accesses noted in `entry` are done before the window opens."""
    return (
        key_times[at(entry), STORED] <= opens and key_times[at(entry), LOADED] <= opens
    )
