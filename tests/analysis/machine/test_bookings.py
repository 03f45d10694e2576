"""Operations on a datapath: what each resource makes them wait for."""

import pytest

from tapeflow.analysis.machine.bookings import Bookings, Unit
from tapeflow.analysis.machine.datapath import Datapath

FREE = Datapath(window=100, issue_width=0, float_units=0, ports=0)


def booked(datapath: Datapath, unit: Unit, number: int, interval: int = 1) -> list[int]:
    """When operations of one kind are done that wait for nothing."""
    bookings = Bookings(datapath)
    return [bookings.book(unit, 0, 5, interval) for _ in range(number)]


def test_nothing_limits_a_datapath_without_limits() -> None:
    assert booked(FREE, "float", 50) == [5] * 50


def test_so_many_begin_in_a_cycle() -> None:
    assert booked(Datapath(issue_width=2), "integer", 4) == [5, 5, 6, 6]


def test_a_unit_is_held_for_its_interval() -> None:
    datapath = Datapath(window=100, issue_width=0, float_units=1)
    assert booked(datapath, "float", 3, interval=5) == [5, 10, 15]


def test_ports_serve_memory_alone() -> None:
    datapath = Datapath(issue_width=0, ports=1)
    assert booked(datapath, "memory", 3) == [5, 6, 7]
    assert booked(datapath, "integer", 3) == [5, 5, 5]


def test_the_window_opens_as_the_oldest_retires() -> None:
    assert booked(Datapath(window=2, issue_width=0), "integer", 5) == [5, 5, 10, 10, 15]


def test_a_late_operation_keeps_younger_ones_from_retiring() -> None:
    bookings = Bookings(Datapath(window=2))
    assert bookings.book("integer", 50, 1) == 51
    assert bookings.book("integer", 0, 1) == 1
    assert bookings.book("integer", 0, 1) == 52


def test_words_are_read_back() -> None:
    datapath = Datapath(window=16, ports=0, dram_bytes_per_cycle=51.2)
    assert Datapath.parse(str(datapath)) == datapath
    with pytest.raises(ValueError, match="window=0 must be at least 1"):
        Datapath.parse("window=0")
    with pytest.raises(ValueError, match="'width=3' is not name=number; names: window"):
        Datapath.parse("width=3")
