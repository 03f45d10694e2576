"""Where a ring is, and what a branch tells about the records of its tile."""

from dataclasses import replace

import pytest
from xdsl.dialects import test as test_dialect
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from tapeflow.analysis.balance.facts import Pop
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_forms import FillSymbol, SlotSymbol
from tapeflow.analysis.streams.cursor_values import Fills, OfSlot
from tapeflow.analysis.streams.ring_state import RingState, can_be, refined
from tapeflow.dialects.spm import RingType

TILE = 4


def value_of(type_) -> SSAValue:
    return test_dialect.TestOp(result_types=[type_]).results[0]


def fresh(slots: int = 3) -> RingState:
    """An empty ring: slots of 4 records of 8 bytes, at bytes 128, 192, ..."""
    type_ = RingType.of((f64,), TILE, slots, 128)
    return RingState.fresh(value_of(type_), type_)


def symbol_of(state: RingState) -> FillSymbol:
    """The unknown number of records in a tile."""
    ((symbol, _),) = state.fill.terms
    assert isinstance(symbol, FillSymbol)
    return symbol


def test_an_address_counts_slots_and_records() -> None:
    state = fresh().next_tile().next_tile().pushed()
    assert state.start == forms.number(128 + 2 * 64)
    assert state.address == forms.number(128 + 2 * 64 + 8)
    assert state.limit == forms.number(128 + 2 * 64 + 32)
    assert state.room == forms.number(3)


def test_slots_go_around() -> None:
    state = fresh()
    assert state.next_tile().next_tile().next_tile().start == state.start
    assert state.previous_tile().start == forms.number(128 + 2 * 64)
    assert state.next_tile().previous_tile().is_same_place(full(state))


def full(state: RingState) -> RingState:
    for _ in range(TILE):
        state = state.pushed()
    return state


def test_where_ways_meet_the_slot_is_any() -> None:
    state = fresh().unknown()
    assert (state.least, state.most) == (0, TILE)
    assert state.start.numbers == (128, 192, 256)
    assert state.next_tile().start.numbers == (192, 256, 128)
    assert state.address != state.unknown().address
    assert fresh(slots=1).unknown().start == forms.number(128)


def test_one_record_more_or_less_of_some() -> None:
    some = fresh().within(1, 7)  # a tile holds four at most
    assert (some.least, some.most) == (1, TILE)
    more, less = some.pushed(), some.after(Pop(some.ring, []))
    assert (more.least, more.most) == (2, TILE)
    assert (less.least, less.most) == (0, TILE - 1)
    assert not more.is_same_place(some)
    assert more.after(Pop(some.ring, [])).is_same_place(some)


def test_what_two_ways_stored_and_popped() -> None:
    value, other = value_of(f64), value_of(f64)
    one, two = (replace(fresh(), stored={0: v, 1: value}) for v in (value, other))
    assert one.stored_or(two) == {0: None, 1: value}
    pop = Pop(value, [(0, value)])
    popped, not_popped = fresh().after(pop), fresh()
    assert popped.popped_or(popped) is pop
    assert popped.popped_or(not_popped) is None
    mixed = popped.popped_or(fresh().after(Pop(value, [(0, other)])))
    assert mixed is not None and not mixed.loads  # the field of neither


# By range of records and number asked for: can a tile have them, and another number?
POSSIBLE = [
    ((0, 4), 4, True, True),
    ((0, 3), 4, False, True),
    ((1, 4), 0, False, True),
    ((4, 4), 4, True, False),
    ((2, 2), 1, False, True),
]


@pytest.mark.parametrize(("range_", "records", "may_be", "may_not_be"), POSSIBLE)
def test_a_branch_is_taken_if_the_tile_can_be_so(range_, records, may_be, may_not_be):
    state = fresh().within(*range_)
    for holds in (True, False):
        condition = Fills(symbol_of(state), records, holds)
        assert can_be(condition, holds, state) == may_be
        assert can_be(condition, not holds, state) == may_not_be


def test_a_branch_may_be_taken_if_nothing_is_known() -> None:
    strange = Fills(FillSymbol(TILE), 9, True)
    assert can_be(strange, True, fresh())
    assert can_be(None, True, fresh())
    assert not can_be(OfSlot((True, True), SlotSymbol()), False, fresh())


# By range, number and whether it is so: the range then.
REFINED = [
    ((0, 4), 4, True, (4, 4)),
    ((0, 4), 4, False, (0, 3)),
    ((0, 4), 0, False, (1, 4)),
    ((0, 4), 2, False, (0, 4)),
]


@pytest.mark.parametrize(("range_", "records", "is_so", "expected"), REFINED)
def test_a_branch_bounds_the_records(range_, records, is_so, expected):
    before = fresh().within(*range_)
    condition = Fills(symbol_of(before), records, True)
    after = refined(condition, is_so, before)
    assert (after.least, after.most) == expected


def test_a_branch_bounds_what_was_pushed_since_the_test() -> None:
    """The tile had two records when it was asked, and has one more now."""
    tested = fresh().within(0, 3)
    now = tested.pushed()
    condition = Fills(symbol_of(tested), 2, True)
    after = refined(condition, True, now)
    assert (after.least, after.most) == (3, 3)
    other = fresh().within(0, 4)
    assert refined(condition, True, other) == other
