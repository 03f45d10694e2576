"""The stride prefetcher: streams of lines at a constant distance, up or down.

The address space is cut into zones of 4 KB, and a direct-mapped table keeps for each
zone its last line, the stride and a confidence from 0 to 3 (the concentration zones of
Palacharla and Kessler, ISCA 1994, for want of a program counter). A stride seen again
raises the confidence, another lowers it and replaces the stride at 0; from 2 on, that
is after three equal steps at most, lines ahead are asked for. A stream that leaves a
zone by its stride takes stride and confidence along to the next one, so that a sweep
over a large array is learned once in each direction. Strides of more than half a zone
are not seen, and arrays that share a zone disturb each other.
"""

from __future__ import annotations

from hwmodel.engine.counters import Tally
from hwmodel.engine.kernel import inner_kernel
from hwmodel.engine.state import Sim

ZONE_SHIFT = 12
ZONE = 0
LAST = 1
STRIDE = 2
CONFIDENCE = 3
CONFIDENT = 2
MOST_CONFIDENT = 3


@inner_kernel
def follow_stride(sim: Sim, line: int, degree: int) -> int:
    """Learn from an event on `line`, and propose what its stream needs; how many."""
    table = sim.prefetch_table
    sim.tally[Tally.prefetcher_lookups] += 1
    zone = line >> max(0, ZONE_SHIFT - sim.parameters.line_shift)
    entry = zone & (table.shape[0] - 1)
    if table[entry, ZONE] != zone:
        enter_zone(sim, zone, entry, line)
    else:
        learn(sim, entry, line)
    if table[entry, CONFIDENCE] < CONFIDENT:
        return 0
    for ahead in range(degree):
        sim.proposals[ahead] = line + (1 + ahead) * table[entry, STRIDE]
    return degree


@inner_kernel
def enter_zone(sim: Sim, zone: int, entry: int, line: int) -> None:
    """Give `entry` to `zone`, with the stream that comes over its border if any."""
    table = sim.prefetch_table
    stride = 0
    confidence = 0
    for neighbour in (zone - 1, zone + 1):
        other = neighbour & (table.shape[0] - 1)
        follows = table[other, LAST] + table[other, STRIDE] == line
        if table[other, ZONE] == neighbour and follows:
            stride = table[other, STRIDE]
            confidence = table[other, CONFIDENCE]
    table[entry, ZONE] = zone
    table[entry, LAST] = line
    table[entry, STRIDE] = stride
    table[entry, CONFIDENCE] = confidence


@inner_kernel
def learn(sim: Sim, entry: int, line: int) -> None:
    """Confirm or doubt the stride of `entry`."""
    table = sim.prefetch_table
    delta = line - table[entry, LAST]
    if delta == 0:
        return
    if delta == table[entry, STRIDE]:
        confidence = table[entry, CONFIDENCE] + 1
        table[entry, CONFIDENCE] = min(confidence, MOST_CONFIDENT)
    elif table[entry, CONFIDENCE]:
        table[entry, CONFIDENCE] -= 1
    else:
        table[entry, STRIDE] = delta
    table[entry, LAST] = line
