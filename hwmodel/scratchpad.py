"""The scratchpad: ports, latency, same-address ordering and waiting for transfers.

An access waits for earlier accesses to its address and for the DMA transfers already
ordered on its slot. Each aligned 8-byte word that is touched needs a port cycle.
"""

from __future__ import annotations

from hwmodel.datapath import fail, issue, take
from hwmodel.kernel import at, inner_kernel
from hwmodel.state import (
    LOADED,
    SCRATCHPAD_PORT,
    STORED,
    TRANSFERRED,
    Fault,
    Sim,
    Tally,
)


@inner_kernel
def access(sim: Sim, address: int, size: int, is_store: int, earliest: int) -> int:
    """Load or store `size` bytes not before `earliest`; the cycle it is done.

    A load is done when its data is there, a store when the port has accepted it.
    """
    parameters = sim.parameters
    if address < 0 or address + size > parameters.scratchpad_bytes:
        fail(sim, Fault.SCRATCHPAD_RANGE, address, size)
        return earliest
    slot = sim.slot_of_line[at(address >> parameters.line_shift)]
    times, slots = sim.word_times, sim.slots
    earliest = max(earliest, times[at(address), STORED], slots[at(slot), TRANSFERRED])
    if is_store:
        earliest = max(earliest, times[at(address), LOADED])
    start = issue(sim, SCRATCHPAD_PORT, earliest, 1)
    further_words = ((address + size - 1) >> 3) - (address >> 3)
    for _ in range(further_words):
        start = take(sim, SCRATCHPAD_PORT, start, 1)
    sim.tally[Tally.SCRATCHPAD_READS + is_store] += 1 + further_words
    done = start + 1 if is_store else start + parameters.scratchpad_latency
    column = STORED if is_store else LOADED
    times[at(address), column] = max(times[at(address), column], done)
    slots[at(slot), column] = max(slots[at(slot), column], done)
    return done
