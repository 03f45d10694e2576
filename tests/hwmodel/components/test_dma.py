"""Rings and transfers on hand-worked traces.

The machine: set-up 10, one channel, one scratchpad port, latency 1; the DRAM bus moves
a line in 4 cycles (turns begin at multiples of 4); closed row 30, hit 20, conflict 40.
"""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Machine, Operation, Ring, Simulation, SimulationError

ENQUEUE, ACQUIRE = Operation.ENQUEUE, Operation.ACQUIRE
PREFETCH, DEQUEUE = Operation.PREFETCH, Operation.DEQUEUE
DRAIN, FILL, RELOAD = Operation.DRAIN, Operation.FILL, Operation.RELOAD
STORE, LOAD = Operation.SPM_STORE, Operation.SPM_LOAD

RING = Ring(tile_bytes=64, slots=2, pitch_bytes=64, scratchpad_address=0)


def test_a_tile_goes_out_beside_compute(machine: Machine):
    simulation = Simulation(machine, (RING,))
    assert simulation.step(ENQUEUE, 0, 0, 0) == 1
    # Accepted at 1, set up until 11, row read at 11, on the bus from 12 to 16.
    assert simulation.step(ACQUIRE, 0, 0, 0) == 16
    assert simulation.step(ACQUIRE, 0, 64, 0) == 1  # the other slot is untouched
    counters = simulation.finish()
    assert counters.dma_bytes == counters.dram_write_bytes == 64
    assert counters.dma_stall_cycles == 15
    assert (counters.tiles_pushed, counters.tiles_left) == (1, 1)


@pytest.mark.parametrize(
    ("other_work", "exposed"),
    [(1, 15), (10, 6), (16, 0), (100, 0)],
    ids=["blocking", "partly hidden", "just hidden", "hidden"],
)
def test_a_wait_is_exposed_beyond_what_retires_before(
    machine: Machine, other_work: int, exposed: int
):
    simulation = Simulation(machine, (RING,))
    simulation.step(ENQUEUE, 0, 0, 0)  # on its way from 1 to 16
    assert simulation.step(Operation.INT_ADD, other_work - 1) == other_work
    simulation.step(ACQUIRE, 0, 0, 0)
    counters = simulation.finish()
    assert (counters.dma_busy_cycles, counters.dma_exposed_cycles) == (15, exposed)
    assert counters.dma_stall_cycles == 15


