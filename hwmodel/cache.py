"""The cache: set-associative, LRU, write-back, write-allocate, with misses in flight.

Contents change in program order, times by dataflow. A miss holds an MSHR from the tag
check to the line's arrival; accesses to a line on its way merge and wait for it. When a
younger access is ready before the older one that asked for the line, the fill moves
forward to the younger one's time. Line fills and evictions take no port: they use a
fill buffer and idle cycles, which favours arms with more cache traffic.
"""

from __future__ import annotations

from hwmodel.calendar import find_free_interval, reserve
from hwmodel.datapath import take
from hwmodel.dram import read_line, write_line
from hwmodel.kernel import at, inner_kernel, kernel
from hwmodel.state import (
    ARRIVAL,
    CACHE_CLOCK,
    CACHE_PORT,
    DIRTY,
    MSHR,
    REQUESTED,
    STAMP,
    TAG,
    Sim,
    Tally,
)


@inner_kernel
def access(sim: Sim, address: int, size: int, is_store: int, start: int) -> int:
    """Load or store `size` bytes, the first word at port cycle `start`; the done cycle.

    Every further aligned 8-byte word that is touched needs a port cycle of its own.
    """
    line_shift = sim.parameters.line_shift
    done = touch(sim, address >> line_shift, is_store, start)
    for word in range((address >> 3) + 1, ((address + size - 1) >> 3) + 1):
        start = take(sim, CACHE_PORT, start, 1)
        line_done = touch(sim, (word << 3) >> line_shift, is_store, start)
        done = max(done, line_done)
    return done


@inner_kernel
def touch(sim: Sim, line: int, is_store: int, start: int) -> int:
    """Access one word of `line` at cycle `start`; the cycle at which it is done.

    A load is done when its word is there, a store when the port has accepted it.
    """
    parameters, lines, registers = sim.parameters, sim.lines, sim.registers
    sim.tally[Tally.CACHE_READS + is_store] += 1
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
    lines[at(victim), STAMP] = registers[CACHE_CLOCK]
    return miss(sim, line, victim, is_store, start)


@inner_kernel
def hit(sim: Sim, way: int, is_store: int, start: int) -> int:
    """The done cycle of an access to the resident or arriving line in `way`."""
    lines = sim.lines
    found = start + sim.parameters.hit_latency
    if lines[at(way), ARRIVAL] <= found:
        return start + 1 if is_store else found
    sim.tally[Tally.CACHE_MERGES] += 1
    if lines[at(way), REQUESTED] > found:
        lines[at(way), ARRIVAL] -= lines[at(way), REQUESTED] - found
        lines[at(way), REQUESTED] = found
    return start + 1 if is_store else lines[at(way), ARRIVAL]


@inner_kernel
def miss(sim: Sim, line: int, victim: int, is_store: int, start: int) -> int:
    """Fill `line` into the way `victim`, writing back what it holds; the done cycle."""
    parameters, lines = sim.parameters, sim.lines
    shift = parameters.line_shift
    found = start + parameters.hit_latency
    capacity = sim.capacity[MSHR]
    requested = find_free_interval(
        sim.calendar, sim.links, MSHR, capacity, found, parameters.closed
    )
    arrival = read_line(sim, line << shift, requested)
    length = arrival - requested
    lost = reserve(sim.calendar, sim.links, MSHR, capacity, requested, length)
    sim.tally[Tally.HORIZON_OVERFLOWS] += lost
    if lines[at(victim), DIRTY]:
        write_line(sim, lines[at(victim), TAG] << shift, requested)
        sim.tally[Tally.WRITE_BACKS] += 1
    sim.tally[Tally.CACHE_MISSES] += 1
    sim.tally[Tally.LINE_FILLS] += 1
    lines[at(victim), TAG] = line
    lines[at(victim), REQUESTED] = requested
    lines[at(victim), ARRIVAL] = arrival
    lines[at(victim), DIRTY] = is_store
    return start + 1 + requested - found if is_store else arrival


@kernel
def write_back_all(sim: Sim, cycle: int) -> int:
    """Write back every dirty line from `cycle` on; when the last has left the bus."""
    lines = sim.lines
    end = cycle
    for way in range(lines.shape[0]):
        if lines[at(way), DIRTY]:
            address = lines[at(way), TAG] << sim.parameters.line_shift
            end = max(end, write_line(sim, address, cycle))
            lines[at(way), DIRTY] = 0
            sim.tally[Tally.WRITE_BACKS] += 1
    return end
