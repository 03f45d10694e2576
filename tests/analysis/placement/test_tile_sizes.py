"""Tile lengths share the scratchpad by the stated policy and never exceed it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.tile_sizes import ScratchpadTooSmall, TapeDemand
from tapeflow.analysis.placement.tile_sizes import tile_sizes as tile_sizes_of
from tapeflow.dialects.record import LINE_BYTES

MEMORY = MemorySystem()


def tile_sizes(demands: Sequence[TapeDemand], capacity_bytes: int) -> tuple[int, ...]:
    """On a machine of default latencies."""
    return tile_sizes_of(demands, capacity_bytes, MEMORY)


_DEMANDS = st.lists(
    st.builds(
        TapeDemand,
        stride_bytes=st.integers(1, 300),
        capacity_records=st.none() | st.integers(0, 100),
        slots=st.integers(1, 4),
        fixed_records=st.sampled_from([None, None, None, 1, 7]),
        held_records=st.floats(1, 1e6),
        rounds=st.floats(1, 1e6),
    ),
    min_size=1,
    max_size=6,
)


def _ring_bytes(demand: TapeDemand, tile: int) -> int:
    lines = -(-tile * demand.stride_bytes // LINE_BYTES)
    return demand.slots * lines * LINE_BYTES


def test_no_region_needs_nothing():
    assert tile_sizes([], 0) == ()


def test_one_region_takes_all():
    assert tile_sizes([TapeDemand(8)], 1024) == (128,)
    assert tile_sizes([TapeDemand(8, slots=2)], 1024) == (64,)
    assert tile_sizes([TapeDemand(24)], 1024) == (42,)


def test_equal_regions_share_equally():
    assert tile_sizes([TapeDemand(8)] * 2, 1024) == (64, 64)
    # 15 lines: the first of equals comes first.
    assert tile_sizes([TapeDemand(8)] * 2, 960) == (64, 56)


def test_what_moves_more_gets_longer_tiles():
    often, seldom = TapeDemand(8, rounds=10), TapeDemand(8)
    long, short = tile_sizes([often, seldom], 4096)
    # The best lengths are as the roots of the numbers of tiles.
    assert 2 < long / short < 4.5


def test_what_all_fits_takes_no_more_and_leaves_the_rest():
    small = TapeDemand(8, held_records=20, slots=2, rounds=1000)
    assert tile_sizes([small, TapeDemand(8, slots=2)], 1024) == (24, 40)


def test_bytes_that_save_nothing_go_to_what_is_only_estimated():
    known = TapeDemand(8, capacity_records=8, held_records=8)
    assert tile_sizes([known, TapeDemand(8, held_records=8)], 512) == (8, 56)


def test_the_cost_of_a_tile():
    memory = MemorySystem(
        dram_latency_cycles=50, dram_bytes_per_cycle=16.0, dma_setup_cycles=30
    )
    region = TapeDemand(8, held_records=64, rounds=3)
    # One slot of 16 records: 4 tiles, 3 out and 3 in, each 30 + 8 and a wait of 88.
    assert region.cost(16, memory) == 3 * 6 * (38 + 88)
    # Two slots: one tile less comes back, and a transfer beside another is covered.
    assert replace(region, slots=2).cost(16, memory) == 3 * 5 * (38 + 80)
    # The wait of a tile of 64 records in 5 slots is covered.
    long = replace(region, held_records=640, slots=5)
    assert long.cost(64, memory) == 3 * (9 + 5) * (30 + 32)
    assert region.cost(64, memory) == 0


def test_a_tile_fills_its_lines():
    # A line of booleans is the least a tile can take.
    assert tile_sizes([TapeDemand(64), TapeDemand(1)], 256) == (3, 64)


def test_a_small_region_takes_only_what_it_needs():
    demands = [TapeDemand(8, capacity_records=2), TapeDemand(8)]
    assert tile_sizes(demands, 1024) == (2, 120)


def test_a_region_without_records_still_has_a_tile():
    assert tile_sizes([TapeDemand(8, capacity_records=0)], 64) == (1,)


def test_slots_count_region_by_region():
    one, two = tile_sizes([TapeDemand(8), TapeDemand(8, slots=2)], 1024)
    assert one + 2 * two == 1024 // 8
    assert one > two


def test_a_fixed_tile_comes_first():
    demands = [TapeDemand(8), TapeDemand(8, capacity_records=2, fixed_records=100)]
    assert tile_sizes(demands, 1024) == (24, 100)


def test_too_small_names_what_is_needed():
    demands = [TapeDemand(8, slots=2), TapeDemand(72, slots=2)]
    with pytest.raises(ScratchpadTooSmall, match="384 bytes") as caught:
        tile_sizes(demands, capacity_bytes=383)
    assert caught.value.needed_bytes == 384


@given(_DEMANDS, st.integers(0, 8192))
def test_fits_or_says_what_would(demands: list[TapeDemand], capacity_bytes: int):
    try:
        tiles = tile_sizes(demands, capacity_bytes)
    except ScratchpadTooSmall as error:
        assert error.needed_bytes > capacity_bytes
        tile_sizes(demands, error.needed_bytes)
        return
    pairs = list(zip(demands, tiles, strict=True))
    assert sum(_ring_bytes(demand, tile) for demand, tile in pairs) <= capacity_bytes
    for demand, tile in pairs:
        assert tile >= 1
        assert demand.fixed_records in (None, tile)
        if demand.capacity_records is not None and demand.fixed_records is None:
            assert tile <= max(1, demand.capacity_records)


@given(_DEMANDS, st.integers(0, 8192))
def test_no_space_is_left_that_would_lengthen_a_tile(
    demands: list[TapeDemand], capacity_bytes: int
):
    try:
        tiles = tile_sizes(demands, capacity_bytes)
    except ScratchpadTooSmall:
        return
    pairs = list(zip(demands, tiles, strict=True))
    used = sum(_ring_bytes(demand, tile) for demand, tile in pairs)
    for demand, tile in pairs:
        if demand.fixed_records is not None or tile == demand.capacity_records:
            continue
        if demand.capacity_records == 0:
            continue
        longer = used - _ring_bytes(demand, tile) + _ring_bytes(demand, tile + 1)
        assert longer > capacity_bytes
