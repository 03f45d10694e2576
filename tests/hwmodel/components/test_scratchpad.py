"""The scratchpad's ports, latency and ordering on hand-worked traces."""

from dataclasses import replace

import pytest

from hwmodel import Machine, Operation, Simulation, SimulationError

LOAD, STORE = Operation.SPM_LOAD, Operation.SPM_STORE


def written(machine: Machine, *, words: int = 8, **changes: int) -> Simulation:
    """A simulation whose first words are stored, from cycle 0 on."""
    pad = replace(machine.scratchpad, **changes)
    simulation = Simulation(replace(machine, scratchpad=pad))
    for word in range(words):
        simulation.step(STORE, 0, 8 * word, 8)
    return simulation


def test_latency_and_ports(machine: Machine):
    simulation = written(machine)
    # One port: starts 20, 21, 22; a load takes 1 cycle, a store is accepted after 1.
    assert [simulation.step(LOAD, 20, 8 * k, 8) for k in range(3)] == [21, 22, 23]
    wide = written(machine, ports=2, latency_cycles=3)
    assert [wide.step(LOAD, 20, 8 * k, 8) for k in range(3)] == [23, 23, 24]
    assert wide.step(STORE, 30, 0, 8) == 31


def test_same_address_order(machine: Machine):
    simulation = written(machine, ports=4, latency_cycles=3)
    assert simulation.step(STORE, 20, 0, 8) == 21
    assert simulation.step(LOAD, 0, 0, 8) == 21 + 3  # after the store
    assert simulation.step(LOAD, 10, 8, 8) == 10 + 3  # another word
    assert simulation.step(STORE, 0, 0, 8) == 24 + 1  # after the load


def test_bytes_of_one_word_are_apart(machine: Machine):
    simulation = written(machine, words=0, ports=4)
    simulation.step(STORE, 0, 1, 1)
    simulation.step(STORE, 20, 0, 1)
    assert simulation.step(LOAD, 5, 1, 1) == 6


def test_an_access_across_words_needs_two_port_cycles(machine: Machine):
    simulation = written(machine, words=3)
    assert simulation.step(LOAD, 20, 4, 8) == 22  # ports at 20 and 21
    assert simulation.step(LOAD, 20, 16, 8) == 23
    assert simulation.finish().scratchpad_accesses == 3 + 3


def test_a_bank_serves_one_access_a_cycle(machine: Machine):
    simulation = written(machine, ports=4, banks=2)
    # Words 0, 2 and 4 share bank 0; word 1 is in bank 1.
    done = [simulation.step(LOAD, 20, 8 * word, 8) for word in (0, 2, 1, 4)]
    assert done == [21, 22, 21, 23]
    # Stores of 8 words to 2 banks at 4 ports: four in each bank from cycle 0 on, with
    # ports at 0, 0, 0, 0, 1, 1, 1, 1; only the first of each bank finds it free.
    assert simulation.finish().bank_conflicts == 6 + 2


def test_one_array_has_all_the_ports(machine: Machine):
    simulation = written(machine, ports=4)
    assert [simulation.step(LOAD, 20, 16 * k, 8) for k in range(4)] == [21] * 4


def test_a_load_of_what_was_never_stored_is_an_error(machine: Machine):
    simulation = Simulation(machine)
    with pytest.raises(SimulationError, match="8 bytes at scratchpad byte 8 finds byt"):
        simulation.step(LOAD, 0, 8, 8)
    half = Simulation(machine)
    half.step(STORE, 0, 8, 4)
    assert half.step(LOAD, 0, 8, 4) == 2
    with pytest.raises(SimulationError, match="never stored"):
        half.step(LOAD, 0, 8, 8)


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
