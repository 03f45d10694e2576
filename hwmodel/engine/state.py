"""The state of a running machine: arrays and integers the kernels work on.

All times are absolute cycles, all arrays int64. Kernels index rows and columns by the
constants of this file; `initial_state` lays the arrays out for one machine.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]

# Rows of the calendars: what can be taken by a limited number of users per cycle. Rows
# 1 to 5 agree with `Unit`. The bus counts turns of one line each, not cycles.
ISSUE: Final = 0
INTEGER: Final = 1
FLOAT: Final = 2
CACHE_PORT: Final = 3
SCRATCHPAD_PORT: Final = 4
DMA_COMMAND: Final = 5
MSHR: Final = 6
CHANNEL: Final = 7
BUS: Final = 8
CALENDARS: Final = 9

# Entries of `registers`.
OPERATIONS: Final = 0  # operations stepped so far
OLDEST: Final = 1  # entry of `retirement` that the next operation takes over
RETIRED: Final = 2  # cycle at which everything so far has retired
BARRIER: Final = 3  # no later operation starts before this cycle
TURNED: Final = 4  # cycle of the turn-around, -1 before it
CACHE_CLOCK: Final = 5  # cache accesses so far, the LRU stamp
REACH: Final = 6  # longest probe of the ordering table so far
ERROR: Final = 7  # what went wrong first (`Fault`), 0 for nothing
ERROR_ADDRESS: Final = 8
ERROR_DETAIL: Final = 9
TRIGGER: Final = 10  # line of the last event a prefetcher reacts to, -1 for none
TRIGGER_CYCLE: Final = 11
USED: Final = 12  # prefetched lines used lately
WASTED: Final = 13  # prefetched lines evicted unused lately
LEVEL: Final = 14  # of the prefetcher: 2 full degree, 1 half, 0 hardly any
PROBES: Final = 15  # events at level 0
PREVIOUS: Final = 16  # line of the Markov prefetcher's last event, -1 for none
LIVES: Final = 17  # lives that slots have had so far, in all
FLUSHED: Final = 18  # cycle at which the lines dirty at the end are written back
REGISTERS: Final = 19

# Columns of `lines`, one row per cache line.
TAG: Final = 0  # line number, -1 for none
STAMP: Final = 1  # time of last use in accesses
REQUESTED: Final = 2  # cycle at which the fill was asked for
ARRIVAL: Final = 3  # cycle at which the line is there
DIRTY: Final = 4
PREFETCHED: Final = 5  # asked for by a prefetcher and not used yet
LINE_COLUMNS: Final = 6

# Columns of `departed`, so many rows per set.
GHOST_TAG: Final = 0
GHOST_ARRIVAL: Final = 1
GHOST_LEAVES: Final = 2  # cycle at which the line is evicted
GHOST_DIRTY: Final = 3  # written back already
GHOST_COLUMNS: Final = 4
DEPARTED: Final = 4  # lines evicted last that a set remembers

# Kinds of prefetchers, as in `machine.PREFETCHERS`.
NEXT_LINE: Final = 1
STRIDE: Final = 2
MARKOV: Final = 3

# Columns of `banks`: openings of DRAM rows, the latest in time first.
OPENED: Final = 0  # cycle at which the opening began, -1 for never
READY: Final = 1  # cycle from which columns can be read
ROW: Final = 2
SESSIONS: Final = 4  # openings remembered per bank

# Columns of `slots`, and the first two of `word_times` and `key_times`.
STORED: Final = 0  # cycle at which the last store is done
LOADED: Final = 1  # cycle at which the last load is done
TRANSFERRED: Final = 2  # cycle at which the last DMA transfer that touches it is done
LIFE: Final = 3  # number of its life: each tile that begins or arrives is a new one
FILLED: Final = 4  # whether a transfer brought the tile of this life
ARRIVES: Final = 5  # whether it is on its way and has not been waited for
SLOT_RING: Final = 6  # -1 for what lies outside all rings
SLOT_ADDRESS: Final = 7  # scratchpad byte at which it begins
SLOT_COLUMNS: Final = 8

# Columns of `rings`.
RING_ADDRESS: Final = 0  # scratchpad address of slot 0
RING_SLOTS: Final = 1
RING_PITCH: Final = 2  # bytes from slot to slot
RING_BURSTS: Final = 3  # bursts per tile
RING_DRAM: Final = 4  # DRAM address of tile 0
RING_HEAD: Final = 5  # number of the current tile
RING_ISSUED: Final = 6  # cycle at which the last burst was issued
RING_FIRST: Final = 7  # row of slot 0 in `slots`
RING_CURRENT: Final = 8  # row of the current tile's slot in `slots`
RING_SEEN: Final = 9  # current tile when the part that is logged began
RING_COLUMNS: Final = 10


class Fault(IntEnum):
    """Why a kernel could not carry out an operation."""

    SCRATCHPAD_RANGE = 1
    NO_SUCH_RING = 2
    NOT_A_SLOT = 3
    EMPTY_RING = 4
    WRONG_SLOT = 5
    NOT_CURRENT = 6
    BEFORE_ARRIVAL = 7
    STALE = 8
    NEVER_WRITTEN = 9


class Parameters(NamedTuple):
    """The machine in integers: cycles, shifts and masks."""

    window: int
    sets: int
    ways: int
    line_shift: int
    hit_latency: int
    scratchpad_bytes: int
    scratchpad_latency: int
    banks: int  # of the scratchpad, a power of two, 0 for an array with all the ports
    setup: int
    burst_lines: int
    requests_in_flight: int
    row_hit: int
    closed: int
    conflict: int
    row_cycle: int
    turns: int  # the bus moves `turns` lines in `turn_cycles` cycles
    turn_cycles: int
    row_shift: int
    bank_shift: int
    prefetcher: int
    prefetch_degree: int
    hash_shift: int  # from a 32-bit hash to an entry of the ordering table


class Sim(NamedTuple):
    """Everything a kernel needs; shapes in brackets."""

    parameters: Parameters
    registers: Array  # [REGISTERS]
    tally: Array  # [counters that are tallied], see `counters`
    counts: Array  # [kinds] operations per kind
    unit: Array  # [kinds]
    latency: Array  # [kinds]
    interval: Array  # [kinds] cycles a unit is busy
    retirement: Array  # [window] retirement cycles, a ring
    capacity: Array  # [CALENDARS] users per cycle, 0 for unlimited
    calendar: Array  # [CALENDARS, horizon]
    links: Array  # [CALENDARS, horizon]
    bank_calendar: Array  # [horizon], see `banks`; one entry without banks
    keys: Array  # [entries] addresses in the ordering table
    key_times: Array  # [entries, 2]
    lines: Array  # [sets * ways, LINE_COLUMNS]
    departed: Array  # [sets * DEPARTED, GHOST_COLUMNS]
    prefetch_table: Array  # [entries, 4], see the prefetchers
    proposals: Array  # [degree] lines that the prefetcher would like, -1 for none
    banks: Array  # [banks, SESSIONS + 1, 3], the last row of a bank always -1
    word_times: Array  # [scratchpad bytes + 1, 2]
    word_tags: Array  # [scratchpad words + 1] life << 8 | bytes stored, one bit each
    slot_of_line: Array  # [scratchpad lines + 1]
    slots: Array  # [slots of all rings + 1, SLOT_COLUMNS]
    rings: Array  # [rings, RING_COLUMNS]
    in_flight: Array  # [requests in flight] completion cycles
    log: Array  # [rows, LOG_COLUMNS], see `event_log`; empty without anybody looking
