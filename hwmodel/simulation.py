"""`Simulation`: one run of one machine, from the first operation to its counters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from hwmodel import simulate
from hwmodel.components.cache import write_back_all
from hwmodel.description.errors import SimulationError
from hwmodel.description.machine import Machine
from hwmodel.description.ring import Ring
from hwmodel.engine import state
from hwmodel.engine.counters import Counters, counters_of
from hwmodel.engine.event_log import UNWATCHED, Watch, note_last_operations
from hwmodel.engine.initial_state import initial_state
from hwmodel.engine.kernel import chosen, entry_point, is_plain
from hwmodel.engine.state import Array, Fault
from hwmodel.results.run_log import RunLog, run_log_of

_FAULTS = {
    Fault.SCRATCHPAD_RANGE: "an access of {detail} bytes at scratchpad byte {address} "
    "is out of range: the scratchpad has {capacity} bytes",
    Fault.NO_SUCH_RING: "a DMA command names ring {detail} of {rings}",
    Fault.NOT_A_SLOT: "no slot of ring {detail} begins at scratchpad byte {address}",
    Fault.EMPTY_RING: "ring {detail} is empty: no tile is left to take back into the "
    "slot at scratchpad byte {address}",
    Fault.WRONG_SLOT: "the slot at scratchpad byte {address} is not that of the "
    "current tile of ring {detail}",
    Fault.NOT_CURRENT: "a load at scratchpad byte {address} is not of the current tile "
    "{detail} of its ring",
    Fault.BEFORE_ARRIVAL: "a load at scratchpad byte {address} reads tile {detail} of "
    "its ring, which is on its way: dequeue it first",
    Fault.STALE: "a load of {detail} bytes at scratchpad byte {address} finds what was "
    "stored for an earlier tile of its slot",
    Fault.NEVER_WRITTEN: "a load of {detail} bytes at scratchpad byte {address} finds "
    "bytes that were never stored",
}


class Simulation:
    """A machine at work. Hand it operations in program order, then `finish()`.

    `arrays` is what the kernel `run_events` takes; engines may call it, or `issue`,
    and leave it to `check()` or `finish()` to report faults. `watch` says what to log
    for a timeline or a trace of DRAM requests; it changes no counter.
    """

    def __init__(
        self, machine: Machine, rings: tuple[Ring, ...] = (), watch: Watch = UNWATCHED
    ) -> None:
        for number, ring in enumerate(rings):
            ring.check(number, machine)
        self.machine = machine
        self.rings = rings
        self.arrays = initial_state(machine, rings, watch)
        self._watch = watch
        self._is_finished = False

    @cached_property
    def _step(self) -> Callable[..., int]:
        return entry_point(simulate.step, self.arrays, 0, 0, 0, 0)

    def step(self, kind: int, ready: int, address: int = 0, aux: int = 0) -> int:
        """Run one operation; the cycle at which its result is ready.

        `ready` is the cycle at which its operands are there. Raises SimulationError if
        the operation breaks a rule of the machine.
        """
        self._check_running()
        done = self.issue(kind, ready, address, aux)
        self.check()
        return done

    def issue(self, kind: int, ready: int, address: int, aux: int) -> int:
        """`step` without its checks."""
        step = simulate.step if is_plain(1) else self._step
        return int(step(self.arrays, kind, ready, address, aux))

    def run_events(
        self, table: Array, segments: Array, times: Array, events: Array, n: int
    ) -> int:
        """Run the events in the first `n` words; see `hwmodel.simulate.run_events`."""
        self._check_running()
        used = simulate.run_all(self.arrays, table, segments, times, events, n)
        self.check()
        return int(used)

    @property
    def now(self) -> int:
        """The cycle at which everything so far has retired."""
        return int(self.arrays.registers[state.RETIRED])

    def check(self) -> None:
        """Raise SimulationError if an operation so far broke a rule of the machine."""
        registers = self.arrays.registers
        if registers[state.ERROR]:
            sentence = _FAULTS[Fault(int(registers[state.ERROR]))]
            raise SimulationError(
                sentence.format(
                    address=int(registers[state.ERROR_ADDRESS]),
                    detail=int(registers[state.ERROR_DETAIL]),
                    capacity=self.machine.scratchpad.capacity_bytes,
                    rings=len(self.rings),
                )
            )

    def finish(self) -> Counters:
        """Write back dirty lines, check that bytes are conserved, and count.

        The time of those last write-backs is `flush_cycles`, apart from `cycles`.
        """
        self._check_running()
        self.check()
        self._is_finished = True
        arrays = self.arrays
        note = chosen(note_last_operations, 1)
        note(arrays.log, arrays.unit, arrays.counts, self.now)
        # A line that is clean costs a hundredth of an operation.
        write_back = chosen(write_back_all, len(arrays.lines) // 100)
        arrays.registers[state.FLUSHED] = write_back(arrays, self.now)
        counters = counters_of(arrays)
        _check_conservation(counters, self.machine.cache.line_bytes)
        return counters

    def log(self) -> RunLog:
        """What was logged so far, as `watch` asked for it."""
        return run_log_of(self.machine, self.rings, self._watch, self.arrays)

    def _check_running(self) -> None:
        if self._is_finished:
            raise SimulationError("the simulation is finished; make a new one")


def _check_conservation(counters: Counters, line_bytes: int) -> None:
    """What DRAM moved is what fills, write-backs and DMA asked for; no tile is lost."""
    read = counters.line_fills + counters.dma_lines_in + counters.direct_reads
    written = counters.write_backs + counters.dma_lines_out + counters.direct_writes
    balances = (
        ("DRAM reads", counters.dram_read_bytes, "all requests", read * line_bytes),
        (
            "DRAM writes",
            counters.dram_write_bytes,
            "all requests",
            written * line_bytes,
        ),
        (
            "tiles pushed",
            counters.tiles_pushed,
            "tiles popped and left",
            counters.tiles_popped + counters.tiles_left,
        ),
    )
    for name, amount, parts, total in balances:
        if amount != total:
            raise SimulationError(f"{name} are {amount}, but {parts} are {total}")
