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
    ),
    min_size=1,
    max_size=6,
)


def _slot_bytes(demand: TapeDemand, tile: int) -> int:
    return -(-tile * demand.stride_bytes // LINE_BYTES) * LINE_BYTES


def test_no_region_needs_nothing():
    assert tile_sizes([], 2, 0) == ()


def test_one_region_takes_all():
    assert tile_sizes([TapeDemand(8)], slots=1, capacity_bytes=1024) == (128,)
    assert tile_sizes([TapeDemand(8)], slots=2, capacity_bytes=1024) == (64,)
    assert tile_sizes([TapeDemand(24)], slots=1, capacity_bytes=1024) == (42,)


def test_shares_are_proportional_to_the_stride():
    assert tile_sizes([TapeDemand(8), TapeDemand(24)], 1, 1024) == (32, 32)


def test_remaining_lines_lengthen_single_tiles():
    # 15 lines: 7 each, and one more for the first.
    assert tile_sizes([TapeDemand(8), TapeDemand(8)], 1, 960) == (64, 56)


def test_a_tile_fills_its_lines():
    # A line of booleans is the least a tile can take.
    assert tile_sizes([TapeDemand(64), TapeDemand(1)], 1, 256) == (3, 64)


def test_a_small_region_takes_only_what_it_needs():
    demands = [TapeDemand(8, capacity_records=2), TapeDemand(8)]
    assert tile_sizes(demands, 1, 1024) == (2, 120)


def test_a_region_without_records_still_has_a_tile():
    assert tile_sizes([TapeDemand(8, capacity_records=0)], 1, 64) == (1,)


def test_too_small_names_what_is_needed():
    with pytest.raises(ScratchpadTooSmall, match="384 bytes") as caught:
        tile_sizes([TapeDemand(8), TapeDemand(72)], slots=2, capacity_bytes=383)
    assert caught.value.needed_bytes == 384


@given(_DEMANDS, st.integers(1, 4), st.integers(0, 8192))
def test_fits_or_says_what_would(
    demands: list[TapeDemand], slots: int, capacity_bytes: int
):
    try:
        tiles = tile_sizes(demands, slots, capacity_bytes)
    except ScratchpadTooSmall as error:
        assert error.needed_bytes > capacity_bytes
        tile_sizes(demands, slots, error.needed_bytes)
        return
    pairs = list(zip(demands, tiles, strict=True))
    used = slots * sum(_slot_bytes(demand, tile) for demand, tile in pairs)
    assert used <= capacity_bytes
    assert all(tile >= 1 for tile in tiles)
    for demand, tile in pairs:
        if demand.capacity_records is not None:
            assert tile <= max(1, demand.capacity_records)


@given(_DEMANDS, st.integers(1, 4), st.integers(0, 8192))
def test_no_space_is_left_that_would_lengthen_a_tile(
    demands: list[TapeDemand], slots: int, capacity_bytes: int
):
    try:
        tiles = tile_sizes(demands, slots, capacity_bytes)
    except ScratchpadTooSmall:
        return
    pairs = list(zip(demands, tiles, strict=True))
    used = sum(_slot_bytes(demand, tile) for demand, tile in pairs)
    for demand, tile in pairs:
        if tile == demand.capacity_records or demand.capacity_records == 0:
            continue
        longer = used - _slot_bytes(demand, tile) + _slot_bytes(demand, tile + 1)
        assert slots * longer > capacity_bytes
