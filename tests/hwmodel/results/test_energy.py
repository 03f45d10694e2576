"""Energy: table rows exactly, powers between them, and sums that add up."""

from dataclasses import fields, replace

import pytest

from hwmodel import Counters, Machine, MachineError, Operation, Simulation, energy_of
from hwmodel.results.sram_energy import log_log, sram

NOTHING = Counters(
    **{item.name: 0 for item in fields(Counters) if item.name != "operation_counts"},
    operation_counts={},
)


@pytest.fixture
def tabulated(machine: Machine) -> Machine:
    """16 KB in 4 ways and 1 KB of scratchpad: rows of the table."""
    cache = replace(machine.cache, capacity_bytes=16384, ways=4)
    pad = replace(machine.scratchpad, capacity_bytes=1024)
    return replace(machine, cache=cache, scratchpad=pad)


@pytest.mark.parametrize(
    ("counter", "onchip_pj"),
    [
        ("cache_reads", 12.283),
        ("cache_writes", 14.053),
        ("line_fills", 54.919),
        ("write_backs", 27.319),
        ("scratchpad_reads", 1.4337),
        ("scratchpad_writes", 2.9062),
        ("dma_lines_out", 20.967),
        ("dma_lines_in", 20.809),
    ],
)
def test_each_event_has_the_tables_price(
    tabulated: Machine, counter: str, onchip_pj: float
):
    energy = energy_of(replace(NOTHING, **{counter: 1000}), tabulated)
    assert energy.onchip_energy_pj == pytest.approx(1000 * onchip_pj)
    assert energy.total_energy_pj == energy.onchip_energy_pj


@pytest.mark.parametrize(
    ("counter", "dram_pj"),
    [
        ("dram_read_row_hits", 4985),
        ("dram_read_row_misses", 8424),
        ("dram_write_row_hits", 4805),
        ("dram_write_row_misses", 8244),
    ],
)
def test_dram_is_priced_by_row_state(tabulated: Machine, counter: str, dram_pj: float):
    energy = energy_of(replace(NOTHING, **{counter: 10}), tabulated)
    assert energy.dram_energy_pj == pytest.approx(10 * dram_pj)


def test_arithmetic_is_priced_by_kind(tabulated: Machine):
    counts = {"FADD_F64": 3, "FMUL_F64": 2, "LOAD": 7}
    energy = energy_of(replace(NOTHING, operation_counts=counts), tabulated)
    assert energy.compute_energy_pj == pytest.approx(3 * 2.361 + 2 * 11.917)


def test_leakage_stands_apart(tabulated: Machine):
    energy = energy_of(replace(NOTHING, cycles=1000), tabulated)
    # 1000 ns x (4.028 mW cache + 0.2647 mW scratchpad), low-standby cells.
    assert energy.sram_leakage_pj == pytest.approx(4292.7)
    assert energy.dram_static_pj == pytest.approx(413_000)
    assert energy.total_energy_pj == 0


def test_a_prefetchers_table_has_its_price(tabulated: Machine):
    cache = replace(tabulated.cache, prefetcher="markov", markov_entries=4096)
    markov = replace(tabulated, cache=cache)
    energy = energy_of(replace(NOTHING, prefetcher_lookups=10), markov)
    table = sram("scratchpad", 48 * 1024, 8, 45, "itrs-hp")
    # Entries of 12 bytes are one and a half words, read and written.
    expected = 10 * 1.5 * (table.read_pj + table.write_pj)
    assert energy.cache_energy_pj == pytest.approx(expected)
    idle = energy_of(replace(NOTHING, cycles=1000), markov).sram_leakage_pj
    assert idle > energy_of(replace(NOTHING, cycles=1000), tabulated).sram_leakage_pj


@pytest.mark.parametrize(
    ("capacity_bytes", "banks", "read_pj"),
    [(65536, 4, 14.136), (65536, 1, 28.984), (262144, 16, 26.437), (16384, 4, None)],
)
def test_a_banked_scratchpad_is_priced_by_its_banks(
    capacity_bytes: int, banks: int, read_pj: float | None
):
    found = sram("scratchpad", capacity_bytes, 8, 45, "itrs-hp", banks=banks)
    if read_pj is None:  # below the table no gain is claimed
        assert found == sram("scratchpad", capacity_bytes, 8, 45, "itrs-hp")
    else:
        assert found.read_pj == pytest.approx(read_pj)


def test_arithmetic_has_a_band(tabulated: Machine):
    counts = {"FADD_F64": 3, "FSQRT_F64": 1}
    energy = energy_of(replace(NOTHING, operation_counts=counts), tabulated)
    assert energy.compute_energy_low_pj == pytest.approx(3 * 2.0 + 47.6692, rel=1e-5)
    # Nobody published a high figure for the square root.
    assert energy.compute_energy_high_pj == pytest.approx(3 * 43.8 + 84.613)


def test_dram_has_a_band(tabulated: Machine):
    moved = replace(NOTHING, dram_read_row_hits=10, dram_read_bytes=640)
    energy = energy_of(moved, tabulated)
    assert energy.dram_energy_low_pj == energy.dram_energy_pj == pytest.approx(49850)
    assert energy.dram_energy_high_pj == pytest.approx(104_000)


def test_energies_add_up(tabulated: Machine):
    simulation = Simulation(tabulated)
    for word in range(500):
        done = simulation.step(Operation.LOAD, 0, 40 * word, 8)
        done = simulation.step(Operation.FADD_F64, done)
        simulation.step(Operation.SPM_STORE, done, 8 * (word % 128), 8)
    energy = energy_of(simulation.finish(), tabulated)
    parts = energy.onchip_energy_pj + energy.dram_energy_pj + energy.compute_energy_pj
    assert energy.total_energy_pj == pytest.approx(parts)
    onchip = energy.cache_energy_pj + energy.scratchpad_energy_pj
    assert energy.onchip_energy_pj == pytest.approx(onchip)
    assert min(onchip, energy.dram_energy_pj, energy.compute_energy_pj) > 0


def test_between_rows_a_power_law_holds():
    # From (1, 2) to (4, 8) the exponent is 1; beyond the ends it goes on.
    assert log_log([1, 4, 16], [2.0, 8.0, 16.0], 2) == pytest.approx(4)
    assert log_log([1, 4, 16], [2.0, 8.0, 16.0], 0.5) == pytest.approx(1)
    assert log_log([1, 4, 16], [2.0, 8.0, 16.0], 64) == pytest.approx(32)


def test_odd_sizes_lie_between_their_neighbours():
    small, odd, large = (
        sram("cache_word", size, 8, 45, "itrs-hp", ways=4).read_pj
        for size in (8192, 15 * 1024, 16384)
    )
    assert small < odd < large


def test_no_scratchpad_costs_nothing(tabulated: Machine):
    baseline = tabulated.without_scratchpad()
    baseline = replace(baseline, cache=tabulated.cache)
    energy = energy_of(replace(NOTHING, cycles=1000), baseline)
    assert energy.scratchpad_energy_pj == 0
    assert energy.sram_leakage_pj == pytest.approx(4028)


def test_ways_round_up_to_the_table_and_no_further():
    three, four = (
        sram("cache_seq", 16384, 64, 45, "itrs-hp", ways=ways) for ways in (3, 4)
    )
    assert three == four
    with pytest.raises(MachineError, match="go up to 8 ways"):
        sram("cache_seq", 16384, 64, 45, "itrs-hp", ways=16)
