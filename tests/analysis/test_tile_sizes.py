"""Tile lengths share the scratchpad by the stated policy and never exceed it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeflow.analysis.tile_sizes import ScratchpadTooSmall, TapeDemand, tile_sizes
from tapeflow.dialects.record import LINE_BYTES

_DEMANDS = st.lists(
    st.builds(
        TapeDemand,
        stride_bytes=st.integers(1, 300),
        capacity_records=st.none() | st.integers(0, 100),
        slots=st.integers(1, 4),
        fixed_records=st.sampled_from([None, None, None, 1, 7]),
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


def test_shares_are_proportional_to_the_stride():
    assert tile_sizes([TapeDemand(8), TapeDemand(24)], 1024) == (32, 32)


def test_remaining_lines_lengthen_single_tiles():
    # 15 lines: 7 each, and one more for the first.
    assert tile_sizes([TapeDemand(8), TapeDemand(8)], 960) == (64, 56)


def test_a_tile_fills_its_lines():
    # A line of booleans is the least a tile can take.
    assert tile_sizes([TapeDemand(64), TapeDemand(1)], 256) == (3, 64)


def test_a_small_region_takes_only_what_it_needs():
    demands = [TapeDemand(8, capacity_records=2), TapeDemand(8)]
    assert tile_sizes(demands, 1024) == (2, 120)


def test_a_region_without_records_still_has_a_tile():
    assert tile_sizes([TapeDemand(8, capacity_records=0)], 64) == (1,)


def test_slots_count_region_by_region():
    # 16 lines: 5 for the one slot, 5 for each of the two.
    assert tile_sizes([TapeDemand(8), TapeDemand(8, slots=2)], 1024) == (48, 40)


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
