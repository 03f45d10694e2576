"""Hundreds of random programs: gradients against forward mode, bits at every level.

`python -m tests.random_programs` runs thousands.
"""

import pytest

from .compare import compare
from .generate import generate

GRADIENTS = range(200)
LEVELS = range(1000, 1012)
GROUP = 20
"""Programs a test, so that the report stays short."""


@pytest.mark.parametrize("first", GRADIENTS[::GROUP])
def test_gradient_against_forward_mode(first: int) -> None:
    outcomes = {seed: compare(generate(seed)) for seed in range(first, first + GROUP)}
    assert {o.status for o in outcomes.values()} <= {"passed", "not smooth"}, outcomes
    passed = sum(o.status == "passed" for o in outcomes.values())
    assert passed >= 0.9 * GROUP


@pytest.mark.parametrize("seed", LEVELS)
def test_every_pass_keeps_every_bit(seed: int) -> None:
    outcome = compare(generate(seed), levels=True)
    assert outcome.status in ("passed", "not smooth")
    assert not outcome.reasons
