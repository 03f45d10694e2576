"""Calendars against hand-worked requests and a plain list of counts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from hwmodel.components import calendar
from hwmodel.engine.kernel import machine_code

_find_free = machine_code(calendar.find_free)
_find_free_interval = machine_code(calendar.find_free_interval)
_reserve = machine_code(calendar.reserve)


@njit
def find_free(entries, links, capacity, cycle):
    return _find_free(entries, links, 0, capacity, cycle)


@njit
def find_free_interval(entries, links, capacity, cycle, length):
    return _find_free_interval(entries, links, 0, capacity, cycle, length)


@njit
def reserve(entries, links, capacity, cycle, length):
    return _reserve(entries, links, 0, capacity, cycle, length)


class Book:
    """One calendar row of `capacity` users over `horizon` cycles."""

    def __init__(self, capacity: int, horizon: int = 64) -> None:
        self.capacity = capacity
        self.entries = np.zeros((1, horizon), dtype=np.int64)
        self.links = np.zeros((1, horizon), dtype=np.int64)

    def take(self, cycle: int, length: int = 1) -> int:
        start = find_free_interval(
            self.entries, self.links, self.capacity, cycle, length
        )
        assert self.reserve(start, length) == 0
        return start

    def reserve(self, cycle: int, length: int = 1) -> int:
        return reserve(self.entries, self.links, self.capacity, cycle, length)

    def free(self, cycle: int) -> int:
        return find_free(self.entries, self.links, self.capacity, cycle)


def test_a_full_cycle_sends_users_on():
    book = Book(capacity=2)
    # Cycle 5 takes two users, cycle 6 two more, the fifth goes to 7.
    assert [book.take(5) for _ in range(5)] == [5, 5, 6, 6, 7]


def test_a_late_user_does_not_hold_back_an_early_one():
    book = Book(capacity=1)
    assert book.take(30) == 30
    assert book.take(3) == 3


def test_zero_means_unlimited():
    book = Book(capacity=0)
    assert [book.take(5) for _ in range(3)] == [5, 5, 5]


def test_an_interval_needs_every_cycle():
    book = Book(capacity=1)
    book.take(4)
    # 2, 3 are free but 4 is not: three cycles in a row begin at 5.
    assert book.take(2, 3) == 5
    assert book.take(2, 2) == 2
    assert book.free(2) == 8


def test_old_cycles_are_recycled():
    book = Book(capacity=1, horizon=8)
    assert [book.take(cycle) for cycle in range(20)] == list(range(20))
    assert book.take(17) == 20


def test_a_reservation_behind_the_horizon_is_reported():
    book = Book(capacity=1, horizon=8)
    book.take(13)
    assert book.reserve(5) == 1


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=40),
)
def test_agrees_with_counting(capacity: int, requests: list[tuple[int, int]]):
    book = Book(capacity, horizon=512)
    users = [0] * 512
    for cycle, length in requests:
        expected = cycle
        while any(users[expected + k] >= capacity for k in range(length)):
            expected += 1
        assert book.take(cycle, length) == expected
        for k in range(length):
            users[expected + k] += 1
