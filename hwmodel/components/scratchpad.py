"""The scratchpad: ports, banks, latency, same-address order and what words hold.

An access waits for earlier accesses to its address and for the DMA transfers already
ordered on its slot. Each aligned 8-byte word that is touched needs a port cycle, then
its bank in the first cycle that this is free (a queue before each bank): word w lies in
bank w mod banks, and a bank serves one access a cycle. Without a number of banks (0)
the array itself has all the ports.

Every word has a tag: the tile that its slot held when its bytes were stored. A tile is
one life of a slot, numbered through the run, so the tag says ring, tile and generation
at once. A load must find its ring's current tile, arrived, and bytes that were stored
in this life of the slot or came with its transfer; all else is a fault.

Approximations: accesses at different addresses that overlap in part are not ordered. A
transfer brings a whole tile; which of its words had been written before it left is not
remembered.
"""

from __future__ import annotations

from hwmodel.components.banks import WORD_BYTES, take_bank
from hwmodel.components.datapath import fail, issue, take
from hwmodel.engine.counters import Tally
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import (
    ARRIVES,
    FILLED,
    LIFE,
    LOADED,
    RING_CURRENT,
    RING_HEAD,
    SCRATCHPAD_PORT,
    SLOT_RING,
    STORED,
    TRANSFERRED,
    Fault,
    Sim,
)

ALL_BYTES = 0xFF


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
    if not is_store and slots[at(slot), SLOT_RING] >= 0:
        check_tile(sim, slot, address)
    earliest = max(earliest, times[at(address), STORED], slots[at(slot), TRANSFERRED])
    if is_store:
        earliest = max(earliest, times[at(address), LOADED])
    word, last = address >> 3, (address + size - 1) >> 3
    sim.tally[Tally.scratchpad_reads + is_store] += 1 + last - word
    start = issue(sim, SCRATCHPAD_PORT, earliest, 1)
    while True:
        if parameters.banks:
            start = take_bank(sim, word, start)
        use_word(sim, slot, word, address, size, is_store)
        if word == last:
            break
        word += 1
        start = take(sim, SCRATCHPAD_PORT, start, 1)
    done = start + 1 if is_store else start + parameters.scratchpad_latency
    column = STORED if is_store else LOADED
    times[at(address), column] = max(times[at(address), column], done)
    slots[at(slot), column] = max(slots[at(slot), column], done)
    return done


@inner_kernel
def use_word(
    sim: Sim, slot: int, word: int, address: int, size: int, is_store: int
) -> None:
    """Tag the bytes of `word` that a store covers, or check those that a load reads."""
    tags, life = sim.word_tags, sim.slots[at(slot), LIFE]
    first = max(address - (word << 3), 0)
    end = min(address + size - (word << 3), WORD_BYTES)
    mask = (ALL_BYTES >> (WORD_BYTES - (end - first))) << first
    tag = tags[at(word)]
    if is_store:
        written = tag & ALL_BYTES if tag >> 8 == life else 0
        tags[at(word)] = (life << 8) | written | mask
    elif sim.slots[at(slot), FILLED]:
        return
    elif tag >> 8 not in (0, life):
        fail(sim, Fault.STALE, address, size)
    elif tag & mask != mask:
        fail(sim, Fault.NEVER_WRITTEN, address, size)


@inner_kernel
def check_tile(sim: Sim, slot: int, address: int) -> None:
    """Note a fault unless `slot` holds its ring's current tile, and it has arrived."""
    ring = sim.slots[at(slot), SLOT_RING]
    if sim.rings[ring, RING_CURRENT] != slot:
        fail(sim, Fault.NOT_CURRENT, address, sim.rings[ring, RING_HEAD])
    if sim.slots[at(slot), ARRIVES]:
        fail(sim, Fault.BEFORE_ARRIVAL, address, sim.rings[ring, RING_HEAD])
