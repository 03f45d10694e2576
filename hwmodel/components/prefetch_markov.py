"""The Markov prefetcher: lines that followed this one before.

A direct-mapped table keeps for each line the two lines whose events came after its own,
the latest first (Joseph and Grunwald, ISCA 1997, with two successors instead of four).
It stands in for learned prefetching: any repeated order is learned after one pass, and
nothing else is. Degree 2 asks for both successors, more for those of the first one.
"""

from __future__ import annotations

from hwmodel.engine.counters import Tally
from hwmodel.engine.kernel import inner_kernel
from hwmodel.engine.state import PREVIOUS, Sim

LINE = 0
FIRST = 1
SECOND = 2
WIDTH = 2


@inner_kernel
def follow_history(sim: Sim, line: int, degree: int) -> int:
    """Learn that `line` came next, and propose what came after it before; how many."""
    table, registers = sim.prefetch_table, sim.registers
    mask = table.shape[0] - 1
    if registers[PREVIOUS] >= 0:
        learn(sim, registers[PREVIOUS], line)
    registers[PREVIOUS] = line
    current = line
    proposed = 0
    while proposed < degree:
        sim.tally[Tally.prefetcher_lookups] += 1
        entry = current & mask
        if table[entry, LINE] != current:
            break
        for column in range(FIRST, FIRST + WIDTH):
            if proposed < degree:
                sim.proposals[proposed] = table[entry, column]
                proposed += 1
        current = table[entry, FIRST]
    return proposed


@inner_kernel
def learn(sim: Sim, line: int, successor: int) -> None:
    """Note that `successor` came after `line`."""
    table = sim.prefetch_table
    entry = line & (table.shape[0] - 1)
    sim.tally[Tally.prefetcher_lookups] += 1
    if table[entry, LINE] != line:
        table[entry, LINE] = line
        table[entry, FIRST] = successor
        table[entry, SECOND] = -1
    elif table[entry, FIRST] != successor:
        table[entry, SECOND] = table[entry, FIRST]
        table[entry, FIRST] = successor
