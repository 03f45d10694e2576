"""The datapath: window, in-order retirement, issue slots and functional units.

Operation i may start when operation i - window has retired, when its operands are
there, and in a cycle that has a free issue slot and a free unit; one that is not
pipelined is done when it has had its interval of a unit's cycles. Operations retire in
program order, any number per cycle. Nothing else orders them: an iteration of a loop
waits for the one before only through values and addresses they share.

Approximations: the window is entered without limit or delay, values reach all units in
the cycle they are done, branches cost what computes their condition and are never
predicted wrongly or rightly (what depends on a branch waits for it). The cycles of a
unit that an operation gets may lie apart (see `issue`).
"""

from __future__ import annotations

from hwmodel.components.calendar import find_free, find_free_interval, reserve
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import note_operations
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import (
    BARRIER,
    ERROR,
    ERROR_ADDRESS,
    ERROR_DETAIL,
    ISSUE,
    OLDEST,
    OPERATIONS,
    RETIRED,
    Sim,
)


@inner_kernel
def window_opens(sim: Sim) -> int:
    """The first cycle at which the next operation may start; it never decreases."""
    registers = sim.registers
    return max(sim.retirement[at(registers[OLDEST])], registers[BARRIER])


@inner_kernel
def take(sim: Sim, row: int, cycle: int, length: int) -> int:
    """The first cycle from `cycle` on with `length` free cycles on `row`, now taken."""
    capacity = sim.capacity[row]
    start = find_free_interval(sim.calendar, sim.links, row, capacity, cycle, length)
    lost = reserve(sim.calendar, sim.links, row, capacity, start, length)
    sim.tally[Tally.horizon_overflows] += lost
    return start


@inner_kernel
def issue(sim: Sim, row: int, cycle: int, length: int) -> int:
    """Issue on a unit or port of `row` for `length` cycles of its time.

    The start cycle, if the last of these cycles is counted back from. An operation
    that is not pipelined takes the first free cycles from its start on, next to each
    other or not. Were it to wait for `length` free cycles in a row, units would stand
    idle in front of what older operations have reserved for later; hardware starts
    what is ready, and the older operation waits then. The work of a unit is the same.
    """
    calendar, links, capacity = sim.calendar, sim.links, sim.capacity
    width, units = capacity[ISSUE], capacity[row]
    start = cycle
    while True:
        start = find_free(calendar, links, ISSUE, width, start)
        free = find_free(calendar, links, row, units, start)
        if free == start:
            break
        start = free
    lost = reserve(calendar, links, ISSUE, width, start, 1)
    lost += reserve(calendar, links, row, units, start, 1)
    for _ in range(length - 1):
        start = find_free(calendar, links, row, units, start + 1)
        lost += reserve(calendar, links, row, units, start, 1)
    sim.tally[Tally.horizon_overflows] += lost
    return start + 1 - length


@inner_kernel
def retire(sim: Sim, done: int) -> None:
    """Enter the operation just stepped, done at `done`, into the window's ring."""
    registers = sim.registers
    oldest = registers[OLDEST]
    registers[RETIRED] = max(registers[RETIRED], done)
    sim.retirement[at(oldest)] = registers[RETIRED]
    oldest += 1
    if oldest == sim.parameters.window:
        oldest = 0
        if sim.log.shape[0]:
            note_operations(sim.log, sim.unit, sim.counts, registers[RETIRED])
    registers[OLDEST] = oldest
    registers[OPERATIONS] += 1


@inner_kernel
def fail(sim: Sim, fault: int, address: int, detail: int) -> None:
    """Note the first fault; `Simulation.check` turns it into an exception."""
    registers = sim.registers
    if registers[ERROR] == 0:
        registers[ERROR] = fault
        registers[ERROR_ADDRESS] = address
        registers[ERROR_DETAIL] = detail
