"""The cache: set-associative, LRU, write-back, write-allocate, with misses in flight.

A miss holds an MSHR from the tag check to the line's arrival; accesses to a line on its
way merge and wait for it. Ports are taken by words, by fills (a cycle when the line
arrives) and by dirty evictions (a cycle to read the line out), as DMA lines take a
scratchpad port: an array cannot serve words and move a line in one access. Any word of
an arriving line is forwarded as the line arrives.

A line on its way keeps its way until it has arrived: what replaces it is asked for
then. An access that the program makes after an eviction, but that comes before it in
time, still finds the line (see `departed`).

Approximations: contents and LRU order change in program order, times by dataflow: a
young access that runs ahead is not seen to evict what an older one still needs. When
a younger access is ready before the older one that asked for the line, the fill moves
forward to the younger one's time, but the MSHR and the bus stay reserved where they
were. A miss looks for an MSHR that is free for the latency of a closed row; where the
line takes longer, the MSHR may be shared for the rest.
"""

from __future__ import annotations

from hwmodel.components.calendar import find_free_interval, reserve
from hwmodel.components.datapath import take
from hwmodel.components.departed import depart, find_departed, touch_departed
from hwmodel.components.dram import read_line, write_line
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import note_miss
from hwmodel.engine.kernel import at, inner_kernel, kernel
from hwmodel.engine.state import (
    ARRIVAL,
    CACHE_CLOCK,
    CACHE_PORT,
    DIRTY,
    MSHR,
    PREFETCHED,
    REQUESTED,
    STAMP,
    TAG,
    TRIGGER,
    TRIGGER_CYCLE,
    USED,
    WASTED,
    Sim,
)


@inner_kernel
def access(sim: Sim, address: int, size: int, is_store: int, start: int) -> int:
    """Load or store `size` bytes, the first word at port cycle `start`; the done cycle.

    Every further aligned 8-byte word that is touched needs a port cycle of its own.
    """
    line_shift = sim.parameters.line_shift
    word, last = address >> 3, (address + size - 1) >> 3
    done = 0
    while True:
        done = max(done, touch(sim, (word << 3) >> line_shift, is_store, start))
        if word == last:
            return done
        word += 1
        start = take(sim, CACHE_PORT, start, 1)


@inner_kernel
def touch(sim: Sim, line: int, is_store: int, start: int) -> int:
    """Access one word of `line` at cycle `start`; the cycle at which it is done.

    A load is done when its word is there, a store when the port has accepted it.
    """
    parameters, lines, registers = sim.parameters, sim.lines, sim.registers
    sim.tally[Tally.cache_reads + is_store] += 1
    registers[CACHE_CLOCK] += 1
    first = (line % parameters.sets) * parameters.ways
    victim = first
    for way in range(first, first + parameters.ways):
        if lines[at(way), TAG] == line:
            lines[at(way), STAMP] = registers[CACHE_CLOCK]
            lines[at(way), DIRTY] |= is_store
            return hit(sim, way, is_store, start)
        if lines[at(way), STAMP] < lines[at(victim), STAMP]:
            victim = way
    entry = find_departed(sim, line, start + parameters.hit_latency)
    if entry >= 0:
        return touch_departed(sim, entry, is_store, start)
    return miss(sim, line, victim, is_store, start)


@inner_kernel
def hit(sim: Sim, way: int, is_store: int, start: int) -> int:
    """The done cycle of an access to the resident or arriving line in `way`."""
    lines = sim.lines
    found = start + sim.parameters.hit_latency
    if lines[at(way), PREFETCHED]:
        use_prefetched(sim, way, found)
    if lines[at(way), ARRIVAL] <= found:
        return start + 1 if is_store else found
    sim.tally[Tally.cache_merges] += 1
    if lines[at(way), REQUESTED] > found:
        lines[at(way), ARRIVAL] -= lines[at(way), REQUESTED] - found
        lines[at(way), REQUESTED] = found
    return start + 1 if is_store else lines[at(way), ARRIVAL]


