"""Lays out the arrays of a machine before its first operation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from hwmodel.description.machine import PREFETCHERS, Machine
from hwmodel.description.operations import OPERATION_TABLE, Operation, OperationFigures
from hwmodel.description.ring import Ring
from hwmodel.engine import state
from hwmodel.engine.counters import TALLIED
from hwmodel.engine.event_log import UNWATCHED, Watch
from hwmodel.engine.state import Array, Parameters, Sim

_SHORTEST_HORIZON = 1 << 12
_LONGEST_HORIZON = 1 << 20


def initial_state(
    machine: Machine, rings: tuple[Ring, ...], watch: Watch = UNWATCHED
) -> Sim:
    """All components idle, the cache cold, every DRAM row closed."""
    parameters = make_parameters(machine)
    latency, interval = _latencies(machine)
    horizon = _horizon(machine, parameters, rings, int(latency.max()))
    entries = _power_of_two(4 * parameters.window)
    lines = _filled((parameters.sets * parameters.ways, state.LINE_COLUMNS), 0)
    lines[:, state.TAG] = -1
    registers = _filled((state.REGISTERS,), 0)
    registers[state.TURNED] = -1
    registers[state.REACH] = 1
    registers[state.TRIGGER] = registers[state.PREVIOUS] = -1
    registers[state.LEVEL] = 2
    slots = _slot_rows(rings)
    registers[state.LIVES] = len(slots)
    return Sim(
        parameters=parameters,
        registers=registers,
        tally=_filled((len(TALLIED),), 0),
        counts=_filled((len(Operation),), 0),
        unit=np.array([OPERATION_TABLE[k].unit for k in Operation], dtype=np.int64),
        latency=latency,
        interval=interval,
        retirement=_filled((parameters.window,), 0),
        capacity=_capacities(machine),
        calendar=np.zeros((state.CALENDARS, horizon), dtype=np.int64),
        links=np.zeros((state.CALENDARS, horizon), dtype=np.int64),
        bank_calendar=np.zeros(horizon if parameters.banks else 1, dtype=np.int64),
        keys=_filled((entries,), -1),
        key_times=_filled((entries, 2), 0),
        lines=lines,
        departed=_departed(parameters.sets),
        prefetch_table=_filled((max(1, machine.cache.prefetcher_entries), 4), -1),
        proposals=_filled((machine.cache.prefetch_degree,), -1),
        banks=_filled((machine.dram.banks, state.SESSIONS + 1, 3), -1),
        word_times=_filled((machine.scratchpad.capacity_bytes + 1, 2), 0),
        word_tags=_filled((machine.scratchpad.capacity_bytes // 8 + 1,), 0),
        slot_of_line=_slot_map(machine, slots, rings),
        slots=slots,
        rings=_ring_rows(machine, rings),
        in_flight=_filled((parameters.requests_in_flight,), 0),
        log=watch.empty_log(),
    )


def _departed(sets: int) -> Array:
    rows = _filled((sets * state.DEPARTED, state.GHOST_COLUMNS), 0)
    rows[:, state.GHOST_TAG] = -1
    return rows


def make_parameters(machine: Machine) -> Parameters:
    """The machine in the integers that kernels use; nanoseconds round to cycles."""
    cache, dram, dma = machine.cache, machine.dram, machine.dma
    bandwidth = Fraction(str(dram.bandwidth_gb_per_s)) * 10**9
    per_cycle = bandwidth / Fraction(machine.clock_hz) / cache.line_bytes
    per_cycle = per_cycle.limit_denominator(10**6)
    if not per_cycle:
        per_cycle = Fraction(1, 10**6)
    return Parameters(
        window=machine.datapath.window,
        sets=cache.sets,
        ways=cache.ways,
        line_shift=cache.line_bytes.bit_length() - 1,
        hit_latency=cache.hit_latency_cycles,
        scratchpad_bytes=machine.scratchpad.capacity_bytes,
        scratchpad_latency=machine.scratchpad.latency_cycles,
        banks=machine.scratchpad.banks,
        setup=dma.setup_cycles,
        burst_lines=dma.burst_bytes // cache.line_bytes,
        requests_in_flight=dma.requests_in_flight,
        row_hit=_cycles(dram.row_hit_ns, machine),
        closed=_cycles(dram.closed_ns, machine),
        conflict=_cycles(dram.conflict_ns, machine),
        row_cycle=_cycles(dram.row_cycle_ns, machine) if dram.row_cycle_ns else 0,
        turns=per_cycle.numerator,
        turn_cycles=per_cycle.denominator,
        row_shift=dram.row_bytes.bit_length() - 1,
        bank_shift=dram.banks.bit_length() - 1,
        prefetcher=PREFETCHERS.index(cache.prefetcher),
        prefetch_degree=cache.prefetch_degree,
        hash_shift=33 - _power_of_two(4 * machine.datapath.window).bit_length(),
    )


def _cycles(nanoseconds: float, machine: Machine) -> int:
    """The nearest number of cycles, at least one."""
    return max(1, int(nanoseconds * machine.clock_hz / 1e9 + 0.5))


def _latencies(machine: Machine) -> tuple[Array, Array]:
    """Per kind: cycles to the result, and cycles before its unit is free again."""
    overrides = dict(machine.datapath.latency_cycles)

    def latency(kind: Operation, figures: OperationFigures) -> int:
        return max(0, overrides.get(kind.name, figures.latency_cycles))

    latencies = [latency(kind, OPERATION_TABLE[kind]) for kind in Operation]
    given = dict(machine.datapath.interval_cycles)
    intervals = [
        given.get(kind.name, 1 if OPERATION_TABLE[kind].pipelined else max(1, cycles))
        for kind, cycles in zip(Operation, latencies, strict=True)
    ]
    return (
        np.array(latencies, dtype=np.int64),
        np.array(intervals, dtype=np.int64),
    )


def _capacities(machine: Machine) -> Array:
    """Users per cycle of each calendar, 0 for unlimited."""
    capacity = _filled((state.CALENDARS,), 0)
    capacity[state.ISSUE] = machine.datapath.issue_width
    capacity[state.INTEGER] = machine.datapath.integer_units
    capacity[state.FLOAT] = machine.datapath.float_units
    capacity[state.CACHE_PORT] = machine.cache.ports
    capacity[state.SCRATCHPAD_PORT] = machine.scratchpad.ports
    capacity[state.MSHR] = machine.cache.mshrs
    capacity[state.CHANNEL] = machine.dma.channels
    capacity[state.BUS] = 1
    return capacity


def _horizon(
    machine: Machine, parameters: Parameters, rings: tuple[Ring, ...], longest: int
) -> int:
    """Cycles a calendar spans: a window of dependent operations and all transfers."""
    turn = -(-parameters.turn_cycles // parameters.turns)
    slowest = parameters.conflict + parameters.row_cycle
    miss = parameters.hit_latency + slowest + 2 * turn
    cycles = parameters.window * max(longest, miss)
    for ring in rings:
        lines = ring.burst_count(machine.dma.burst_bytes) * parameters.burst_lines
        transfer = parameters.setup + slowest + 2 * lines * turn
        cycles += (2 * ring.slots + 1) * transfer
    turns = max(1, -(-parameters.turns // parameters.turn_cycles))
    horizon = _power_of_two(turns * cycles)
    return min(max(horizon, _SHORTEST_HORIZON), _LONGEST_HORIZON)


def _slot_rows(rings: tuple[Ring, ...]) -> Array:
    """The slots of all rings in order, and one more for what lies outside of them."""
    count = sum(ring.slots for ring in rings)
    slots = _filled((count + 1, state.SLOT_COLUMNS), 0)
    slots[:, state.LIFE] = range(1, count + 2)
    slots[:, state.SLOT_RING] = -1
    slot = 0
    for number, ring in enumerate(rings):
        for index in range(ring.slots):
            address = ring.scratchpad_address + index * ring.pitch_bytes
            slots[slot, state.SLOT_RING] = number
            slots[slot, state.SLOT_ADDRESS] = address
            slot += 1
    return slots


def _slot_map(machine: Machine, slots: Array, rings: tuple[Ring, ...]) -> Array:
    """For each scratchpad line the slot it belongs to."""
    line = machine.cache.line_bytes
    outside = len(slots) - 1
    owners = _filled((machine.scratchpad.capacity_bytes // line + 1,), outside)
    for slot in range(outside):
        first = int(slots[slot, state.SLOT_ADDRESS])
        pitch_bytes = rings[int(slots[slot, state.SLOT_RING])].pitch_bytes
        owners[first // line : (first + pitch_bytes) // line] = slot
    return owners


def _ring_rows(machine: Machine, rings: tuple[Ring, ...]) -> Array:
    rows = _filled((len(rings), state.RING_COLUMNS), 0)
    slot = 0
    for number, ring in enumerate(rings):
        rows[number, state.RING_ADDRESS] = ring.scratchpad_address
        rows[number, state.RING_SLOTS] = ring.slots
        rows[number, state.RING_PITCH] = ring.pitch_bytes
        rows[number, state.RING_BURSTS] = ring.burst_count(machine.dma.burst_bytes)
        rows[number, state.RING_DRAM] = ring.stack_address(number, machine)
        rows[number, state.RING_FIRST] = rows[number, state.RING_CURRENT] = slot
        slot += ring.slots
    return rows


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _filled(shape: tuple[int, ...], value: int) -> Array:
    return np.full(shape, value, dtype=np.int64)
