"""DRAM: banks with one open row each, and a data bus that all traffic shares.

A bank remembers its last `SESSIONS` openings of a row, each a cycle and a row. An
access finds the row that is open at its own cycle: a hit needs the column latency alone
and waits for an opening under way; a miss opens its row at the first cycle that is a
row cycle away from every other opening of the bank. So an access that comes later in
the program but earlier in time meets the bank as it then was, and requests for one row
that arrive within a row cycle share one opening, as a first-ready scheduler has it.

The bus is a calendar of turns, each long enough for one line: turn k begins at cycle
ceil(k * turn_cycles / turns), which keeps a bandwidth like 19.2 B/cycle exact. A read
takes its turn when its data comes, a write when its data is there: it is posted, the
bank opens its row for it, and nobody waits for that. Rows are spread over the banks
by exclusive-or with the next row bits (Zhang et al., MICRO 2000), so that arrays of
power-of-two size do not meet in one bank.

Approximations: an opening that is inserted before one already made does not undo the
latter's hits; openings older than the last `SESSIONS` of a bank are forgotten; refresh,
the turn-around between reads and writes and the activation window of four are left out.
"""

from __future__ import annotations

from hwmodel.datapath import take
from hwmodel.kernel import at, inner_kernel
from hwmodel.state import (
    BUS,
    OPENED,
    READY,
    ROW,
    SESSIONS,
    Array,
    Sim,
    Tally,
)


@inner_kernel
def take_turn(sim: Sim, cycle: int) -> int:
    """The cycle from `cycle` on at which the bus is free for one line, now taken."""
    turns, turn_cycles = sim.parameters.turns, sim.parameters.turn_cycles
    turn = take(sim, BUS, cycle * turns // turn_cycles, 1)
    return max(cycle, (turn * turn_cycles + turns - 1) // turns)


@inner_kernel
def turn_length(sim: Sim) -> int:
    """Cycles that a line is on the bus."""
    parameters = sim.parameters
    return (parameters.turn_cycles + parameters.turns - 1) // parameters.turns


@inner_kernel
def open_row(sim: Sim, address: int, cycle: int, hits: int, misses: int) -> int:
    """Open the row of `address`, count a hit or miss; when columns can be read.

    The access asks at `cycle`; it starts later if the bank is in its row cycle.
    """
    parameters, banks = sim.parameters, sim.banks
    row = address >> parameters.row_shift
    bank = (row ^ (row >> parameters.bank_shift)) & (banks.shape[0] - 1)
    start = cycle
    while True:
        latest = latest_session(banks, bank, start)
        if latest >= 0 and banks[bank, at(latest), ROW] == row:
            sim.tally[hits] += 1
            return max(start, banks[bank, at(latest), READY])
        following = next_start(banks, bank, start, parameters.row_cycle)
        if following == start:
            break
        start = following
    sim.tally[misses] += 1
    latency = parameters.closed if latest < 0 else parameters.conflict
    oldest = 0
    for session in range(1, SESSIONS):
        if banks[bank, session, OPENED] < banks[bank, oldest, OPENED]:
            oldest = session
    banks[bank, oldest, OPENED] = start
    banks[bank, oldest, READY] = start + latency - parameters.row_hit
    banks[bank, oldest, ROW] = row
    return start + latency - parameters.row_hit


@inner_kernel
def latest_session(banks: Array, bank: int, cycle: int) -> int:
    """The session that is open at `cycle`, -1 for none."""
    latest = -1
    opened = -1
    for session in range(SESSIONS):
        start = banks[bank, session, OPENED]
        if opened < start <= cycle:
            latest, opened = session, start
    return latest


@inner_kernel
def next_start(banks: Array, bank: int, cycle: int, row_cycle: int) -> int:
    """`cycle` if a row may be opened then; else the next cycle worth a look."""
    following = cycle
    for session in range(SESSIONS):
        start = banks[bank, session, OPENED]
        if start >= 0 and cycle - row_cycle < start < cycle + row_cycle:
            candidate = start if start > cycle else start + row_cycle
            if following == cycle or candidate < following:
                following = candidate
    return following


@inner_kernel
def read_line(sim: Sim, address: int, cycle: int) -> int:
    """Read the line at byte `address`, asked for at `cycle`; its arrival cycle."""
    column = open_row(sim, address, cycle, Tally.READ_ROW_HITS, Tally.READ_ROW_MISSES)
    length = turn_length(sim)
    data = max(cycle, column + sim.parameters.row_hit - length)
    return take_turn(sim, data) + length


@inner_kernel
def write_line(sim: Sim, address: int, cycle: int) -> int:
    """Write the line at byte `address`, there at `cycle`; when it is off the bus."""
    open_row(sim, address, cycle, Tally.WRITE_ROW_HITS, Tally.WRITE_ROW_MISSES)
    return take_turn(sim, cycle) + turn_length(sim)