@inner_kernel
def use_prefetched(sim: Sim, way: int, found: int) -> None:
    """Note the first use of a line that a prefetcher asked for."""
    lines, registers = sim.lines, sim.registers
    lines[at(way), PREFETCHED] = 0
    sim.tally[Tally.prefetches_useful] += 1
    sim.tally[Tally.prefetches_late] += int(lines[at(way), ARRIVAL] > found)
    registers[USED] += 1
    registers[TRIGGER] = lines[at(way), TAG]
    registers[TRIGGER_CYCLE] = found


@inner_kernel
def miss(sim: Sim, line: int, victim: int, is_store: int, start: int) -> int:
    """Fill `line` into the way `victim`, writing back what it holds; the done cycle."""
    found = start + sim.parameters.hit_latency
    free = found
    if sim.lines[at(victim), REQUESTED] <= found:
        free = max(found, sim.lines[at(victim), ARRIVAL])
    requested = find_free_interval(
        sim.calendar, sim.links, MSHR, sim.capacity[MSHR], free, sim.parameters.closed
    )
    arrival = fill(sim, line, victim, requested)
    sim.tally[Tally.cache_misses] += 1
    if sim.log.shape[0]:
        address = line << sim.parameters.line_shift
        note_miss(sim.log, address, is_store, found, free, requested, arrival)
    sim.lines[at(victim), DIRTY] = is_store
    sim.registers[TRIGGER] = line
    sim.registers[TRIGGER_CYCLE] = requested
    return start + 1 + requested - found if is_store else arrival


@inner_kernel
def fill(sim: Sim, line: int, victim: int, requested: int) -> int:
    """Ask DRAM for `line` at `requested` and put it into `victim`; when it arrives."""
    lines, registers = sim.lines, sim.registers
    arrival = read_line(sim, line << sim.parameters.line_shift, requested)
    lost = reserve(
        sim.calendar,
        sim.links,
        MSHR,
        sim.capacity[MSHR],
        requested,
        arrival - requested,
    )
    sim.tally[Tally.horizon_overflows] += lost
    sim.tally[Tally.line_fills] += 1
    evict(sim, victim, requested)
    take(sim, CACHE_PORT, arrival, 1)
    lines[at(victim), TAG] = line
    lines[at(victim), STAMP] = registers[CACHE_CLOCK]
    lines[at(victim), REQUESTED] = requested
    lines[at(victim), ARRIVAL] = arrival
    return arrival


@inner_kernel
def evict(sim: Sim, victim: int, cycle: int) -> None:
    """Empty the way `victim` from `cycle` on, writing its line back if it is dirty."""
    lines = sim.lines
    if lines[at(victim), TAG] >= 0:
        depart(sim, victim, cycle, lines[at(victim), DIRTY])
    if lines[at(victim), DIRTY]:
        there = max(cycle, lines[at(victim), ARRIVAL])
        read = take(sim, CACHE_PORT, there, 1)
        write_line(sim, lines[at(victim), TAG] << sim.parameters.line_shift, read + 1)
        sim.tally[Tally.write_backs] += 1
        lines[at(victim), DIRTY] = 0
    if lines[at(victim), PREFETCHED]:
        lines[at(victim), PREFETCHED] = 0
        sim.tally[Tally.prefetches_unused] += 1
        sim.registers[WASTED] += 1


@kernel
def write_back_all(sim: Sim, cycle: int) -> int:
    """Write back every dirty line from `cycle` on; when the last has left the bus."""
    lines = sim.lines
    end = cycle
    for way in range(lines.shape[0]):
        if lines[at(way), DIRTY]:
            address = lines[at(way), TAG] << sim.parameters.line_shift
            read = take(sim, CACHE_PORT, max(cycle, lines[at(way), ARRIVAL]), 1)
            end = max(end, write_line(sim, address, read + 1))
            lines[at(way), DIRTY] = 0
            sim.tally[Tally.write_backs] += 1
    return end
