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

from hwmodel.components.datapath import take
from hwmodel.engine.counters import Tally
from hwmodel.engine.event_log import Event, note_request
from hwmodel.engine.kernel import at, inner_kernel
from hwmodel.engine.state import (
    BUS,
    OPENED,
    READY,
    ROW,
    SESSIONS,
    Array,
    Sim,
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
        session = session_at(banks, bank, start)
        opened = banks[at(bank), at(session), OPENED]
        if opened >= 0 and banks[at(bank), at(session), ROW] == row:
            sim.tally[hits] += 1
            return max(start, banks[at(bank), at(session), READY])
        following = start
        if opened >= 0 and start - opened < parameters.row_cycle:
            following = opened + parameters.row_cycle
        if session > 0:
            newer = banks[at(bank), at(session - 1), OPENED]
            if newer - start < parameters.row_cycle:
                following = newer if following == start else min(following, newer)
        if following == start:
            break
        start = following
    sim.tally[misses] += 1
    latency = parameters.closed if opened < 0 else parameters.conflict
    ready = start + latency - parameters.row_hit
    if session < SESSIONS:
        remember(banks, bank, session, start, ready, row)
    return ready


@inner_kernel
def session_at(banks: Array, bank: int, cycle: int) -> int:
    """The opening that holds at `cycle`; `SESSIONS`, a row of -1, if none is known."""
    session = 0
    while session < SESSIONS and banks[at(bank), at(session), OPENED] > cycle:
        session += 1
    return session


@inner_kernel
def remember(
    banks: Array, bank: int, session: int, opened: int, ready: int, row: int
) -> None:
    """Enter an opening at its place in time, forgetting the oldest one."""
    for later in range(SESSIONS - 1, session, -1):
        for column in range(3):
            banks[at(bank), at(later), column] = banks[at(bank), at(later - 1), column]
    banks[at(bank), at(session), OPENED] = opened
    banks[at(bank), at(session), READY] = ready
    banks[at(bank), at(session), ROW] = row


@inner_kernel
def read_line(sim: Sim, address: int, cycle: int) -> int:
    """Read the line at byte `address`, asked for at `cycle`; its arrival cycle."""
    column = open_row(
        sim, address, cycle, Tally.dram_read_row_hits, Tally.dram_read_row_misses
    )
    length = turn_length(sim)
    data = max(cycle, column + sim.parameters.row_hit - length)
    turn = take_turn(sim, data)
    if sim.log.shape[0]:
        end = turn + length
        note_request(sim.log, Event.READ, cycle, end, address, turn - data)
    return turn + length


@inner_kernel
def write_line(sim: Sim, address: int, cycle: int) -> int:
    """Write the line at byte `address`, there at `cycle`; when it is off the bus."""
    open_row(
        sim, address, cycle, Tally.dram_write_row_hits, Tally.dram_write_row_misses
    )
    turn = take_turn(sim, cycle)
    end = turn + turn_length(sim)
    if sim.log.shape[0]:
        note_request(sim.log, Event.WRITE, cycle, end, address, turn - cycle)
    return end
