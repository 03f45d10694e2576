"""The runner: what ends or blocks a worker is a finding; planted faults are found."""

import io
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.random_programs.compare import Outcome
from tests.random_programs.fault import Fault
from tests.random_programs.generate import Case, generate
from tests.random_programs.levels import RingVerdict
from tests.random_programs.planted import Search, main, planted, search
from tests.random_programs.planted_faults import FAULTS
from tests.random_programs.report import Report
from tests.random_programs.report_tables import show
from tests.random_programs.runner import Finding, Runner
from tests.random_programs.worker import Failure, Worker


class _Ends:
    """What runs a function where it is unpickled: in the worker."""

    def __init__(self, function: Callable[..., object], *arguments: object):
        self._reduced = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._reduced


def test_a_crash_and_a_hang_are_findings_and_the_next_program_runs() -> None:
    worker = Worker("reference", seconds=3)
    try:
        ends: Case = _Ends(os._exit, 139)  # pyright: ignore
        assert worker.compare(ends, levels=False) == Failure(
            "crash: the process ended with exit code 139"
        )
        hangs: Case = _Ends(time.sleep, 60)  # pyright: ignore
        assert worker.compare(hangs, levels=False) == Failure(
            "hang: no answer after 3 seconds"
        )
        worker.seconds = 60  # A busy computer is no hang.
        answered = worker.compare(generate(0), levels=False)
        assert isinstance(answered, Outcome) and answered.status == "passed"
    finally:
        worker.stop()


def test_all_programs_are_run_and_counted() -> None:
    report = Report()
    for finding in Runner(first=0, count=4, jobs=2).run():
        report.add(finding)
    assert report.every.drawn == 4
    assert report.next_seed(0) == 4
    assert not report.failed


def test_too_many_refusals_are_told() -> None:
    report = Report()
    refused = Outcome("refused", ("no rule",))
    report.add(Finding(0, refused, frozenset({"for"})))
    assert not report.passes_enough
    assert report.rows["for"].refused == {"no rule": 1}
    assert "fewer than 90% of the programs pass" in shown(report)


def shown(report: Report) -> str:
    """What is printed on a terminal of 80 columns."""
    with io.StringIO() as text:
        show(Console(file=text, width=80), report)
        return text.getvalue()


def test_the_report_begins_with_its_sum_and_fits_a_terminal() -> None:
    report = Report()
    long = "linalg.conv_2d_nhwc_hwcf of samples"
    reason = "cannot differentiate @f: " + "a reason that goes on and on " * 4
    rings = (RingVerdict("streams", "proved"), RingVerdict("layers", "not provable"))
    report.add(Finding(0, Outcome("passed", rings=rings), frozenset({"for", "if"})))
    report.add(Finding(1, Outcome("refused", (reason,)), frozenset({"for", long})))
    report.add(Finding(2, Failure("crash"), frozenset({"for"})))
    lines = shown(report).splitlines()
    assert lines[:2] == [
        "3 programs drawn: 1 passed, 1 refused, 1 failed",
        "2 rings: 1 proved, 1 not provable",
    ]
    assert max(map(len, lines)) <= 80
    rows = [" ".join(line.split()) for line in lines]
    worst = rows.index("construct drawn passed refused failed reason") + 1
    assert rows[worst] == "for 3 1 1 1 (1)"
    assert rows[worst + 1] == f"{long} 1 0 1 0 (1)"
    always = rows.index("constructs whose programs all pass, by programs drawn")
    assert rows[always + 1] == "1 if"
    assert "failed: [2]" in lines


def test_failures_of_constructs_set_apart_do_not_count() -> None:
    report = Report(apart=("for",))
    report.add(Finding(0, Failure("crash"), frozenset({"for"})))
    assert report.failed == [] and report.failed_apart == [0]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_has_its_place_in_the_product(fault: Fault) -> None:
    compile(planted(fault), fault.path, "exec")


def test_a_planted_fault_is_found() -> None:
    wrong_product, *_ = FAULTS
    found = search(wrong_product, count=10, seed=0)
    assert found.programs == 1 and "Mismatch" in found.symptom


def test_recorded_answers_are_told_and_not_searched_for_again(tmp_path: Path) -> None:
    first, second, *_ = FAULTS
    record = tmp_path / "answers"
    answers = [Search(first.name, 7, "wrong"), Search(second.name, 300, "")]
    record.write_text("".join(json.dumps(vars(one)) + "\n" for one in answers))
    told = CliRunner().invoke(main, ["--record", str(record), "--only", first.name])
    assert told.exit_code == 0
    assert re.search(f"{first.name} +found after +7", told.output)
    told = CliRunner().invoke(main, ["--record", str(record), "--only", second.name])
    assert told.exit_code == 1
    assert re.search(f"{second.name} +not found in 300", told.output)
    assert "found 0 of 1" in told.output
