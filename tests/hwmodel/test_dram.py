"""DRAM latency by row state and the shared bus, seen through cold misses."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Machine, Operation, Simulation

LOAD, STORE = Operation.LOAD, Operation.STORE


def miss_cycles(simulation: Simulation, ready: int, address: int) -> int:
    """DRAM's part of a miss that starts at `ready`."""
    return simulation.step(LOAD, ready, address, 8) - ready - 2


def test_closed_hit_and_conflict(machine: Machine):
    simulation = Simulation(machine)
    # Rows of 1024 bytes, 2 banks: row 0 -> bank 0, row 1 -> bank 1, row 3 -> 3^1 -> 0.
    assert miss_cycles(simulation, 0, 0) == 30
    assert miss_cycles(simulation, 100, 64) == 20
    assert miss_cycles(simulation, 200, 1024) == 30
    assert miss_cycles(simulation, 300, 3 * 1024) == 40
    assert miss_cycles(simulation, 400, 128) == 40
    counters = simulation.finish()
    assert counters.dram_read_row_hits == 1
    assert counters.dram_read_row_misses == 4


def test_the_bus_moves_one_line_per_turn(machine: Machine):
    # 16 B/cycle: a turn every 4 cycles. Loads take the port at 0, 1, 2, 3 and ask at
    # 2, 3, 4, 5; turns 0, 1, 2, 3 begin at 0, 4, 8, 12. The first row access is closed.
    simulation = Simulation(machine)
    arrivals = [simulation.step(LOAD, 0, 64 * k, 8) for k in range(4)]
    assert arrivals == [2 + 30, 4 + 20, 8 + 20, 12 + 20]


def test_turns_keep_a_bandwidth_that_is_no_whole_number(machine: Machine):
    # 19.2 B/cycle: 10 cycles for 3 lines; turns begin at 0, 4, 7, 10, 14, 17, 20.
    dram = replace(machine.dram, bandwidth_gb_per_s=19.2, row_hit_ns=30)
    cache = replace(machine.cache, mshrs=16, ports=8, hit_latency_cycles=1)
    simulation = Simulation(replace(machine, dram=dram, cache=cache))
    arrivals = [simulation.step(LOAD, 0, 64 * k, 8) for k in range(7)]
    assert [arrival - 30 for arrival in arrivals] == [1, 4, 7, 10, 14, 17, 20]


def test_write_backs_share_the_bus(machine: Machine):
    simulation = Simulation(machine)
    for way in range(2):
        simulation.step(STORE, 0, 256 * way, 8)
    # At 102 the fill takes the turn of cycles 100 to 103, the write-back the next one;
    # another miss asked for at 103 gets the turn at 108.
    assert simulation.step(LOAD, 100, 512, 8) == 102 + 20
    assert simulation.step(LOAD, 101, 64, 8) == 108 + 20


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4000)), max_size=60))
def test_more_bandwidth_is_never_slower_one_at_a_time(
    machine: Machine, accesses: list[tuple[int, int]]
):
    cycles: list[int] = []
    for bandwidth in (2, 4, 16, 64, 200):
        dram = replace(machine.dram, bandwidth_gb_per_s=bandwidth)
        simulation = Simulation(replace(machine, dram=dram))
        ready = 0
        for is_store, word in accesses:
            kind = STORE if is_store else LOAD
            ready = simulation.step(kind, ready, 8 * word, 8)
        cycles.append(simulation.finish().cycles)
    assert cycles == sorted(cycles, reverse=True)
