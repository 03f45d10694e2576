"""The two entry kernels: one micro-operation, or a buffer of events.

Both run the same body, so counters do not depend on how a program is cut into calls.
"""

from __future__ import annotations

from hwmodel.components.cache import access as access_cache
from hwmodel.components.datapath import issue, retire, window_opens
from hwmodel.components.direct import access as access_directly
from hwmodel.components.dma import begin, command
from hwmodel.components.ordering import locate
from hwmodel.components.prefetch import prefetch
from hwmodel.components.scratchpad import access as access_scratchpad
from hwmodel.description.operations import Operation, Unit
from hwmodel.engine.kernel import at, chosen, inner_kernel, kernel
from hwmodel.engine.state import (
    CACHE_PORT,
    LOADED,
    RETIRED,
    STORED,
    TURNED,
    Array,
    Sim,
)

STORE = int(Operation.STORE)
SPM_STORE = int(Operation.SPM_STORE)
TURN = int(Operation.TURN)
BEGIN = int(Operation.BEGIN)
MOVE = int(Operation.MOVE)
INTEGER = int(Unit.INTEGER)
FLOAT = int(Unit.FLOAT)
CACHE = int(Unit.CACHE)
SCRATCHPAD = int(Unit.SCRATCHPAD)
DMA = int(Unit.DMA)
NONE = int(Unit.NONE)


@kernel
def step(sim: Sim, kind: int, ready: int, address: int, aux: int) -> int:
    """Run one micro-operation; the cycle at which its result is ready.

    `ready` is the cycle at which operands and control are there. Accesses take a byte
    `address` and a size in `aux`, DMA commands a slot's address and a ring number.
    """
    unit = sim.unit[at(kind)]
    if unit == NONE:
        if kind == TURN and sim.registers[TURNED] < 0:
            sim.registers[TURNED] = sim.registers[RETIRED]
        elif kind == BEGIN:
            begin(sim, aux)
        return ready
    opens = window_opens(sim)
    earliest = max(ready, opens)
    if unit in (INTEGER, FLOAT):
        start = issue(sim, unit, earliest, sim.interval[at(kind)])
        done = start + sim.latency[at(kind)]
    elif unit == CACHE:
        done = ordered_access(sim, kind == STORE, address, aux, earliest, opens)
    elif unit == SCRATCHPAD:
        done = access_scratchpad(sim, address, aux, int(kind == SPM_STORE), earliest)
    else:
        done = command(sim, kind, address, aux, issue(sim, DMA, earliest, 1))
    sim.counts[at(kind)] += 1
    retire(sim, done)
    return done


@inner_kernel
def ordered_access(
    sim: Sim, is_store: bool, address: int, size: int, earliest: int, opens: int
) -> int:
    """A load or store through the cache, after older accesses to the same address."""
    times, hash_shift = sim.key_times, sim.parameters.hash_shift
    entry = locate(sim.keys, times, sim.registers, hash_shift, opens, address)
    earliest = max(earliest, times[at(entry), STORED])
    if is_store:
        earliest = max(earliest, times[at(entry), LOADED])
    start = issue(sim, CACHE_PORT, earliest, 1)
    if sim.parameters.sets:
        done = access_cache(sim, address, size, int(is_store), start)
        if sim.parameters.prefetcher:
            prefetch(sim)
    else:
        done = access_directly(sim, address, size, int(is_store), start)
    column = STORED if is_store else LOADED
    times[at(entry), column] = max(times[at(entry), column], done)
    return done


@kernel
def run_events(
    sim: Sim, table: Array, segments: Array, times: Array, events: Array, n: int
) -> int:
    """Run the events in the first `n` words of `events`; the number of words used.

    An event is a segment number and the addresses its rows ask for. Segment s covers
    the rows segments[s] to segments[s + 1] of `table`, each of them [kind, result,
    control, operand, operand, operand, aux, takes an address?]; result, control and
    operands are entries of `times`, the ready cycles of values, or -1 for none. MOVE
    gives a result the latest of its operands' cycles at no cost.
    """
    position = 0
    while position < n:
        segment = events[at(position)]
        position += 1
        for row in range(segments[at(segment)], segments[at(segment + 1)]):
            ready = 0
            for column in range(2, 6):
                slot = table[at(row), column]
                if slot >= 0:
                    ready = max(ready, int(times[at(slot)]))
            address = 0
            if table[at(row), 7]:
                address = events[at(position)]
                position += 1
            done = ready
            if table[at(row), 0] != MOVE:
                done = step(sim, table[at(row), 0], ready, address, table[at(row), 6])
            if table[at(row), 1] >= 0:
                times[at(table[at(row), 1])] = done
    return position


def run_all(
    sim: Sim, table: Array, segments: Array, times: Array, events: Array, n: int
) -> int:
    """`run_events` as it is best run: plain for a few events, else compiled."""
    rows = -(-table.shape[0] // max(1, segments.shape[0] - 1))
    return chosen(run_events, n * rows)(sim, table, segments, times, events, n)
