"""Traces for DRAMsim3 from hand-worked runs."""

import io
from dataclasses import replace

import numpy as np
import pytest

from hwmodel import Machine, MachineError, Operation, Ring, Simulation, Watch
from hwmodel.description.machine import DRAM_TECHNOLOGIES
from hwmodel.results.dram_trace import dram_clock_hz, packed, write_dram_trace

RING = Ring(tile_bytes=64, slots=2, pitch_bytes=64, scratchpad_address=0)


def trace_of(simulation: Simulation) -> list[str]:
    """The lines written."""
    file = io.BytesIO()
    write_dram_trace(simulation.log(), file)
    return file.getvalue().decode().splitlines()


def test_requests_stand_at_the_cycle_they_ask(machine: Machine):
    # A clock like that of DDR4-2400, so that cycles stay what they are.
    same_clock = replace(machine, clock_hz=1.2e9)
    simulation = Simulation(same_clock, (RING,), Watch(dram_requests=100))
    simulation.step(Operation.ENQUEUE, 88, 0, 0)  # set up until 99, row read at 99
    simulation.step(Operation.STORE, 50, 64, 8)  # tags at 52
    simulation.finish()  # writes the line back
    # The line arrives at 86 (the latencies of the memory grow by the clock), is read
    # out at 89, the last cycle that retires an operation, and written. The stack of
    # the ring, a tebibyte up, follows the row of the line.
    assert [line.split()[:2] for line in trace_of(simulation)] == [
        ["0x40", "READ"],
        ["0x40", "WRITE"],
        ["0x400", "WRITE"],
    ]
    assert trace_of(simulation)[0] == "0x40 READ 52"


def test_cycles_are_of_the_clock_of_the_memory(machine: Machine):
    simulation = Simulation(machine, (), Watch(dram_requests=100))
    simulation.step(Operation.LOAD, 98, 0, 8)  # tags at 100, at 1 GHz
    assert trace_of(simulation) == ["0x0 READ 120"]  # at 1.2 GHz


def test_windows_of_rings_are_moved_behind_each_other():
    window = 1 << 40
    addresses = np.array([0, 1088, window + 64, 2 * window + 1024, window])
    assert packed(addresses, 1024).tolist() == [0, 1088, 2112, 4096, 2048]


def test_every_technology_has_a_clock():
    for technology in DRAM_TECHNOLOGIES:
        assert dram_clock_hz(technology) >= 800e6
    assert dram_clock_hz("DDR4-2400") == 1200e6
    with pytest.raises(MachineError, match="clock of XYZ is not known"):
        dram_clock_hz("XYZ")
