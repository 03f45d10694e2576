"""Lines that have left the cache in program order, but not yet in time.

The contents of the cache change in program order. An access that comes after an
eviction in the program may come before it in time, and then finds the line still there
or on its way: with three arrays that meet in a set of two ways, iterations of a wide
window would else evict what their neighbours have asked for, over and over. Each set
remembers the last `DEPARTED` lines evicted, and when they leave.
"""

from __future__ import annotations

from hwmodel.components.datapath import take
from hwmodel.components.dram import write_line
from hwmodel.engine.counters import Tally
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import (
    ARRIVAL,
    CACHE_PORT,
    DEPARTED,
    GHOST_ARRIVAL,
    GHOST_DIRTY,
    GHOST_LEAVES,
    GHOST_TAG,
    TAG,
    Sim,
)


@inner_kernel
def depart(sim: Sim, way: int, cycle: int, is_dirty: int) -> None:
    """Remember the line in `way`, which is evicted at `cycle`, written back or not."""
    ghosts, lines = sim.departed, sim.lines
    first = (lines[at(way), TAG] % sim.parameters.sets) * DEPARTED
    oldest = first
    for entry in range(first + 1, first + DEPARTED):
        if ghosts[at(entry), GHOST_LEAVES] < ghosts[at(oldest), GHOST_LEAVES]:
            oldest = entry
    ghosts[at(oldest), GHOST_TAG] = lines[at(way), TAG]
    ghosts[at(oldest), GHOST_ARRIVAL] = lines[at(way), ARRIVAL]
    ghosts[at(oldest), GHOST_LEAVES] = max(cycle, lines[at(way), ARRIVAL])
    ghosts[at(oldest), GHOST_DIRTY] = is_dirty


@inner_kernel
def find_departed(sim: Sim, line: int, found: int) -> int:
    """The entry of `line` if it is still there at `found`, -1 if not."""
    ghosts = sim.departed
    first = (line % sim.parameters.sets) * DEPARTED
    for entry in range(first, first + DEPARTED):
        is_there = ghosts[at(entry), GHOST_LEAVES] > found
        if is_there and ghosts[at(entry), GHOST_TAG] == line:
            return entry
    return -1


@inner_kernel
def touch_departed(sim: Sim, entry: int, is_store: int, start: int) -> int:
    """Access the line of `entry` at cycle `start`; the cycle at which it is done."""
    ghosts = sim.departed
    found = start + sim.parameters.hit_latency
    if is_store and not ghosts[at(entry), GHOST_DIRTY]:
        ghosts[at(entry), GHOST_DIRTY] = 1
        read = take(sim, CACHE_PORT, ghosts[at(entry), GHOST_LEAVES], 1)
        address = ghosts[at(entry), GHOST_TAG] << sim.parameters.line_shift
        write_line(sim, address, read + 1)
        sim.tally[Tally.write_backs] += 1
    arrival = ghosts[at(entry), GHOST_ARRIVAL]
    sim.tally[Tally.cache_merges] += int(arrival > found)
    return start + 1 if is_store else max(found, arrival)
