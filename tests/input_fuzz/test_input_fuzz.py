"""Some spoilt inputs; `python -m tests.input_fuzz` judges thousands."""

import os
import time

import pytest

from . import judge as judging
from .corpus import texts
from .judge import FAULTS, Case, Report, Verdict, judge, load, make_case
from .workers import verdicts

SEEDS = range(60)
PROGRAM = b"func.func @f(%x: f64) -> f64 {\n  func.return %x : f64\n}"


def test_spoilt_inputs_run_or_end_in_a_message() -> None:
    load()
    found = dict(verdicts(SEEDS, jobs=1, seconds=30))
    assert found.keys() == set(SEEDS)
    assert {s: v for s, v in found.items() if v.outcome in FAULTS} == {}
    assert {"compiled", "message"} <= {v.outcome for v in found.values()}


def test_a_seed_gives_the_same_case() -> None:
    cases = [make_case(seed) for seed in range(50)]
    assert cases == [make_case(seed) for seed in range(50)]
    spoilt = [c for c in cases if c.data not in {text.data for text in texts()}]
    assert len(spoilt) > 40


def case(data: bytes, pipeline: str | None = None) -> Case:
    return Case(0, "here", data, is_text=True, pipeline=pipeline)


def test_a_good_program_runs() -> None:
    assert judge(case(PROGRAM)).outcome == "ran"
    assert judge(case(PROGRAM, "canonicalize")).outcome == "compiled"


def test_a_message_needs_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judge(case(b"func.func @f(")).outcome == "message"
    monkeypatch.setattr(judging, "failure_message", lambda error: "tapeflow: error: no")
    assert judge(case(b"func.func @f(")).outcome == "no place"


def test_an_error_of_ours_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(judging, "verify_module", fail)
    assert judge(case(PROGRAM)).outcome == "internal error"


def misbehave(seed: int, report: Report) -> Verdict:
    """What cannot be caught in this process."""
    report("run" if seed == 2 else "read")
    if seed == 0:
        os._exit(7)
    if seed < 3:
        time.sleep(100)
    return Verdict("ran")


def test_crashes_and_hangs_are_told() -> None:
    found = dict(verdicts(range(4), jobs=2, seconds=0.5, judge=misbehave))
    outcomes = [found[seed].outcome for seed in range(4)]
    assert outcomes == ["crash", "hang", "long run", "ran"]
