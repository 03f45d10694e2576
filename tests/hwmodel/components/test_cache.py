"""The cache on hand-worked traces, and against a plain LRU model."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Counters, Machine, Operation, Simulation, preset

LOAD, STORE = Operation.LOAD, Operation.STORE
# Lines 0, 4, 8, ... share set 0 of the 4 sets; all lie in DRAM rows of 16 lines.
SET_STRIDE = 256


def with_cache(machine: Machine, **changes: int) -> Machine:
    return replace(machine, cache=replace(machine.cache, **changes))


def run(machine: Machine, accesses: list[tuple[int, int]]) -> Counters:
    """One access after the other: (is store, word address)."""
    simulation = Simulation(machine)
    ready = 0
    for is_store, word in accesses:
        ready = simulation.step(STORE if is_store else LOAD, ready, 8 * word, 8)
    return simulation.finish()


def test_a_miss_takes_the_tag_check_and_a_closed_row(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(LOAD, 0, 0, 8) == 2 + 30
    assert simulation.step(LOAD, 40, 8, 8) == 40 + 2
    counters = simulation.finish()
    assert (counters.cache_accesses, counters.cache_misses) == (2, 1)
    assert counters.dram_read_bytes == 64


def test_accesses_to_a_line_on_its_way_merge(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(LOAD, 0, 0, 8) == 32
    assert simulation.step(LOAD, 0, 8, 8) == 32  # port at 1, waits for the line
    counters = simulation.finish()
    assert (counters.cache_misses, counters.cache_merges) == (1, 1)


def test_a_store_is_done_when_the_port_has_accepted_it(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(STORE, 0, 0, 8) == 1  # the line arrives at 32
    assert simulation.step(LOAD, 0, 8, 8) == 32
    counters = simulation.finish()
    assert counters.write_backs == 1
    assert counters.dram_write_bytes == 64


def test_a_port_serves_one_word_per_cycle(machine: Machine):
    simulation = Simulation(machine)
    simulation.step(LOAD, 0, 0, 8)
    # Ports at 50, 51, 52.
    assert [simulation.step(LOAD, 50, 8 * k, 8) for k in range(3)] == [52, 53, 54]
    wide = Simulation(with_cache(machine, ports=2))
    wide.step(LOAD, 0, 0, 8)
    assert [wide.step(LOAD, 50, 8 * k, 8) for k in range(3)] == [52, 52, 53]


def test_lru_keeps_what_was_used_last(machine: Machine):
    a, b, c = 0, SET_STRIDE // 8, 2 * SET_STRIDE // 8
    # a b a c: c replaces b, so a hits and b misses again.
    assert run(machine, [(0, a), (0, b), (0, a), (0, c), (0, a)]).cache_misses == 3
    assert run(machine, [(0, a), (0, b), (0, a), (0, c), (0, b)]).cache_misses == 4


def test_an_evicted_dirty_line_is_written_back_once(machine: Machine):
    a, b, c = 0, SET_STRIDE // 8, 2 * SET_STRIDE // 8
    counters = run(machine, [(1, a), (0, b), (0, c), (0, a)])
    assert counters.cache_misses == 4
    assert counters.write_backs == 1


def test_mshrs_limit_the_lines_on_their_way(machine: Machine):
    one = Simulation(with_cache(machine, mshrs=1, ports=2))
    # The first holds the only MSHR from 2 to 32; the second asks at 32: row hit, 20.
    assert one.step(LOAD, 0, 0, 8) == 32
    assert one.step(LOAD, 0, 64, 8) == 32 + 20
    two = Simulation(with_cache(machine, mshrs=2, ports=2))
    # Both ask at 2; the row is open at 12, and lines come in the turns of 28 and 32.
    assert two.step(LOAD, 0, 0, 8) == 2 + 30
    assert two.step(LOAD, 0, 64, 8) == 32 + 4


def test_a_fill_takes_a_port_when_it_arrives(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(LOAD, 0, 0, 8) == 32
    assert simulation.step(LOAD, 32, 8, 8) == 33 + 2


def test_a_dirty_eviction_takes_a_port(machine: Machine):
    simulation = Simulation(machine)
    simulation.step(STORE, 0, 0, 8)
    simulation.step(LOAD, 50, SET_STRIDE, 8)
    simulation.step(LOAD, 100, 2 * SET_STRIDE, 8)  # reads line 0 out at 102
    assert simulation.step(LOAD, 102, SET_STRIDE, 8) == 103 + 2
    clean = Simulation(machine)
    clean.step(LOAD, 0, 0, 8)
    clean.step(LOAD, 50, SET_STRIDE, 8)
    clean.step(LOAD, 100, 2 * SET_STRIDE, 8)
    assert clean.step(LOAD, 102, SET_STRIDE, 8) == 102 + 2


def test_a_young_access_moves_a_late_fill_forward(machine: Machine):
    simulation = Simulation(machine)
    assert simulation.step(LOAD, 100, 0, 8) == 132  # asked for at 102
    assert simulation.step(LOAD, 0, 8, 8) == 32  # asked for at 2 instead


def test_a_line_that_is_replaced_later_is_still_found_before(machine: Machine):
    simulation = Simulation(with_cache(machine, ports=4))
    a, b, c = 0, SET_STRIDE, 2 * SET_STRIDE
    # Bus turns of 4 cycles: data in 28 to 32, 32 to 36.
    assert [simulation.step(LOAD, 0, line, 8) for line in (a, b)] == [32, 36]
    # c takes the way of a when that has arrived; another row hit.
    assert simulation.step(LOAD, 0, c, 8) == 32 + 20
    # In time, this store meets a on its way: a leaves the cache dirty.
    assert simulation.step(STORE, 1, a + 8, 8) == 2
    # At 33 it has left; its new way is that of b, on its way until 36.
    assert simulation.step(LOAD, 31, a, 8) == 36 + 20
    counters = simulation.finish()
    assert (counters.cache_misses, counters.write_backs) == (4, 1)


def test_an_access_across_words_counts_twice(machine: Machine):
    simulation = Simulation(machine)
    simulation.step(LOAD, 0, 60, 8)  # 4 bytes in each of two lines
    counters = simulation.finish()
    assert (counters.cache_accesses, counters.cache_misses) == (2, 2)


def test_sets_need_not_be_a_power_of_two():
    machine = with_cache(preset("fair"), capacity_bytes=15 * 1024)
    assert machine.cache.sets == 60
    # 240 lines fit exactly; the second round hits everywhere.
    words = [8 * line for line in range(240)]
    assert run(machine, [(0, word) for word in words * 2]).cache_misses == 240


def test_same_address_order(machine: Machine):
    simulation = Simulation(with_cache(machine, ports=4))
    simulation.step(LOAD, 0, 0, 8)
    stored = simulation.step(STORE, 60, 0, 8)
    assert stored == 61
    assert simulation.step(LOAD, 40, 0, 8) == 61 + 2  # after the store
    assert simulation.step(LOAD, 40, 8, 8) == 42  # another address
    assert simulation.step(STORE, 40, 0, 8) == 63 + 1  # after the load


class Lru:
    """Sets of lines, last used first."""

    def __init__(self, sets: int, ways: int) -> None:
        self.sets: list[list[int]] = [[] for _ in range(sets)]
        self.ways = ways
        self.dirty: set[int] = set()
        self.misses = self.write_backs = 0

    def access(self, is_store: int, line: int) -> None:
        lines = self.sets[line % len(self.sets)]
        if line in lines:
            lines.remove(line)
        else:
            self.misses += 1
            if len(lines) == self.ways:
                self.evict(lines.pop())
        lines.insert(0, line)
        if is_store:
            self.dirty.add(line)

    def evict(self, line: int) -> None:
        self.write_backs += line in self.dirty
        self.dirty.discard(line)


ACCESSES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 200)), max_size=120)


@settings(max_examples=40, deadline=None)
@given(ACCESSES, st.sampled_from([(1, 1), (3, 2), (4, 2), (5, 4), (1, 8)]))
def test_agrees_with_a_plain_lru_model(
    machine: Machine, accesses: list[tuple[int, int]], shape: tuple[int, int]
):
    sets, ways = shape
    counters = run(
        with_cache(machine, capacity_bytes=64 * sets * ways, ways=ways), accesses
    )
    model = Lru(sets, ways)
    for is_store, word in accesses:
        model.access(is_store, word // 8)
    assert counters.cache_misses == model.misses
    assert counters.write_backs == model.write_backs + len(model.dirty)


@settings(max_examples=40, deadline=None)
@given(ACCESSES, st.integers(1, 8))
def test_more_fully_associative_capacity_never_misses_more(
    machine: Machine, accesses: list[tuple[int, int]], ways: int
):
    small = with_cache(machine, capacity_bytes=64 * ways, ways=ways)
    large = with_cache(machine, capacity_bytes=64 * (ways + 1), ways=ways + 1)
    assert run(large, accesses).cache_misses <= run(small, accesses).cache_misses
