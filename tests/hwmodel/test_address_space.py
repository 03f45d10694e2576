"""Where buffers lie."""

import pytest

from hwmodel import Placement, SimulationError


def test_buffers_are_line_aligned_in_order():
    placement = Placement(line_bytes=64)
    addresses = [placement.allocate(n, size) for n, size in [("a", 1), ("b", 65)]]
    assert addresses == [0, 64]
    assert placement.allocate("empty", 0) == 192
    assert placement.end_bytes == 256


def test_freed_blocks_serve_equal_sizes_only():
    placement = Placement()
    a = placement.allocate("a", 100)
    b = placement.allocate("b", 128)
    placement.allocate("c", 8)
    placement.free(a)
    placement.free(b)
    assert placement.allocate("small", 64) == 320
    assert placement.allocate("last freed first", 120) == b
    assert placement.allocate("then the other", 128) == a
    assert placement.allocate("then new", 128) == 384


def test_only_live_buffers_can_be_freed():
    placement = Placement()
    address = placement.allocate("a", 8)
    placement.free(address)
    for wrong in (address, 8):
        with pytest.raises(SimulationError, match=f"at byte {wrong}"):
            placement.free(wrong)
    with pytest.raises(SimulationError, match="-1 bytes"):
        placement.allocate("negative", -1)


def test_it_can_be_printed():
    placement = Placement()
    placement.allocate("weights", 4096)
    placement.free(placement.allocate("work", 100))
    weights, work = placement.describe().splitlines()
    assert weights.split() == ["0x0000000000", "4096", "bytes", "weights"]
    assert work.split() == ["0x0000001000", "100", "bytes", "work", "(freed)"]
    assert [buffer.is_live for buffer in placement.buffers] == [True, False]


def test_a_skew_counts_lines_from_a_multiple_of_a_page():
    placement = Placement()
    placement.allocate("program", 4096)
    first, second, third = (placement.allocate("tape", 8192, k) for k in (1, 2, 65))
    assert (first, second, third) == (4096 + 64, 3 * 4096 + 128, 6 * 4096 + 64)
    assert placement.allocate("next", 8) == third + 8192


def test_freed_blocks_serve_equal_skews_only():
    placement = Placement()
    skewed = placement.allocate("a", 64, 3)
    plain = placement.allocate("b", 64)
    placement.free(skewed)
    placement.free(plain)
    assert placement.allocate("c", 64, 4) not in (skewed, plain)
    assert placement.allocate("d", 64, 3) == skewed
    assert placement.allocate("e", 64) == plain
