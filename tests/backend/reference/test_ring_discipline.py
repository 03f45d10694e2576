"""Every way to misuse a ring is found, with the numbers."""

import pytest
from xdsl.dialects.builtin import f64, i8

from tapeflow.backend.reference.ring import Ring
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import MemoryBudget
from tapeflow.dialects.spm import RingType

SLOTS = (256, 320)
"""Addresses of the two slots."""


def ring(slots: int = 2, capacity: int | None = 20) -> Ring:
    """Tiles of two records of 16 bytes at 256, 320, ..."""
    return Ring(RingType.of((f64, i8), 2, slots, 256), 5, MemoryBudget(), capacity)


def put(r: Ring, address: int, value: float) -> None:
    r.store(r.place(address, 0), 0, value)


def get(r: Ring, address: int) -> float:
    return r.load(r.place(address, 0), 0)


def forward(r: Ring, tiles: int) -> None:
    """Fill so many tiles with their numbers; the last one stays current."""
    for tile in range(tiles):
        start = SLOTS[tile % 2]
        put(r, start, float(tile))
        put(r, start + 16, float(tile))
        if tile < tiles - 1:
            r.enqueue(start)
            r.acquire(SLOTS[(tile + 1) % 2])


def test_tiles_come_back_in_reverse():
    r = ring()
    forward(r, 5)
    for tile in range(4, -1, -1):
        start = SLOTS[tile % 2]
        assert get(r, start + 16) == get(r, start) == tile
        if tile:
            r.prefetch(start)
            r.dequeue(SLOTS[(tile - 1) % 2])


def test_forward_again_after_a_part_of_the_way_back():
    r = ring()
    forward(r, 4)
    r.prefetch(SLOTS[1])
    r.dequeue(SLOTS[0])
    put(r, SLOTS[0] + 16, 22.0)
    r.enqueue(SLOTS[0])
    r.acquire(SLOTS[1])
    put(r, SLOTS[1], 33.0)
    r.prefetch(SLOTS[1])
    r.dequeue(SLOTS[0])
    assert (get(r, SLOTS[0]), get(r, SLOTS[0] + 16)) == (2.0, 22.0)
    r.prefetch(SLOTS[0])
    r.dequeue(SLOTS[1])
    assert get(r, SLOTS[1]) == 1.0


def test_what_was_never_written_cannot_be_read():
    r = ring()
    with pytest.raises(ExecutionError, match="byte 256, field 0: it holds nothing"):
        get(r, 256)
    put(r, 256, 1.0)
    with pytest.raises(ExecutionError, match="byte 264, field 1: it holds nothing"):
        r.load(r.place(256, 1), 1)


def test_a_new_tile_begins_empty():
    r = ring(slots=1)
    put(r, 256, 1.0)
    r.drain(256)
    with pytest.raises(ExecutionError, match="holds nothing, not of tile 1"):
        get(r, 256)


@pytest.mark.parametrize("address", [240, 264, 288, 320, 10_000])
def test_addresses_outside_the_current_tile(address):
    message = (
        f"no record of tile 0 begins at scratchpad byte {address}: "
        "the tile is at 256 to 287"
    )
    with pytest.raises(ExecutionError, match=message):
        put(ring(), address, 1.0)


def test_a_missing_acquire_is_found():
    r = ring()
    forward(r, 2)
    r.enqueue(SLOTS[1])
    with pytest.raises(ExecutionError, match="store to slot 0 .* acquire it first"):
        put(r, SLOTS[0], 2.0)


def test_a_missing_dequeue_is_found():
    r = ring()
    forward(r, 3)
    r.prefetch(SLOTS[0])
    r.dequeue(SLOTS[1])
    r.prefetch(SLOTS[1])
    with pytest.raises(ExecutionError, match="tile 0 is in flight; dequeue it first"):
        get(r, SLOTS[0])


def test_a_missing_enqueue_is_found():
    r = ring()
    forward(r, 1)
    with pytest.raises(ExecutionError, match="acquire at scratchpad byte 320: tile 0"):
        r.acquire(SLOTS[1])


@pytest.mark.parametrize("verb", ["enqueue", "acquire", "prefetch", "dequeue"])
def test_swapped_slots_are_found(verb):
    r = ring()
    message = f"{verb} at scratchpad byte 320: tile 0 of ring 5 is .* at byte 256"
    with pytest.raises(ExecutionError, match=message):
        getattr(r, verb)(SLOTS[1])


def test_a_growing_stack_takes_as_many_tiles_as_come():
    r = ring(capacity=None)
    forward(r, 40)
    for tile in range(39, 0, -1):
        start = SLOTS[tile % 2]
        assert get(r, start) == tile
        r.prefetch(start)
        r.dequeue(SLOTS[(tile - 1) % 2])
    assert get(r, SLOTS[0]) == 0.0


def test_overflow_and_underflow():
    r = ring(capacity=4)
    r.enqueue(SLOTS[0])
    r.enqueue(SLOTS[1])
    with pytest.raises(ExecutionError, match="tile 2 leaves .* of 2 tiles"):
        r.enqueue(SLOTS[0])
    with pytest.raises(ExecutionError, match="there is no tile below tile 0"):
        ring().prefetch(SLOTS[0])
    with pytest.raises(ExecutionError, match="there is no tile below tile 0"):
        ring(slots=1).fill(256)


def test_a_reload_brings_back_every_tile_on_chip():
    r = ring()
    forward(r, 4)
    r.reload(SLOTS[1] + 16)
    with pytest.raises(ExecutionError, match="tile 3 is in flight; dequeue it first"):
        get(r, SLOTS[1])
    r.dequeue(SLOTS[1])
    assert get(r, SLOTS[1]) == 3.0
    r.prefetch(SLOTS[1])
    with pytest.raises(ExecutionError, match="tile 2 is in flight; dequeue it first"):
        get(r, SLOTS[0])
    r.dequeue(SLOTS[0])
    assert get(r, SLOTS[0] + 16) == 2.0


def test_a_reload_of_an_empty_tile_leaves_it_alone():
    r = ring()
    r.reload(SLOTS[0])
    put(r, SLOTS[0], 1.0)
    assert get(r, SLOTS[0]) == 1.0


def test_a_reload_ends_in_the_current_tile():
    r = ring()
    forward(r, 2)
    with pytest.raises(ExecutionError, match="reload at scratchpad byte 256: tile 1"):
        r.reload(SLOTS[0])
