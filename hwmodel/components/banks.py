"""The scratchpad's banks: which of them are taken in each cycle.

One calendar serves all banks: an entry packs `cycle << MOST_BANKS | taken`, a bit per
bank, and is stale if its cycle is older than the one asked for. An access that finds
its bank taken looks at the next cycle, and so on; queues are short, as ports are few.
"""

from __future__ import annotations

from hwmodel.description.limits import MOST_BANKS
from hwmodel.engine.counters import Tally
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import Sim

WORD_BYTES = 8


@inner_kernel
def take_bank(sim: Sim, word: int, cycle: int) -> int:
    """Take the bank of `word` in the first free cycle from `cycle` on."""
    return take(sim, 1 << (word & (sim.parameters.banks - 1)), cycle)


@inner_kernel
def take_row(sim: Sim, word: int, cycle: int) -> int:
    """Take all banks that the line at `word` lies in, at once; the cycle."""
    banks = sim.parameters.banks
    taken = 0
    words = (1 << sim.parameters.line_shift) // WORD_BYTES
    for further in range(min(words, banks)):
        taken |= 1 << ((word + further) & (banks - 1))
    return take(sim, taken, cycle)


@inner_kernel
def take(sim: Sim, banks: int, cycle: int) -> int:
    """Take the set `banks` of bits in the first cycle in which all are free."""
    calendar = sim.bank_calendar
    mask = calendar.shape[0] - 1
    start = cycle
    while True:
        entry = calendar[at(start & mask)]
        if entry >> MOST_BANKS < start:
            calendar[at(start & mask)] = (start << MOST_BANKS) | banks
            break
        if entry >> MOST_BANKS > start:
            sim.tally[Tally.horizon_overflows] += 1
            break
        if not entry & banks:
            calendar[at(start & mask)] = entry | banks
            break
        start += 1
    sim.tally[Tally.bank_conflicts] += int(start > cycle)
    return start
