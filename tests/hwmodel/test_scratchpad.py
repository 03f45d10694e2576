"""The scratchpad's ports, latency and ordering on hand-worked traces."""

from dataclasses import replace

import pytest

from hwmodel import Machine, Operation, Simulation, SimulationError

LOAD, STORE = Operation.SPM_LOAD, Operation.SPM_STORE


def test_latency_and_ports(machine: Machine):
    simulation = Simulation(machine)
    # One port: starts 0, 1, 2; a load takes 1 cycle, a store is accepted after 1.
    assert [simulation.step(LOAD, 0, 8 * k, 8) for k in range(3)] == [1, 2, 3]
    pad = replace(machine.scratchpad, ports=2, latency_cycles=3)
    wide = Simulation(replace(machine, scratchpad=pad))
    assert [wide.step(LOAD, 0, 8 * k, 8) for k in range(3)] == [3, 3, 4]
    assert wide.step(STORE, 10, 0, 8) == 11


def test_same_address_order(machine: Machine):
    pad = replace(machine.scratchpad, ports=4, latency_cycles=3)
    simulation = Simulation(replace(machine, scratchpad=pad))
    assert simulation.step(STORE, 20, 0, 8) == 21
    assert simulation.step(LOAD, 0, 0, 8) == 21 + 3  # after the store
    assert simulation.step(LOAD, 0, 8, 8) == 3  # another word
    assert simulation.step(STORE, 0, 0, 8) == 24 + 1  # after the load


def test_bytes_of_one_word_are_apart(machine: Machine):
    pad = replace(machine.scratchpad, ports=4)
    simulation = Simulation(replace(machine, scratchpad=pad))
    simulation.step(STORE, 20, 0, 1)
    assert simulation.step(LOAD, 0, 1, 1) == 1


def test_an_access_across_words_needs_two_port_cycles(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(LOAD, 0, 4, 8) == 2  # ports at 0 and 1
    assert simulation.step(LOAD, 0, 16, 8) == 3
    assert simulation.finish().scratchpad_accesses == 3


@pytest.mark.parametrize("address", [-8, 508, 512, 10**9])
def test_out_of_range_is_an_error(machine: Machine, address: int):
    simulation = Simulation(machine)
    with pytest.raises(SimulationError, match="out of range.*512 bytes"):
        simulation.step(LOAD, 0, address, 8)
    with pytest.raises(SimulationError, match="out of range"):
        simulation.finish()


def test_a_machine_without_scratchpad_refuses_accesses(machine: Machine):
    simulation = Simulation(machine.without_scratchpad())
    with pytest.raises(SimulationError, match="has 0 bytes"):
        simulation.step(STORE, 0, 0, 8)
