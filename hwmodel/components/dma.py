"""The DMA engine: tiles between the slots of a ring and the ring's stack in DRAM.

Tile t of a ring lives in slot t mod slots and at position t of its stack in DRAM; the
register `head` is the number of the current tile. A transfer takes a channel from its
set-up to its last burst; transfers of one ring issue their bursts in order. Every line
that moves occupies a scratchpad port for one cycle, all banks it lies in for another or
the same cycle (a bank reads a whole row at once), and a turn of the DRAM bus.

A reload gives up what is on chip where a sweep turns: the records of the current tile
go to DRAM in as many bursts as they need, then every tile on chip is fetched again, the
current one first. It is one command; each of its transfers is set up like any other.

Each tile that begins in a slot, or comes back to it, is a new life of the slot; what
words hold is checked against it (see `scratchpad`).

Approximations: commands change the heads of rings and begin transfers in program order,
times by dataflow; a transfer that finds a channel free for its shortest time keeps it
for its real time.
"""

from __future__ import annotations

from hwmodel.components.banks import WORD_BYTES, take_row
from hwmodel.components.calendar import count_unused, find_free_interval, reserve
from hwmodel.components.datapath import fail, take
from hwmodel.components.dram import read_line, write_line
from hwmodel.description.operations import Operation
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import FIRST, Event, note_event, note_transfer
from hwmodel.engine.kernel import inner_kernel
from hwmodel.engine.state import (
    ARRIVES,
    BARRIER,
    CHANNEL,
    FILLED,
    LIFE,
    LIVES,
    LOADED,
    RETIRED,
    RING_ADDRESS,
    RING_BURSTS,
    RING_CURRENT,
    RING_DRAM,
    RING_FIRST,
    RING_HEAD,
    RING_ISSUED,
    RING_PITCH,
    RING_SEEN,
    RING_SLOTS,
    SCRATCHPAD_PORT,
    SLOT_ADDRESS,
    SLOT_RING,
    STORED,
    TRANSFERRED,
    Fault,
    Sim,
)

ENQUEUE = int(Operation.ENQUEUE)
ACQUIRE = int(Operation.ACQUIRE)
PREFETCH = int(Operation.PREFETCH)
DEQUEUE = int(Operation.DEQUEUE)
RELOAD = int(Operation.RELOAD)
DRAIN = int(Operation.DRAIN)
FILL = int(Operation.FILL)


@inner_kernel
def command(sim: Sim, kind: int, address: int, ring: int, start: int) -> int:
    """Carry out the DMA command `kind` issued at cycle `start`; when it is done.

    `address` is the scratchpad address at which a slot of `ring` begins, of a reload
    that at which the records of the current tile end.
    """
    if kind == RELOAD:
        if is_in_current(sim, address, ring):
            reload(sim, address, ring, start + 1)
        return start + 1
    if not is_slot(sim, address, ring):
        return start
    if kind not in (ACQUIRE, DEQUEUE) and not is_current(sim, kind, address, ring):
        return start
    slot = sim.slot_of_line[address >> sim.parameters.line_shift]
    accepted = start + 1
    if kind in (ENQUEUE, DRAIN):
        end = push(sim, ring, slot, accepted)
    elif kind in (PREFETCH, FILL):
        end = pop(sim, ring, slot, accepted, kind == PREFETCH)
    else:
        end = max(accepted, sim.slots[slot, TRANSFERRED])
        sim.slots[slot, ARRIVES] = 0
    if kind in (ENQUEUE, PREFETCH):
        return accepted
    sim.tally[Tally.dma_stall_cycles] += end - accepted
    held_up = max(accepted, sim.registers[RETIRED])
    sim.tally[Tally.dma_exposed_cycles] += max(0, end - held_up)
    if sim.log.shape[0] and end > accepted:
        note_event(sim.log, Event.WAIT_DMA, accepted, end, kind, ring)
    if kind in (DRAIN, FILL):
        sim.registers[BARRIER] = max(sim.registers[BARRIER], end)
    return end


@inner_kernel
def begin(sim: Sim, ring: int) -> None:
    """Give `ring` its bytes, which another one may have had."""
    if not is_ring(sim, 0, ring):
        return
    line_shift = sim.parameters.line_shift
    lines = sim.rings[ring, RING_PITCH] >> line_shift
    line = sim.rings[ring, RING_ADDRESS] >> line_shift
    first = sim.rings[ring, RING_FIRST]
    for slot in range(first, first + sim.rings[ring, RING_SLOTS]):
        is_taken = False
        for _ in range(lines):
            before = int(sim.slot_of_line[line])
            if before != slot:
                is_taken = True
                take_over(sim, slot, before)
            sim.slot_of_line[line] = slot
            line += 1
        if is_taken:
            sim.slots[slot, ARRIVES] = 0
            begin_life(sim, slot, False)


