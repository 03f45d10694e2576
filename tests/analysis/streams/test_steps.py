"""One access or transfer of a ring in each state: what follows, or what is wrong."""

from dataclasses import replace

import pytest

from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.steps import ProtocolBroken

from .one_ring import BLOCKING, OneRing

# By step and state: where the slot begins, records in its tile, whether it moves.
RIGHT = [
    ("store", "empty", (0, 0, "")),  # half a record is none
    ("store rest", "part", (0, 1, "")),
    ("store", "one", (0, 1, "")),
    ("load", "full", (0, 1, "")),
    ("load", "one", (0, 0, "")),
    ("enqueue", "full", (64, 0, "leaving")),
    ("acquire", "leaving", (64, 0, "")),
    ("prefetch", "empty", (64, 2, "arriving")),
    ("dequeue", "arriving", (64, 2, "")),
    ("drain", "full", (0, 0, "")),  # it waits itself
    ("fill", "empty", (0, 2, "")),
    ("reload", "one", (0, 1, "arriving")),
]


@pytest.mark.parametrize(("verb", "state", "expected"), RIGHT)
def test_what_follows(parse, verb, state, expected):
    ring = OneRing(parse, state, 1 if verb in BLOCKING else 2)
    ring.step(verb)
    state = ring.state
    told = state.start.constant, state.fill.constant, state.moving
    assert told == expected


WRONG_STATE = [
    ("store", "full", "refuted", "go behind the end of the tile"),
    ("store", "some", "not provable", "go behind the end of the tile"),
    ("store", "leaving", "refuted", "record 4, the first of tile 2, is stored"),
    ("store", "one, arriving", "refuted", "the tile before is arriving"),
    ("load", "empty", "refuted", "goes before the begin of the tile"),
    ("load", "some", "not provable", "goes before the begin of the tile"),
    ("load", "part", "refuted", "while only part of it is stored"),
    ("load", "arriving", "refuted", "record 1 is read from slot 0 while"),
    ("load", "leaving", "refuted", "while a tile leaves it"),
    ("enqueue", "one", "refuted", "enqueue of a tile that is not full"),
    ("enqueue", "some", "not provable", "it may hold 0 of 2 records"),
    ("enqueue", "part", "refuted", "last record is not complete"),
    ("enqueue", "arriving", "refuted", "that is arriving already"),
    ("drain", "one", "refuted", "drain of a tile that is not full"),
    ("prefetch", "one", "refuted", "prefetch into a tile that is not used up"),
    ("prefetch", "some", "not provable", "it may hold 2 of 2 records"),
    ("prefetch", "leaving", "refuted", "a slot whose tile is leaving"),
    ("fill", "full", "refuted", "fill into a tile that is not used up"),
    ("reload", "part", "refuted", "a tile that is not ready"),
    ("reload", "leaving", "refuted", "a tile that is not ready"),
]
WRONG_PLACE = [
    ("store", "one", 16, "refuted", "16 bytes off the next record"),
    ("store", "one", None, "not provable", "address of the store does not"),
    ("load", "full", 16, "refuted", "16 bytes off the last record"),
    ("load", "one", None, "not provable", "address of the load does not"),
    ("enqueue", "full", 64, "refuted", "another slot than that of the"),
    ("acquire", "leaving", -64, "refuted", "it is -64 bytes off"),
    ("dequeue", "arriving", None, "not provable", "names another slot"),
    ("fill", "empty", 8, "refuted", "it is 8 bytes off"),
    ("reload", "one", -16, "refuted", "-16 bytes off"),
]


@pytest.mark.parametrize(
    ("verb", "state", "off", "answer", "reason"),
    [*WRONG_PLACE, *((*case[:2], 0, *case[2:]) for case in WRONG_STATE)],
)
def test_what_is_wrong(parse, verb, state, off, answer, reason):
    ring = OneRing(parse, state, 1 if verb in BLOCKING else 2)
    with pytest.raises(ProtocolBroken) as broken:
        ring.step(verb, off)
    assert broken.value.answer == answer
    assert reason in broken.value.reason


def test_the_right_place_of_one_slot_is_wrong_in_the_other(parse):
    ring = OneRing(parse, "full")
    first = ring.state.start
    any_slot = ring.state.unknown()
    ring.state = replace(any_slot, fill=ring.state.fill, least=2, most=2)
    with pytest.raises(ProtocolBroken, match="it is -64 bytes off") as broken:
        ring.step("enqueue", forms.add(first, any_slot.start, -1))
    assert broken.value.answer == "refuted"


def test_a_push_is_complete_with_its_last_field(parse):
    ring = OneRing(parse, "empty")
    first = ring.step("store")
    assert not ring.facts.pushes
    last = ring.step("store rest")
    assert ring.facts.pushes[last].values == {0: first.value, 1: last.value}


def test_a_pop_takes_all_fields_until_another_step_of_the_ring(parse):
    ring = OneRing(parse, "full")
    first = ring.step("load")
    second = ring.step("load rest")  # behind what is left
    assert ring.facts.pops[first].loads == [(0, first.value), (1, second.value)]
    ring.state = ring.state.pushed()
    third = ring.step("load rest")
    assert ring.facts.pops[third].loads == [(1, third.value)]
    assert len(ring.facts.pops[first].loads) == 2


@pytest.mark.parametrize(
    "verb, state", [("acquire", "leaving"), ("dequeue", "arriving")]
)
def test_a_wait_tells_where_the_slot_is(parse, verb, state):
    ring = OneRing(parse, state)
    assert ring.values.of(ring.step(verb).slot) == forms.number(64)
