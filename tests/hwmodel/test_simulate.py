"""`step` and `run_events` are one machine, however a program is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Counters, Machine, Operation, Ring, Simulation, SimulationError

MOVE = Operation.MOVE
RING = Ring(tile_bytes=64, slots=2, pitch_bytes=64, scratchpad_address=0)

# [kind, result, control, operands, aux, takes an address?]; 8 values.
SEGMENTS = (
    (
        (Operation.LOAD, 0, 6, -1, -1, -1, 8, 1),
        (Operation.FMUL_F64, 1, -1, 0, 2, -1, 0, 0),
        (Operation.STORE, -1, -1, 1, -1, -1, 8, 1),
    ),
    (
        (Operation.FEXP_F64, 2, -1, 1, -1, -1, 0, 0),
        (MOVE, 3, -1, 2, 0, 1, 0, 0),
        (Operation.SPM_STORE, -1, 6, 3, -1, -1, 8, 1),
    ),
    (
        (Operation.ENQUEUE, -1, -1, 3, -1, -1, 0, 1),
        (Operation.ACQUIRE, 4, -1, 3, -1, -1, 0, 1),
        (Operation.TURN, -1, -1, -1, -1, -1, 0, 0),
        (Operation.INT_ADD, 6, -1, 6, -1, -1, 0, 0),
        (MOVE, 5, -1, -1, -1, -1, 0, 0),
    ),
)
TABLE = np.array([row for segment in SEGMENTS for row in segment], dtype=np.int64)
STARTS = np.cumsum([0, *map(len, SEGMENTS)]).astype(np.int64)


def make_events(choices: list[tuple[int, int]]) -> list[list[int]]:
    """Events with addresses; tiles go to the slots in turn."""
    events: list[list[int]] = []
    tile = 0
    for segment, choice in choices:
        if segment == 0:
            addresses = [8 * (choice % 400), 8 * (choice % 300)]
        elif segment == 1:
            addresses = [8 * (choice % 16)]
        else:
            addresses = [64 * (tile % 2), 64 * ((tile + 1) % 2)]
            tile += 1
        events.append([segment, *addresses])
    return events


def by_steps(simulation: Simulation, events: list[list[int]]) -> list[int]:
    """What `run_events` says it does, with `step` alone."""
    times = [0] * 8
    for segment, *addresses in events:
        waiting = iter(addresses)
        for kind, result, *inputs, aux, takes_address in SEGMENTS[segment]:
            ready = max((times[slot] for slot in inputs if slot >= 0), default=0)
            address = next(waiting) if takes_address else 0
            done = ready if kind == MOVE else simulation.step(kind, ready, address, aux)
            if result >= 0:
                times[result] = done
    return times


def by_events(
    simulation: Simulation, events: list[list[int]], cut: int
) -> tuple[list[int], Counters]:
    times = np.zeros(8, dtype=np.int64)
    for first in range(0, len(events), cut):
        words = [word for words in events[first : first + cut] for word in words]
        buffer = np.array([*words, 99, 99], dtype=np.int64)  # stops before the rest
        used = simulation.run_events(TABLE, STARTS, times, buffer, len(words))
        assert used == len(words)
    return times.tolist(), simulation.finish()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**6)), max_size=60),
    st.integers(1, 7),
)
def test_counters_do_not_depend_on_the_cut(
    machine: Machine, choices: list[tuple[int, int]], cut: int
):
    events = make_events(choices)
    stepped = Simulation(machine, (RING,))
    times = by_steps(stepped, events)
    counters = stepped.finish()
    assert by_events(Simulation(machine, (RING,)), events, cut) == (times, counters)
    assert counters.horizon_overflows == 0


def test_faults_in_events_are_reported(machine: Machine):
    simulation = Simulation(machine, (RING,))
    words = np.array([1, 4096], dtype=np.int64)
    times = np.zeros(8, dtype=np.int64)
    with pytest.raises(SimulationError, match="scratchpad byte 4096"):
        simulation.run_events(TABLE, STARTS, times, words, 2)


def test_a_finished_simulation_is_over(machine: Machine):
    simulation = Simulation(machine)
    simulation.step(Operation.INT_ADD, 0)
    simulation.finish()
    with pytest.raises(SimulationError, match="finished"):
        simulation.step(Operation.INT_ADD, 0)
    with pytest.raises(SimulationError, match="finished"):
        simulation.finish()


def test_dirty_lines_leave_at_the_end(machine: Machine):
    simulation = Simulation(machine)
    for line in range(3):
        simulation.step(Operation.STORE, 100, 64 * line, 8)
    counters = simulation.finish()
    assert counters.write_backs == 3
    assert counters.cycles == 103  # ports at 100, 101, 102
    # The fills asked for at 102, 103, 104 open a row until 112 and come in the turns of
    # 128, 132, 136, at 132, 136, 140, each with a port cycle. Then lines are read at
    # 133, 137, 141, and written in the turns of 140, 144, 148, the last until 152.
    assert counters.flush_cycles == 152 - 103
