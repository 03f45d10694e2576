"""The ordering table against a dictionary that forgets nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from hwmodel.components import ordering
from hwmodel.engine.kernel import machine_code
from hwmodel.engine.state import LOADED, REACH, REGISTERS, STORED

_locate = machine_code(ordering.locate)


@njit
def locate(keys, key_times, registers, hash_shift, opens, address):
    return _locate(keys, key_times, registers, hash_shift, opens, address)


class Table:
    """An ordering table of 16 entries."""

    def __init__(self) -> None:
        self.keys = np.full(16, -1, dtype=np.int64)
        self.times = np.zeros((16, 2), dtype=np.int64)
        self.registers = np.zeros(REGISTERS, dtype=np.int64)
        self.registers[REACH] = 1

    def find(self, opens: int, address: int) -> int:
        return locate(self.keys, self.times, self.registers, 28, opens, address)


def test_an_address_keeps_its_entry_while_it_matters():
    table = Table()
    entry = table.find(0, 4096)
    table.times[entry, STORED] = 10
    assert table.find(5, 4096) == entry
    assert table.times[entry, STORED] == 10


def test_stale_entries_are_reused():
    table = Table()
    for address in range(0, 8 * 1000, 8):
        entry = table.find(address, address)
        assert table.times[entry].tolist() == [0, 0]
        table.times[entry, LOADED] = address + 3
    assert table.registers[REACH] <= 16


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), max_size=200))
def test_agrees_with_a_dictionary(accesses: list[tuple[int, int]]):
    # Access i is done at i + 1 and matters to the three accesses after it.
    table = Table()
    times: dict[int, list[int]] = {}
    for cycle, (word, column) in enumerate(accesses):
        opens = max(0, cycle - 3)
        entry = table.find(opens, 8 * word)
        expected = times.setdefault(word, [0, 0])
        for kind in (STORED, LOADED):
            known = int(table.times[entry, kind])
            assert known == expected[kind] or max(known, expected[kind]) <= opens
        table.times[entry, column] = cycle + 1
        expected[column] = cycle + 1
