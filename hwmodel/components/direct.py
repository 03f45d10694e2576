"""Accesses on a machine without a cache: each moves a line of DRAM of its own.

DRAM answers in bursts of a line, so a word costs what a line costs: a load reads the
line, a store writes it under a byte mask and needs no read before. The MSHRs, which
then stand for request buffers, limit the loads and stores on their way.
"""

from __future__ import annotations

from hwmodel.components.calendar import find_free_interval, reserve
from hwmodel.components.dram import read_line, write_line
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import Event, note_event
from hwmodel.engine.kernel import inner_kernel, separate_kernel
from hwmodel.engine.state import MSHR, Sim


@separate_kernel
def access(sim: Sim, address: int, size: int, is_store: int, start: int) -> int:
    """Load or store `size` bytes from port cycle `start` on; the done cycle.

    A load is done when its data is there, a store when a buffer has taken it.
    """
    shift = sim.parameters.line_shift
    done = start + 1
    for line in range(address >> shift, ((address + size - 1) >> shift) + 1):
        done = max(done, move(sim, line << shift, is_store, start))
    return done


@inner_kernel
def move(sim: Sim, address: int, is_store: int, start: int) -> int:
    """Read or write the line at `address`; the cycle at which the access is done."""
    capacity = sim.capacity[MSHR]
    requested = find_free_interval(
        sim.calendar, sim.links, MSHR, capacity, start, sim.parameters.closed
    )
    if is_store:
        end = write_line(sim, address, requested)
    else:
        end = read_line(sim, address, requested)
    length = end - requested
    lost = reserve(sim.calendar, sim.links, MSHR, capacity, requested, length)
    sim.tally[Tally.horizon_overflows] += lost
    sim.tally[Tally.direct_reads + is_store] += 1
    if sim.log.shape[0]:
        note_event(sim.log, Event.DIRECT, requested, end, address, is_store)
        if requested > start:
            note_event(sim.log, Event.WAIT_MSHR, start, requested, address, 0)
    return requested + 1 if is_store else end
