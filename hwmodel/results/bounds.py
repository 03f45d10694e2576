"""Lower bounds on the cycles of a program, whatever is cached, staged or streamed.

`Work` is what one run of a program asks of a machine: operations per kind of unit,
words accessed, lines that have to come from and to go to DRAM, and the height of its
dataflow graph where every resource is unlimited and every access hits. `bounds_of`
divides each by what the machine can do in a cycle. Whatever a run does besides comes on
top, so no run of at least this work takes fewer cycles than the largest of the bounds.

- DRAM: a line whose first access is a load comes from DRAM. What the caller can see
  after the run, `results_bytes` from byte 0, is stored and goes to DRAM, except for as
  much as fits the SRAM, which the run may leave there.
- Arithmetic: per kind of unit, cycles for which operations keep units busy, over units.
- Issue: all operations over the issue width.
- Ports: 8-byte words that are accessed over ports of cache and scratchpad together.
- Path: an operation waits for its operands, the control of its region, and a load for
  the last store to its address. Stores wait for nothing but their operands: memory
  could be renamed. Accesses of less than 4 bytes wait for no store, which keeps it a
  bound from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwmodel.description.machine import Machine
from hwmodel.description.operations import OPERATION_TABLE, Operation, Unit
from hwmodel.engine.initial_state import initial_state
from hwmodel.engine.kernel import at, kernel, machine_code
from hwmodel.engine.state import Array, Sim

_LOAD = int(Operation.LOAD)
_FREE_LOAD = int(Operation.FREE_LOAD)
_FREE_STORE = int(Operation.FREE_STORE)
_CACHE = int(Unit.CACHE)
_NONE = int(Unit.NONE)

# Bits of what is known of a line.
_TOUCHED = 1
_LOADED_FIRST = 2
_STORED = 4

# Entries of `totals`.
_HEIGHT = 0
_WORDS = 1


@dataclass(frozen=True)
class Work:
    """What one run of a program asks of any machine."""

    counts: dict[str, int]
    """Operations by kind."""
    words: int
    """8-byte words loaded and stored."""
    lines_in: int
    """Lines whose first access is a load."""
    lines_out: int
    """Lines of results that are stored to."""
    path_cycles: int
    """Height of the dataflow graph."""


@dataclass(frozen=True)
class Bounds:
    """Cycles below which no run of the work can stay, by what limits it."""

    dram_cycles: float
    arithmetic_cycles: float
    issue_cycles: float
    port_cycles: float
    path_cycles: float

    @property
    def largest_cycles(self) -> float:
        """The one that holds the others."""
        return max(
            self.dram_cycles,
            self.arithmetic_cycles,
            self.issue_cycles,
            self.port_cycles,
            self.path_cycles,
        )


def bounds_of(work: Work, machine: Machine) -> Bounds:
    """What the work takes at least on a machine, in cycles."""
    line_bytes = machine.cache.line_bytes
    kept = machine.sram_bytes // line_bytes
    moved_bytes = (work.lines_in + max(0, work.lines_out - kept)) * line_bytes
    bytes_per_cycle = machine.dram.bandwidth_gb_per_s * machine.period_ns
    busy = _busy_cycles(work, machine)
    units = {
        Unit.INTEGER: machine.datapath.integer_units,
        Unit.FLOAT: machine.datapath.float_units,
    }
    operations = sum(work.counts.values())
    width = machine.datapath.issue_width
    ports = machine.cache.ports + machine.scratchpad.ports
    return Bounds(
        dram_cycles=moved_bytes / bytes_per_cycle,
        arithmetic_cycles=max(
            busy[unit] / count if count else 0.0 for unit, count in units.items()
        ),
        issue_cycles=operations / width if width else 0.0,
        port_cycles=work.words / ports if ports else 0.0,
        path_cycles=float(work.path_cycles),
    )


def _busy_cycles(work: Work, machine: Machine) -> dict[Unit, int]:
    """Cycles for which the operations keep units busy."""
    interval = initial_state(machine, ()).interval
    busy = dict.fromkeys(Unit, 0)
    for name, count in work.counts.items():
        kind = Operation[name]
        busy[OPERATION_TABLE[kind].unit] += count * int(interval[kind])
    return busy


class WorkMeter:
    """Adds up the work of a program from the events that a `Simulation` would run."""

    def __init__(self, machine: Machine) -> None:
        self._sim = initial_state(machine, ())
        self._line_bytes = machine.cache.line_bytes
        self._stored = np.zeros(0, dtype=np.int64)
        self._lines = np.zeros(0, dtype=np.uint8)
        self._totals = np.zeros(2, dtype=np.int64)

    def run_events(
        self,
        table: Array,
        segments: Array,
        times: Array,
        events: Array,
        n: int,
        end_bytes: int,
    ) -> None:
        """Take in `n` words of events, none with an address from `end_bytes` on."""
        self._stored = _grown(self._stored, end_bytes // 4 + 2)
        self._lines = _grown(self._lines, end_bytes // self._line_bytes + 2)
        machine_code(measure)(
            self._sim,
            self._stored,
            self._lines,
            self._totals,
            table,
            segments,
            times,
            events,
            n,
        )

    def finish(self, results_bytes: int) -> Work:
        """The work; what lies below byte `results_bytes` is seen after the run."""
        results = self._lines[: -(-results_bytes // self._line_bytes)]
        return Work(
            counts={
                kind.name: int(self._sim.counts[kind])
                for kind in Operation
                if self._sim.counts[kind]
            },
            words=int(self._totals[_WORDS]),
            lines_in=int(np.count_nonzero(self._lines & _LOADED_FIRST)),
            lines_out=int(np.count_nonzero(results & _STORED)),
            path_cycles=int(self._totals[_HEIGHT]),
        )


def _grown(array: np.ndarray, size: int) -> np.ndarray:
    if size <= array.size:
        return array
    larger = np.zeros(max(size, 2 * array.size), dtype=array.dtype)
    larger[: array.size] = array
    return larger


@kernel
def measure(
    sim: Sim,
    stored: Array,
    lines: Array,
    totals: Array,
    table: Array,
    segments: Array,
    times: Array,
    events: Array,
    n: int,
) -> None:
    """Run events as `hwmodel.simulate.run_events` does, with unlimited resources."""
    position = 0
    height = totals[_HEIGHT]
    while position < n:
        segment = events[at(position)]
        position += 1
        for row in range(segments[at(segment)], segments[at(segment + 1)]):
            done = 0
            for column in range(2, 6):
                slot = table[at(row), column]
                if slot >= 0:
                    done = max(done, int(times[at(slot)]))
            address = 0
            if table[at(row), 7]:
                address = events[at(position)]
                position += 1
            kind = table[at(row), 0]
            size = table[at(row), 6]
            unit = sim.unit[at(kind)]
            if kind == _FREE_LOAD:
                if size >= 4:
                    done = max(done, stored[at(address >> 2)])
            elif kind == _FREE_STORE:
                if size >= 4:
                    stored[at(address >> 2)] = done
            elif unit == _CACHE:
                is_load = kind == _LOAD
                if is_load and size >= 4:
                    done = max(done, stored[at(address >> 2)])
                done += sim.parameters.hit_latency if is_load else 1
                if not is_load and size >= 4:
                    stored[at(address >> 2)] = done
                for word in range(address >> 3, ((address + size - 1) >> 3) + 1):
                    totals[_WORDS] += 1
                    line = (word << 3) >> sim.parameters.line_shift
                    known = lines[at(line)]
                    if known == 0:
                        known = _TOUCHED | (_LOADED_FIRST if is_load else 0)
                    lines[at(line)] = known | (0 if is_load else _STORED)
            else:
                done += sim.latency[at(kind)]
            if unit != _NONE:
                sim.counts[at(kind)] += 1
                height = max(height, done)
            if table[at(row), 1] >= 0:
                times[at(table[at(row), 1])] = done
    totals[_HEIGHT] = height
