"""DRAM: an open row per bank, and a data bus that fills, write-backs and DMA share.

The bus is a calendar of turns, each long enough for one line: turn k begins at cycle
ceil(k * turn_cycles / turns), which keeps a bandwidth like 19.2 B/cycle exact. A read
takes its turn when it is asked for and answers one access latency later; a write takes
its turn when its data is there and nobody waits for it. Rows are spread over the banks
by exclusive-or with the next row bits (Zhang et al., MICRO 2000), so that arrays of
power-of-two size do not meet in one bank. Banks themselves are never busy.
"""

from __future__ import annotations

from hwmodel.datapath import take
from hwmodel.kernel import inner_kernel
from hwmodel.state import BUS, Sim, Tally


@inner_kernel
def take_turn(sim: Sim, cycle: int) -> int:
    """The cycle from `cycle` on at which the bus is free for one line, now taken."""
    turns, turn_cycles = sim.parameters.turns, sim.parameters.turn_cycles
    turn = take(sim, BUS, cycle * turns // turn_cycles, 1)
    return max(cycle, (turn * turn_cycles + turns - 1) // turns)


@inner_kernel
def open_row(sim: Sim, address: int, hits: int, misses: int) -> int:
    """Open the row of `address`, count a hit or miss; the access latency in cycles."""
    parameters = sim.parameters
    row = address >> parameters.row_shift
    banks = sim.open_rows.shape[0]
    bank = (row ^ (row >> parameters.bank_shift)) & (banks - 1)
    before = sim.open_rows[bank]
    sim.open_rows[bank] = row
    if before == row:
        sim.tally[hits] += 1
        return parameters.row_hit
    sim.tally[misses] += 1
    return parameters.closed if before < 0 else parameters.conflict


@inner_kernel
def read_line(sim: Sim, address: int, cycle: int) -> int:
    """Read the line at byte `address`, asked for at `cycle`; its arrival cycle."""
    turn = take_turn(sim, cycle)
    return turn + open_row(sim, address, Tally.READ_ROW_HITS, Tally.READ_ROW_MISSES)


@inner_kernel
def write_line(sim: Sim, address: int, cycle: int) -> int:
    """Write the line at byte `address`, there at `cycle`; when it is off the bus."""
    parameters = sim.parameters
    turn = take_turn(sim, cycle)
    open_row(sim, address, Tally.WRITE_ROW_HITS, Tally.WRITE_ROW_MISSES)
    return turn + (parameters.turn_cycles + parameters.turns - 1) // parameters.turns
