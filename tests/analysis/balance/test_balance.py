"""Whether the pops of a tape mirror its pushes, and what is said if they do not."""

import pytest

from .checked_tapes import (
    CHUNKED,
    FETCH,
    PUSH,
    M,
    branch,
    checked,
    loop,
    pop,
    while_loop,
)

POP = pop()
AGAIN = pop("%w")
COUNT = ("%c0", "%count", "%c1")


TRIANGLE = loop(loop(PUSH, ("%c0", "%i", "%c1"), "%j"))
BACKWARD = """%last = arith.subi %n, %c1 : index
  %there = arith.subi %last, %i : index\n"""
PROVED = {
    "one record": PUSH + POP,
    "loops of one trip count": loop(PUSH) + loop(POP),
    "of other bounds and steps": loop(PUSH, ("%c2", "%c8", "%c2"))
    + loop(POP, ("%c0", "%k3", "%c1")),
    "one iteration is like no loop": PUSH + loop(POP, ("%c1", "%c2", "%c1")),
    "a loop that never runs": loop(POP, ("%c2", "%c2", "%c1")),
    "nests": loop(loop(PUSH, M, "%j")) + loop(loop(POP, M, "%j")),
    "a triangle from its end": TRIANGLE
    + loop(BACKWARD + loop(POP, ("%c0", "%there", "%c1"), "%j")),
    "the last loop first": loop(PUSH) + loop(PUSH, M) + loop(POP, M) + loop(POP),
    "all within an iteration": loop(PUSH + POP),
    "branches of one condition": branch(PUSH) + branch(POP),
    "on both sides": branch(PUSH, PUSH + PUSH) + branch(POP, POP + AGAIN),
    "the body of a while loop": while_loop(PUSH) + loop(POP, COUNT),
    "its test, which runs once more": while_loop("", PUSH) + POP + loop(AGAIN, COUNT),
    "as often as a record said": PUSH + loop(PUSH) + loop(POP) + AGAIN,
    "chunks of a loop": CHUNKED.format(before="", inside=PUSH) + loop(POP),
    "a fetch right in front of a pop": PUSH + FETCH + POP,
}


@pytest.mark.parametrize("case", PROVED)
def test_what_is_proved(parse, case):
    verdict = checked(parse, PROVED[case])
    assert (verdict.answer, verdict.reason) == ("proved", "")


def test_what_is_popped_is_the_number_that_was_pushed(parse):
    counted = loop(AGAIN, ("%c0", "%v", "%c1"))
    assert checked(parse, loop(PUSH) + PUSH + POP + counted).answer == "proved"
    pushed = PUSH.replace("%n", "%m")
    assert checked(parse, loop(PUSH) + pushed + POP + counted).answer != "proved"