def test_a_late_command_is_not_exposed_before_it_is_accepted(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(ENQUEUE, 0, 0, 0)
    assert simulation.step(ACQUIRE, 11, 0, 0) == 16  # accepted at 12
    assert simulation.finish().dma_exposed_cycles == 4


def test_two_waits_expose_no_cycle_twice(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(ENQUEUE, 0, 0, 0)
    for _ in range(2):
        assert simulation.step(ACQUIRE, 0, 0, 0) == 16
    counters = simulation.finish()
    assert (counters.dma_stall_cycles, counters.dma_exposed_cycles) == (30, 15)


def test_a_tile_waits_for_its_stores(machine: Machine):
    simulation = Simulation(machine, (RING,))
    assert simulation.step(STORE, 99, 8, 8) == 100
    assert simulation.step(STORE, 499, 64, 8) == 500  # the other slot
    simulation.step(ENQUEUE, 0, 0, 0)
    # Requested at 100, row read at 110, on the bus from 111: its turn began at 108.
    assert simulation.step(ACQUIRE, 0, 0, 0) == 111 + 4


def test_accesses_wait_for_transfers_of_their_slot(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(ENQUEUE, 0, 0, 0)
    assert simulation.step(STORE, 0, 0, 8) == 16 + 1
    assert simulation.step(STORE, 0, 64, 8) == 1


def push(simulation: Simulation, tiles: int) -> None:
    """Push whole tiles, each when the one before is in DRAM."""
    for tile in range(tiles):
        slot = 64 * (tile % 2)
        simulation.step(ENQUEUE, simulation.now, slot, 0)
        simulation.step(ACQUIRE, simulation.now, slot, 0)


def test_a_prefetch_waits_for_the_loads_of_its_slot(machine: Machine):
    simulation = Simulation(machine, (RING,))
    push(simulation, 2)
    simulation.step(STORE, 100, 8, 8)
    assert simulation.step(LOAD, 199, 8, 8) == 200
    assert simulation.step(PREFETCH, 150, 0, 0) == 151
    # Requested at 200, burst asked at 210, tile 0 in an open row: there at 230, written
    # at the port in the next cycle.
    assert simulation.step(DEQUEUE, 0, 0, 0) == 231
    simulation.step(PREFETCH, 0, 64, 0)  # tile 1 is used up, tile 0 current
    assert simulation.step(LOAD, 0, 0, 8) == 231 + 1


def test_a_load_before_arrival_is_an_error(machine: Machine):
    simulation = Simulation(machine, (RING,))
    push(simulation, 2)
    simulation.step(PREFETCH, 300, 0, 0)
    simulation.step(PREFETCH, 300, 64, 0)
    with pytest.raises(
        SimulationError, match="tile 0 of its ring, which is on its way"
    ):
        simulation.step(LOAD, 9999, 0, 8)


def test_a_load_outside_the_current_tile_is_an_error(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(STORE, 0, 0, 8)
    simulation.step(ENQUEUE, 0, 0, 0)
    with pytest.raises(SimulationError, match="byte 0 is not of the current tile 1"):
        simulation.step(LOAD, 0, 0, 8)


def test_a_load_of_an_earlier_generation_is_an_error(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(STORE, 0, 8, 8)  # of tile 0
    push(simulation, 2)  # tile 2 is current, in the same slot
    with pytest.raises(SimulationError, match="stored for an earlier tile of its slot"):
        simulation.step(LOAD, 999, 8, 8)


def test_a_tile_on_chip_keeps_its_words_and_a_new_one_has_none(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(STORE, 0, 0, 8)
    simulation.step(ENQUEUE, 0, 0, 0)
    simulation.step(PREFETCH, 100, 64, 0)  # back to tile 0, which never left its slot
    assert simulation.step(LOAD, 200, 0, 8) == 201
    simulation.step(ENQUEUE, 300, 0, 0)  # tile 1 begins again
    with pytest.raises(SimulationError, match="never stored"):
        simulation.step(LOAD, 400, 64, 8)


def test_a_row_takes_every_bank_it_lies_in(machine: Machine):
    pad = replace(machine.scratchpad, ports=4, banks=2)
    simulation = Simulation(replace(machine, scratchpad=pad), (RING,))
    simulation.step(ENQUEUE, 0, 0, 0)  # reads a row at 11
    assert simulation.step(STORE, 11, 64, 8) == 12 + 1  # bank 0 is taken at 11
    assert simulation.step(STORE, 11, 72, 8) == 12 + 1  # and so is bank 1


def test_tiles_still_on_chip_are_not_fetched(machine: Machine):
    simulation = Simulation(machine, (RING,))
    push(simulation, 3)  # tile 3 is current, 2 still on chip
    for tile in (3, 2, 1):  # brings back 1, 0 and nothing
        simulation.step(PREFETCH, simulation.now, 64 * (tile % 2), 0)
    counters = simulation.finish()
    assert counters.dma_lines_out == 3
    assert counters.dma_lines_in == 1 + 1 + 0
    assert (counters.tiles_popped, counters.tiles_left) == (3, 0)


def test_drain_and_fill_block_everything(machine: Machine):
    ring = replace(RING, slots=1)
    simulation = Simulation(machine, (ring,))
    assert simulation.step(DRAIN, 0, 0, 0) == 16
    assert simulation.step(Operation.INT_ADD, 0) == 17
    # Issued at 17, accepted at 18, burst asked at 28, open row, port: 28 + 20 + 1.
    assert simulation.step(FILL, 17, 0, 0) == 49
    assert simulation.step(Operation.INT_ADD, 0) == 50
    counters = simulation.finish()
    assert counters.tiles_left == 0
    # From 1 to 16 and from 18 to 49, and nothing else goes on.
    assert counters.dma_busy_cycles == counters.dma_exposed_cycles == 15 + 31


def test_bursts_of_a_tile_share_bus_and_ports(machine: Machine):
    ring = Ring(tile_bytes=180, slots=2, pitch_bytes=192, scratchpad_address=0)
    simulation = Simulation(machine, (ring,))
    simulation.step(ENQUEUE, 0, 0, 0)
    # Rows at 11, 12, 13; data at 12, 13, 14; turns begin at 12, 16, 20.
    assert simulation.step(ACQUIRE, 0, 0, 0) == 24
    assert simulation.finish().dma_bytes == 192


def test_requests_in_flight_limit_a_transfer(machine: Machine):
    dma = replace(machine.dma, requests_in_flight=1)
    ring = Ring(tile_bytes=128, slots=1, pitch_bytes=128, scratchpad_address=0)
    simulation = Simulation(replace(machine, dma=dma), (ring,))
    # Row at 11, turn at 12, complete at 16; the second row only then, its data at 17,
    # while the turn of 16 is free and still running.
    assert simulation.step(DRAIN, 0, 0, 0) == 17 + 4


def test_channels_limit_the_transfers_at_once(machine: Machine):
    rings = (RING, replace(RING, scratchpad_address=128))
    one = Simulation(machine, rings)
    one.step(ENQUEUE, 0, 0, 0)
    one.step(ENQUEUE, 0, 128, 1)
    # The channel is free at 16: set-up to 26, row, data at 27 in the turn of 24.
    assert one.step(ACQUIRE, 0, 128, 1) == 27 + 4
    assert one.finish().dma_busy_cycles == 31 - 1
    dma = replace(machine.dma, channels=2)
    two = Simulation(replace(machine, dma=dma), rings)
    two.step(ENQUEUE, 0, 0, 0)
    two.step(ENQUEUE, 0, 128, 1)
    # Beside each other: the second row at 12, data at 13, the turn of 16.
    assert two.step(ACQUIRE, 0, 128, 1) == 16 + 4
    assert two.finish().dma_busy_cycles == 20 - 1


def test_a_reload_writes_what_the_tile_holds_and_fetches_all_tiles(machine: Machine):
    ring = Ring(tile_bytes=256, slots=2, pitch_bytes=256, scratchpad_address=0)
    simulation = Simulation(machine, (ring,))
    simulation.step(STORE, 0, 0, 8)
    simulation.step(ENQUEUE, 0, 0, 0)
    idle = simulation.step(ACQUIRE, simulation.now, 0, 0)
    for address in (256, 320):
        assert simulation.step(STORE, 999, address, 8) >= 1000 > idle
    # 72 bytes are two lines: set up until 1012, rows read at 1012 and 1013, turns of
    # the bus from 1012 and 1016, so that the tile has left at 1020.
    assert simulation.step(RELOAD, 1001, 256 + 72, 0) == 1002
    # Then it comes back, set up until 1030, from an open row: its last line in the turn
    # of the bus that ends at 1052, then written at the port.
    assert simulation.step(DEQUEUE, 0, 256, 0) == 1053
    assert simulation.step(LOAD, 1053, 320, 8) == 1054
    with pytest.raises(SimulationError, match="byte 0 is not of the current tile 1"):
        simulation.step(LOAD, 9999, 0, 8)


def test_a_reload_moves_lines_of_what_there_is(machine: Machine):
    for slots, tiles in product((1, 2, 3, 4, 8), range(1, 7)):
        simulation = Simulation(machine, (replace(RING, slots=slots),))
        for tile in range(tiles - 1):
            simulation.step(ENQUEUE, 0, 64 * (tile % slots), 0)
        before = 64 * ((tiles - 1) % slots)
        simulation.step(RELOAD, 0, before + 16, 0)
        counters = simulation.finish()
        assert counters.dma_lines_out == tiles
        assert counters.dma_lines_in == min(slots, tiles)


def test_a_reload_of_nothing_moves_nothing(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(RELOAD, 0, 0, 0)
    assert simulation.finish().dma_transfers == 0


def test_what_a_reload_brings_has_to_be_awaited(machine: Machine):
    simulation = Simulation(machine, (RING,))
    simulation.step(STORE, 0, 0, 8)
    simulation.step(RELOAD, 100, 8, 0)
    with pytest.raises(SimulationError, match="tile 0 of its ring, which is on its"):
        simulation.step(LOAD, 9999, 0, 8)


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 8])
def test_forward_waits_only_for_the_transfer_of_its_own_slot(
    machine: Machine, slots: int
):
    simulation = Simulation(machine, (replace(RING, slots=slots),))
    out: list[int] = []
    for tile in range(2 * slots):
        slot, following = 64 * (tile % slots), 64 * ((tile + 1) % slots)
        simulation.step(ENQUEUE, 100, slot, 0)
        free = simulation.step(ACQUIRE, 100, following, 0)
        if tile + 1 < slots:
            assert free == 101  # a slot that was never used
        else:
            out.append(free)
    # One channel: set-up 10, row 1, bus 4; tile after tile, the oldest slot first.
    assert out == [116 + 15 * number for number in range(slots + 1)]


@pytest.mark.parametrize(
    ("kind", "address", "ring", "message"),
    [
        (PREFETCH, 0, 0, "ring 0 is empty"),
        (FILL, 64, 0, "ring 0 is empty"),
        (ENQUEUE, 64, 0, "byte 64 is not that of the current tile of ring 0"),
        (ENQUEUE, 8, 0, "no slot of ring 0 begins at scratchpad byte 8"),
        (ENQUEUE, 128, 0, "no slot of ring 0 begins at scratchpad byte 128"),
        (ACQUIRE, 0, 3, "names ring 3 of 1"),
        (RELOAD, 0, 3, "names ring 3 of 1"),
        (RELOAD, 65, 0, "byte 65 is not that of the current tile of ring 0"),
    ],
)
def test_faults(
    machine: Machine, kind: Operation, address: int, ring: int, message: str
):
    with pytest.raises(SimulationError, match=message):
        Simulation(machine, (RING,)).step(kind, 0, address, ring)


@pytest.mark.parametrize(
    ("ring", "message"),
    [
        (replace(RING, slots=9), "ends at scratchpad byte 576, beyond 512 bytes"),
        (replace(RING, slots=0), "0 slots"),
        (replace(RING, scratchpad_address=8), "multiples of 64 bytes"),
        (replace(RING, tile_bytes=65), "moves 128 bytes"),
    ],
)
def test_rings_must_fit(machine: Machine, ring: Ring, message: str):
    with pytest.raises(SimulationError, match=message):
        Simulation(machine, (ring,))


def two_rings(machine: Machine) -> Simulation:
    """Ring 0, and ring 1 at the bytes of its second slot and behind."""
    simulation = Simulation(machine, (RING, replace(RING, scratchpad_address=64)))
    simulation.step(Operation.BEGIN, 0, 0, 0)
    return simulation


def test_a_ring_that_begins_waits_for_the_one_that_had_its_bytes(machine: Machine):
    simulation = two_rings(machine)
    simulation.step(ENQUEUE, 0, 0, 0)
    simulation.step(ENQUEUE, 0, 64, 0)  # on its way until 20
    assert simulation.step(Operation.BEGIN, 0, 0, 1) == 0
    assert simulation.step(STORE, 0, 64, 8) > 16
    assert simulation.step(STORE, 0, 128, 8) == 1
    assert Operation.BEGIN.name not in simulation.finish().operation_counts


def test_a_ring_that_begins_finds_nothing_of_the_one_that_had_its_bytes(
    machine: Machine,
):
    simulation = two_rings(machine)
    simulation.step(ENQUEUE, 0, 0, 0)
    simulation.step(STORE, 0, 64, 8)
    simulation.step(Operation.BEGIN, 0, 0, 1)
    with pytest.raises(SimulationError, match="stored for an earlier tile"):
        simulation.step(LOAD, 99, 64, 8)


def test_a_ring_whose_bytes_another_has_is_not_moved(machine: Machine):
    simulation = two_rings(machine)
    simulation.step(ENQUEUE, 0, 0, 0)
    simulation.step(Operation.BEGIN, 0, 0, 1)
    with pytest.raises(SimulationError, match="no slot of ring 0 begins"):
        simulation.step(ENQUEUE, 99, 64, 0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(0, 12), st.integers(0, 12))
def test_a_stack_of_tiles_conserves_bytes(
    machine: Machine, slots: int, pushes: int, pops: int
):
    simulation = Simulation(machine, (replace(RING, slots=slots),))
    for tile in range(pushes):
        simulation.step(STORE, 0, 64 * (tile % slots), 8)
        simulation.step(ENQUEUE, 0, 64 * (tile % slots), 0)
    for tile in range(pushes, max(0, pushes - pops), -1):
        simulation.step(PREFETCH, 0, 64 * (tile % slots), 0)
        simulation.step(DEQUEUE, 0, 64 * ((tile - 1) % slots), 0)
    counters = simulation.finish()  # checks DRAM bytes and tiles
    assert counters.dma_lines_out == pushes
    assert counters.tiles_left == max(0, pushes - pops)
    assert counters.dma_lines_in == min(pops, max(0, pushes - slots + 1), pushes)
