"""The minimum cut against all possible plans of small random programs."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tapeflow.analysis.differentiation.minimum_cut import (
    NEVER,
    Candidate,
    cheapest_again,
)

PRICES = st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0, 8.0])


def price(
    again: set[object], wanted: list[int], candidates: dict[object, Candidate]
) -> float:
    """What a plan costs."""
    total, seen, work = 0.0, set[object](), list[object](wanted)
    while work:
        key = work.pop()
        if key in seen:
            continue
        seen.add(key)
        candidate = candidates[key]
        total += candidate.again if key in again else candidate.saving
        if key in again:
            work.extend(candidate.operands)
    return total


@st.composite
def programs(draw: st.DrawFn) -> list[Candidate]:
    """Candidates that need earlier ones; the first cannot be got back."""
    found: list[Candidate] = []
    for key in range(draw(st.integers(1, 7))):
        operands = draw(st.sets(st.integers(0, key - 1), max_size=3)) if key else set()
        saving, again = draw(PRICES), draw(PRICES)
        if not operands:
            again = NEVER
        elif draw(st.booleans()):
            saving = draw(st.sampled_from([saving, NEVER]))
        found.append(Candidate(key, saving, again, tuple(operands)))
    return found


@given(found=programs(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_plan_is_cheaper(found: list[Candidate], data: st.DataObject) -> None:
    candidates: dict[object, Candidate] = {one.key: one for one in found}
    keys = [int(str(key)) for key in candidates]
    wanted = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    best = min(
        price(
            {key for key, is_in in zip(keys, choice, strict=True) if is_in},
            wanted,
            candidates,
        )
        for choice in product((False, True), repeat=len(keys))
    )
    chosen = cheapest_again(found, wanted)
    assert abs(price(set(chosen), wanted, candidates) - best) <= 1e-9 * max(1.0, best)


def test_a_shared_chain_is_paid_once() -> None:
    root = Candidate("root", 1.0, NEVER, ())
    chain = Candidate("chain", NEVER, 10.0, ("root",))
    ends = [Candidate(name, 8.0, 1.0, ("chain",)) for name in "abc"]
    assert cheapest_again([root, chain, *ends], "abc") == {"chain", "a", "b", "c"}


def test_nothing_is_needed() -> None:
    assert cheapest_again([], []) == set()