@inner_kernel
def take_over(sim: Sim, slot: int, before: int) -> None:
    """Let `slot` wait for what is done with a slot that had its bytes."""
    slots = sim.slots
    slots[slot, STORED] = max(slots[slot, STORED], slots[before, STORED])
    slots[slot, LOADED] = max(slots[slot, LOADED], slots[before, LOADED])
    transferred = slots[before, TRANSFERRED]
    slots[slot, TRANSFERRED] = max(slots[slot, TRANSFERRED], transferred)


@inner_kernel
def is_ring(sim: Sim, address: int, ring: int) -> bool:
    """Whether there is a ring of this number; notes a fault if not."""
    if 0 <= ring < sim.rings.shape[0]:
        return True
    fail(sim, Fault.NO_SUCH_RING, address, ring)
    return False


@inner_kernel
def is_slot(sim: Sim, address: int, ring: int) -> bool:
    """Whether a slot of `ring` begins at `address`; notes a fault if not."""
    if not is_ring(sim, address, ring):
        return False
    offset = address - sim.rings[ring, RING_ADDRESS]
    pitch = sim.rings[ring, RING_PITCH]
    is_inside = 0 <= offset < pitch * sim.rings[ring, RING_SLOTS]
    if not is_inside or offset % pitch or not has_bytes(sim, address, ring):
        fail(sim, Fault.NOT_A_SLOT, address, ring)
        return False
    return True


@inner_kernel
def has_bytes(sim: Sim, address: int, ring: int) -> bool:
    """Whether a byte of `ring` is not another ring's, which began there later."""
    slot = sim.slot_of_line[address >> sim.parameters.line_shift]
    return sim.slots[slot, SLOT_RING] == ring


@inner_kernel
def is_current(sim: Sim, kind: int, address: int, ring: int) -> bool:
    """Whether the slot at `address` is that of the current tile; notes a fault if not.

    A fill makes the tile before current and brings it into that one's slot.
    """
    rings = sim.rings
    tile = rings[ring, RING_HEAD]
    if kind in (PREFETCH, FILL) and tile == 0:
        fail(sim, Fault.EMPTY_RING, address, ring)
        return False
    if kind == FILL:
        tile -= 1
    slot = (address - rings[ring, RING_ADDRESS]) // rings[ring, RING_PITCH]
    if slot != tile % rings[ring, RING_SLOTS]:
        fail(sim, Fault.WRONG_SLOT, address, ring)
        return False
    return True


@inner_kernel
def is_in_current(sim: Sim, address: int, ring: int) -> bool:
    """Whether `address` may end the current tile of `ring`; notes a fault if not."""
    if not is_ring(sim, address, ring):
        return False
    start = sim.slots[sim.rings[ring, RING_CURRENT], SLOT_ADDRESS]
    if start <= address <= start + sim.rings[ring, RING_PITCH]:
        return True
    fail(sim, Fault.WRONG_SLOT, address, ring)
    return False


@inner_kernel
def push(sim: Sim, ring: int, slot: int, cycle: int) -> int:
    """Copy the tile in `slot` to DRAM as tile `head`, and advance `head`."""
    rings = sim.rings
    tile = rings[ring, RING_HEAD]
    turn_to(sim, ring, tile + 1, cycle)
    begin_life(sim, rings[ring, RING_CURRENT], False)
    sim.tally[Tally.tiles_pushed] += 1
    request = max(cycle, sim.slots[slot, STORED])
    return transfer(sim, ring, slot, tile, rings[ring, RING_BURSTS], True, request)


@inner_kernel
def pop(sim: Sim, ring: int, slot: int, cycle: int, is_ahead: bool) -> int:
    """Step `head` back, and copy a tile from DRAM into `slot`.

    Ahead of need it is the tile that used the slot before (none is left towards the
    bottom of the stack, where every tile is on chip already); else the new `head`.
    """
    rings = sim.rings
    head = rings[ring, RING_HEAD]
    turn_to(sim, ring, head - 1, cycle)
    sim.tally[Tally.tiles_popped] += 1
    tile = head - rings[ring, RING_SLOTS] if is_ahead else head - 1
    begin_life(sim, slot, tile >= 0)
    if tile < 0:
        return cycle
    sim.slots[slot, ARRIVES] = int(is_ahead)
    return bring(sim, ring, slot, tile, rings[ring, RING_BURSTS], cycle)


@inner_kernel
def bring(sim: Sim, ring: int, slot: int, tile: int, bursts: int, cycle: int) -> int:
    """Copy a tile from DRAM into `slot` once nothing touches that any more."""
    request = max(cycle, sim.slots[slot, STORED], sim.slots[slot, LOADED])
    return transfer(sim, ring, slot, tile, bursts, False, request)


