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
    # 2, 3, 4, 5. The row is open at 12, so data could come from 28 on.
    simulation = Simulation(machine)
    arrivals = [simulation.step(LOAD, 0, 64 * k, 8) for k in range(4)]
    assert arrivals == [28 + 4, 32 + 4, 36 + 4, 40 + 4]


def test_turns_keep_a_bandwidth_that_is_no_whole_number(machine: Machine):
    # 19.2 B/cycle: 10 cycles for 3 lines; turns begin at 27, 30, 34, 37, 40,
    # 44, 47, and a line is there 4 cycles later. All ask at 1; data could come at 27.
    dram = replace(machine.dram, bandwidth_gb_per_s=19.2, row_hit_ns=30)
    cache = replace(machine.cache, mshrs=16, ports=8, hit_latency_cycles=1)
    simulation = Simulation(replace(machine, dram=dram, cache=cache))
    arrivals = [simulation.step(LOAD, 0, 64 * k, 8) for k in range(7)]
    assert [arrival - 4 for arrival in arrivals] == [27, 30, 34, 37, 40, 44, 47]


def test_write_backs_share_the_bus(machine: Machine):
    simulation = Simulation(machine)
    for way in range(2):
        simulation.step(STORE, 0, 256 * way, 8)
    # Asked for at 102; line 0 is read out at 102 and written in the turn of 100 to 103.
    assert simulation.step(LOAD, 100, 512, 8) == 102 + 20
    # Asked for at 85, data could come at 101, but gets the turn of 104.
    assert simulation.step(LOAD, 83, 64, 8) == 104 + 4


def test_a_bank_opens_one_row_in_a_row_cycle(machine: Machine):
    dram = replace(machine.dram, row_cycle_ns=50)
    cache = replace(machine.cache, capacity_bytes=1024, ways=4)  # room for all lines
    simulation = Simulation(replace(machine, dram=dram, cache=cache))
    assert miss_cycles(simulation, 0, 0) == 30  # opens row 0 at 2
    # Asked for at 12: row 3 of the same bank may open at 52.
    assert miss_cycles(simulation, 10, 3 * 1024) == 40 + 40
    assert miss_cycles(simulation, 14, 1024) == 30  # the other bank is free
    # Later in the program, earlier in time: row 0 is still open at 22.
    assert miss_cycles(simulation, 20, 64) == 20
    # Asked for at 32: shares the opening of row 3, whose columns are there from 72 on;
    # data could come at 88 as for the first, and takes the next turn.
    assert miss_cycles(simulation, 30, 3 * 1024 + 64) == 92 + 4 - 32


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
            if is_store:
                ready = simulation.step(STORE, ready, 8 * word, 8)
            # Loaded back: a fill still on its way could meet the next access at a port.
            ready = simulation.step(LOAD, ready, 8 * word, 8)
        cycles.append(simulation.finish().cycles)
    assert cycles == sorted(cycles, reverse=True)
