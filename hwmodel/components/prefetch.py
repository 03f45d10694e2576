"""Prefetchers: what is asked of DRAM before a load or store asks.

A prefetcher looks on at two events: a miss, and the first use of a line that it
prefetched (tagged prefetching, Smith, Computing Surveys 1982); ordinary hits tell it
nothing and cost it nothing. `next-line` asks for the lines that follow; the others have
a table and a file. The kernel knows addresses only, no program counter, so streams are
told apart by address (see `prefetch_stride`).

Approximation: events are seen in program order, though a younger access may miss before
an older one; a prefetch is asked for a cycle after its event, at that event's time.
"""

from __future__ import annotations

from hwmodel.components.prefetch_fill import allowed_degree, fetch_ahead
from hwmodel.components.prefetch_markov import follow_history
from hwmodel.components.prefetch_stride import follow_stride
from hwmodel.engine.kernel import inner_kernel, separate_kernel
from hwmodel.engine.state import MARKOV, NEXT_LINE, TRIGGER, TRIGGER_CYCLE, Sim


@separate_kernel
def prefetch(sim: Sim) -> None:
    """Let the prefetcher react to the last event, if there was one."""
    registers, kind = sim.registers, sim.parameters.prefetcher
    line, cycle = registers[TRIGGER], registers[TRIGGER_CYCLE]
    if line < 0:
        return
    registers[TRIGGER] = -1
    degree = allowed_degree(sim)
    if kind == NEXT_LINE:
        proposed = follow_line(sim, line, degree)
    elif kind == MARKOV:
        proposed = follow_history(sim, line, degree)
    else:
        proposed = follow_stride(sim, line, degree)
    for number in range(proposed):
        fetch_ahead(sim, sim.proposals[number], cycle + 1 + number)


@inner_kernel
def follow_line(sim: Sim, line: int, degree: int) -> int:
    """Propose the lines after `line`; how many."""
    for ahead in range(degree):
        sim.proposals[ahead] = line + 1 + ahead
    return degree