@inner_kernel
def reload(sim: Sim, address: int, ring: int, cycle: int) -> None:
    """Write the current tile up to `address`, then fetch all tiles on chip again."""
    rings, slots = sim.rings, sim.slots
    head, current = rings[ring, RING_HEAD], rings[ring, RING_CURRENT]
    line_bytes = 1 << sim.parameters.line_shift
    burst_bytes = sim.parameters.burst_lines * line_bytes
    size = address - slots[current, SLOT_ADDRESS]
    bursts = (size + burst_bytes - 1) // burst_bytes
    if bursts:
        request = max(cycle, slots[current, STORED])
        transfer(sim, ring, current, head, bursts, True, request)
    for distance in range(min(rings[ring, RING_SLOTS], head + 1)):
        if distance:
            bursts = rings[ring, RING_BURSTS]
        if bursts:
            tile = head - distance
            slot = rings[ring, RING_FIRST] + tile % rings[ring, RING_SLOTS]
            begin_life(sim, slot, True)
            slots[slot, ARRIVES] = 1
            bring(sim, ring, slot, tile, bursts, cycle)


@inner_kernel
def turn_to(sim: Sim, ring: int, tile: int, cycle: int) -> None:
    """Make `tile` the current one of `ring`, at `cycle`."""
    rings = sim.rings
    rings[ring, RING_HEAD] = tile
    slot = tile % rings[ring, RING_SLOTS]
    rings[ring, RING_CURRENT] = rings[ring, RING_FIRST] + slot
    if sim.log.shape[0]:
        if cycle < sim.log[0, FIRST]:
            rings[ring, RING_SEEN] = tile
        note_event(sim.log, Event.HEAD, cycle, cycle, tile, ring)


@inner_kernel
def begin_life(sim: Sim, slot: int, is_filled: bool) -> None:
    """Give `slot` to another tile, which a transfer fills or the program writes."""
    sim.registers[LIVES] += 1
    sim.slots[slot, LIFE] = sim.registers[LIVES]
    sim.slots[slot, FILLED] = int(is_filled)


@inner_kernel
def transfer(
    sim: Sim, ring: int, slot: int, tile: int, bursts: int, is_out: bool, request: int
) -> int:
    """Move the first bursts of a tile, not before `request`; when they are complete."""
    parameters, rings, in_flight = sim.parameters, sim.rings, sim.in_flight
    limit, shift = parameters.requests_in_flight, parameters.line_shift
    lines = bursts * parameters.burst_lines
    capacity = sim.capacity[CHANNEL]
    shortest = parameters.setup + parameters.closed + lines
    request = max(request, sim.slots[slot, TRANSFERRED])
    begin = find_free_interval(
        sim.calendar, sim.links, CHANNEL, capacity, request, shortest
    )
    issued = max(begin + parameters.setup, rings[ring, RING_ISSUED])
    pitch_lines = rings[ring, RING_BURSTS] * parameters.burst_lines
    line = (rings[ring, RING_DRAM] >> shift) + tile * pitch_lines
    word = sim.slots[slot, SLOT_ADDRESS] // WORD_BYTES
    end = issued
    for burst in range(bursts):
        if burst >= limit:
            issued = max(issued, in_flight[burst % limit])
        complete = issued
        for _ in range(parameters.burst_lines):
            moved = move_line(sim, line << shift, word, is_out, issued)
            complete = max(complete, moved)
            line += 1
            word += (1 << shift) // WORD_BYTES
        in_flight[burst % limit] = complete
        end = max(end, complete)
    rings[ring, RING_ISSUED] = issued
    busy = count_unused(sim.calendar, CHANNEL, begin, end - begin)
    sim.tally[Tally.dma_busy_cycles] += busy
    lost = reserve(sim.calendar, sim.links, CHANNEL, capacity, begin, end - begin)
    sim.tally[Tally.horizon_overflows] += lost
    sim.tally[Tally.dma_transfers] += 1
    sim.tally[Tally.dma_lines_out if is_out else Tally.dma_lines_in] += lines
    sim.slots[slot, TRANSFERRED] = end
    if sim.log.shape[0]:
        note_transfer(sim.log, is_out, request, begin, end, tile, ring)
    return end


@inner_kernel
def move_line(sim: Sim, address: int, word: int, is_out: bool, cycle: int) -> int:
    """Move one line between scratchpad `word` and DRAM `address`; when it is done."""
    if is_out:
        row = take_port(sim, word, cycle)
        return write_line(sim, address, row + sim.parameters.scratchpad_latency)
    arrival = read_line(sim, address, cycle)
    return take_port(sim, word, arrival) + 1


@inner_kernel
def take_port(sim: Sim, word: int, cycle: int) -> int:
    """Take a port and the banks of the line at `word`; the cycle it is accessed."""
    start = take(sim, SCRATCHPAD_PORT, cycle, 1)
    return take_row(sim, word, start) if sim.parameters.banks else start
