"""Where buffers lie."""

import pytest

from hwmodel import AddressSpace, SimulationError


def test_buffers_are_line_aligned_in_order():
    space = AddressSpace(line_bytes=64)
    addresses = [space.allocate(n, size) for n, size in [("a", 1), ("b", 65)]]
    assert addresses == [0, 64]
    assert space.allocate("empty", 0) == 192
    assert space.end_bytes == 256


def test_freed_blocks_serve_equal_sizes_only():
    space = AddressSpace()
    a = space.allocate("a", 100)
    b = space.allocate("b", 128)
    space.allocate("c", 8)
    space.free(a)
    space.free(b)
    assert space.allocate("small", 64) == 320
    assert space.allocate("last freed first", 120) == b
    assert space.allocate("then the other", 128) == a
    assert space.allocate("then new", 128) == 384


def test_only_live_buffers_can_be_freed():
    space = AddressSpace()
    address = space.allocate("a", 8)
    space.free(address)
    for wrong in (address, 8):
        with pytest.raises(SimulationError, match=f"at byte {wrong}"):
            space.free(wrong)
    with pytest.raises(SimulationError, match="-1 bytes"):
        space.allocate("negative", -1)


def test_it_can_be_printed():
    space = AddressSpace()
    space.allocate("weights", 4096)
    space.free(space.allocate("work", 100))
    weights, work = space.describe().splitlines()
    assert weights.split() == ["0x0000000000", "4096", "bytes", "weights"]
    assert work.split() == ["0x0000001000", "100", "bytes", "work", "(freed)"]
    assert [buffer.is_live for buffer in space.buffers] == [True, False]


def test_a_skew_counts_lines_from_a_multiple_of_a_page():
    space = AddressSpace()
    space.allocate("program", 4096)
    first, second, third = (space.allocate("tape", 8192, k) for k in (1, 2, 65))
    assert (first, second, third) == (4096 + 64, 3 * 4096 + 128, 6 * 4096 + 64)
    assert space.allocate("next", 8) == third + 8192


def test_freed_blocks_serve_equal_skews_only():
    space = AddressSpace()
    skewed = space.allocate("a", 64, 3)
    plain = space.allocate("b", 64)
    space.free(skewed)
    space.free(plain)
    assert space.allocate("c", 64, 4) not in (skewed, plain)
    assert space.allocate("d", 64, 3) == skewed
    assert space.allocate("e", 64) == plain