WRONG = {
    "a push alone": (PUSH, "refuted", "is never popped"),
    "a pop alone": (POP, "refuted", "more records are popped than are pushed"),
    "a pop that may not run": (loop(POP), "not provable", "than are pushed"),
    "another count": (loop(PUSH) + loop(POP, M), "not provable", "the trip count"),
    "another number": (
        loop(PUSH, ("%c0", "%c8", "%c1")) + loop(POP, ("%c0", "%c2", "%c1")),
        "refuted",
        "is not the one of the loop that pushed: 2 and 8",
    ),
    "a triangle from its begin": (
        TRIANGLE + loop(loop(POP, ("%c0", "%i", "%c1"), "%j")),
        "not provable",
        "the trip count of the loop that pops",
    ),
    "the first loop first": (
        loop(PUSH) + loop(PUSH, M) + loop(POP) + loop(POP, M),
        "not provable",
        "the trip count of the loop that pops",
    ),
    "an iteration of less": (loop(PUSH + PUSH) + loop(POP), "not provable", "are left"),
    "an iteration of more": (
        loop(PUSH) + loop(POP + AGAIN),
        "not provable",
        "an iteration pops more records",
    ),
    "another condition": (
        branch(PUSH) + branch(POP, condition="%q"),
        "not provable",
        "the condition of the branch that pops",
    ),
    "the other side": (branch(PUSH) + branch("", POP), "not provable", "a branch pops"),
    "one side alone": (
        branch(PUSH, PUSH) + branch(POP),
        "not provable",
        "are left when the loop or branch",
    ),
    "no loop": (loop(PUSH) + POP, "not provable", "pop meets what a loop has pushed"),
    "no branch": (branch(PUSH) + POP, "not provable", "meets what a branch has pushed"),
    "no record": (PUSH + loop(POP), "not provable", "a loop of pops meets a record"),
    "a test that pops": (
        while_loop(PUSH) + while_loop("", POP).replace("%count", "%other"),
        "not provable",
        "the trip count of the loop",
    ),
    "once a chunk": (
        CHUNKED.format(before=PUSH, inside="") + loop(POP),
        "not provable",
        "once a chunk, not once an iteration",
    ),
    "a fetch for nothing": (PUSH + POP + FETCH, "not provable", "a tile is fetched"),
    "a push behind a fetch": (
        PUSH + FETCH + PUSH + POP + AGAIN,
        "not provable",
        "records are pushed before it is read",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong(parse, case):
    body, answer, reason = WRONG[case]
    verdict = checked(parse, body)
    assert verdict.answer == answer
    assert reason in verdict.reason


ALL, MORE = loop(PUSH) + loop(POP), loop(PUSH) + PUSH + POP + loop(AGAIN)
COUNTED = ("%c0", "%c8", "%c1")
OPPOSITE = branch(PUSH) + branch("", PUSH)
UNLIKE = branch(loop(PUSH), loop(PUSH, M)) + branch(loop(POP), loop(POP, M))
RESAVED = loop(PUSH) + loop(POP + PUSH + AGAIN)
BOTH, ELSE = branch(PUSH, PUSH) + branch(POP, AGAIN), branch("", PUSH) + branch("", POP)
CAPACITIES = {
    "as many as there are": (ALL, "%n0", "proved", ""),
    "one less": (MORE, "%n0", "refuted", "its capacity is 1 records too small"),
    "what may be negative": (ALL, "%n", "not provable", "not provably as large"),
    "another number": (ALL, "%m", "not provable", "not provably as large"),
    "one after the other": (loop(PUSH + POP), "%c1", "proved", ""),
    "room for both sides": (BOTH, "%c2", "proved", ""),
    "room for either side": (BOTH, "%c1", "proved", ""),
    "no room for either": (BOTH, "%c0", "refuted", "is 1 records too small"),
    "room for the larger": (
        branch(PUSH, PUSH + PUSH) + branch(POP, POP + AGAIN),
        "%c2",
        "proved",
        "",
    ),
    "room for the smaller": (
        branch(PUSH, PUSH + PUSH) + branch(POP, POP + AGAIN),
        "%c1",
        "refuted",
        "its capacity is 1 records too small",
    ),
    "sides of which none is larger": (UNLIKE, "%n0", "not provable", "not provably"),
    "one side after the other": (
        OPPOSITE + branch("", POP) + branch(AGAIN),
        "%c1",
        "not provable",
        "not provably as large",
    ),
    "two conditions": (
        branch(PUSH) + branch(PUSH, "", "%q") + branch(POP, "", "%q") + branch(AGAIN),
        "%c1",
        "not provable",
        "not provably as large",
    ),
    "one condition twice": (
        branch(PUSH) + branch(PUSH) + branch(POP) + branch(AGAIN),
        "%c1",
        "refuted",
        "its capacity is 1 records too small",
    ),
    "a side that is known": (
        branch(branch("", PUSH) + PUSH + POP + branch("", AGAIN)),
        "%c1",
        "not provable",
        "not provably as large",
    ),
    "an iteration that may push": (
        loop(branch(PUSH), COUNTED) + loop(branch(POP), COUNTED),
        "%c2",
        "not provable",
        "not provably as large",
    ),
    "what is pushed in place of what is popped": (
        RESAVED,
        "%n0",
        "not provable",
        "not provably as large",
    ),
    "no room for one": (ELSE, "%c0", "refuted", "its capacity is 1 records too small"),
}


@pytest.mark.parametrize("case", CAPACITIES)
def test_capacities(parse, case):
    body, capacity, answer, reason = CAPACITIES[case]
    verdict = checked(parse, body, capacity)
    assert verdict.answer == answer
    assert reason in verdict.reason
