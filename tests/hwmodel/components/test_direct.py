"""Accesses without a cache on hand-worked traces."""

from dataclasses import replace

import pytest

from hwmodel import Machine, Operation, Simulation

LOAD, STORE = Operation.LOAD, Operation.STORE


@pytest.fixture
def bare(machine: Machine) -> Machine:
    """The machine of round numbers without its cache."""
    return replace(machine, cache=replace(machine.cache, capacity_bytes=0))


def test_every_access_moves_a_line(bare: Machine):
    simulation = Simulation(bare)
    assert simulation.step(LOAD, 0, 0, 8) == 30  # a closed row
    assert simulation.step(LOAD, 40, 0, 8) == 40 + 20  # the same word, the row open
    assert simulation.step(STORE, 80, 0, 8) == 81
    counters = simulation.finish()
    assert (counters.direct_reads, counters.direct_writes) == (2, 1)
    assert (counters.dram_read_bytes, counters.dram_write_bytes) == (128, 64)
    assert counters.cache_accesses == counters.line_fills == 0


def test_an_access_across_lines_moves_both(bare: Machine):
    simulation = Simulation(bare)
    simulation.step(LOAD, 0, 60, 8)
    assert simulation.finish().direct_reads == 2


def test_buffers_limit_the_requests_on_their_way(bare: Machine):
    cache = replace(bare.cache, mshrs=1, ports=2)
    simulation = Simulation(replace(bare, cache=cache))
    assert simulation.step(LOAD, 0, 0, 8) == 30
    assert simulation.step(LOAD, 0, 64, 8) == 30 + 20
