"""One prefetched line, and how many of them the prefetcher is worth.

A prefetch fills the cache as a miss does: MSHR, DRAM bank, bus turn, port cycle and the
eviction of the least recently used line are its own. It comes after demand: it leaves
half of the MSHRs free, and is dropped when the bus is taken at the time its data would
come. Looking up whether the line is there already takes no port (a second tag port).

The degree is throttled by accuracy (after Srinath et al., HPCA 2007): of every
`INTERVAL` prefetched lines that were used or evicted unused, three quarters must have
been used for the full degree and two fifths for half of it; below, only every
`PROBE`th event tries one line, to notice better times.
"""

from __future__ import annotations

from hwmodel.components.cache import fill
from hwmodel.components.calendar import MOST_USERS
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import Event, note_event
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import (
    BUS,
    LEVEL,
    MSHR,
    PREFETCHED,
    PROBES,
    STAMP,
    TAG,
    USED,
    WASTED,
    Sim,
)

INTERVAL = 32
PROBE = 16


@inner_kernel
def allowed_degree(sim: Sim) -> int:
    """How many lines may be asked for now."""
    registers, degree = sim.registers, sim.parameters.prefetch_degree
    judged = registers[USED] + registers[WASTED]
    if judged >= INTERVAL:
        if 4 * registers[USED] >= 3 * judged:
            registers[LEVEL] = 2
        else:
            registers[LEVEL] = int(5 * registers[USED] >= 2 * judged)
        registers[USED] //= 2
        registers[WASTED] //= 2
    if registers[LEVEL] == 2:
        return degree
    if registers[LEVEL] == 1:
        return (degree + 1) // 2
    registers[PROBES] += 1
    return int(registers[PROBES] % PROBE == 0)


@inner_kernel
def users(sim: Sim, row: int, cycle: int) -> int:
    """Users of the resource `row` in `cycle`."""
    entry = sim.calendar[row, at(cycle & (sim.calendar.shape[1] - 1))]
    return entry & MOST_USERS if entry >> 8 == cycle else 0


@inner_kernel
def fetch_ahead(sim: Sim, line: int, cycle: int) -> None:
    """Ask for `line` at `cycle` unless it is there, or demand needs what it takes."""
    parameters, lines = sim.parameters, sim.lines
    if line < 0:
        return
    first = (line % parameters.sets) * parameters.ways
    victim = first
    for way in range(first, first + parameters.ways):
        if lines[at(way), TAG] == line:
            return
        if lines[at(way), STAMP] < lines[at(victim), STAMP]:
            victim = way
    turn = (cycle + parameters.row_hit) * parameters.turns // parameters.turn_cycles
    if 2 * users(sim, MSHR, cycle) >= sim.capacity[MSHR] or users(sim, BUS, turn):
        sim.tally[Tally.prefetches_dropped] += 1
        return
    arrival = fill(sim, line, victim, cycle)
    if sim.log.shape[0]:
        address = line << parameters.line_shift
        note_event(sim.log, Event.PREFETCH, cycle, arrival, address, 0)
    lines[at(victim), PREFETCHED] = 1
    sim.tally[Tally.prefetches] += 1
