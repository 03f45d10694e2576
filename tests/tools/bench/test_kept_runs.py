"""`tapeflow bench --keep`: what is finished is not run again, if it is the same."""

import json
from pathlib import Path

import numpy as np
import pytest

from tapeflow.tools.bench import kept_runs
from tapeflow.tools.bench import runs as bench_runs

ASKED = ("logsumexp", "--size", "tiny", "--pipeline", "baseline,regions")
TASKS = 3
"""Two arms, and the bounds."""


@pytest.fixture
def bench(run, tmp_path):
    """`bench(...)`: the result with a directory of runs, and the rows."""

    def bench_kept(*words: object):
        rows = tmp_path / "rows.json"
        rows.unlink(missing_ok=True)
        keep = ("--keep", tmp_path / "runs", "--json", rows)
        result = run("bench", *words, *keep)
        return result, json.loads(rows.read_text()) if rows.exists() else None

    return bench_kept


def has_run(result) -> int:
    """How many tasks were carried out: each tells its seconds."""
    return sum(line.endswith(" s") for line in result.stderr.splitlines())


def test_what_is_finished_does_not_run_again(bench, tmp_path):
    first, rows = bench(*ASKED)
    assert first.exit_code == 0 and has_run(first) == TASKS
    assert "kept" not in first.stderr
    second, again = bench(*ASKED)
    assert second.exit_code == 0 and has_run(second) == 0
    told = second.stderr.rstrip("\n")  # rich 13 ends a bar that is not shown
    assert told == f"3 of 3 runs are kept in {tmp_path / 'runs'}"
    assert again == rows and second.stdout == first.stdout


def test_an_interrupted_comparison_goes_on(bench, monkeypatch, tmp_path):
    whole, rows = bench(*ASKED)
    for path in (tmp_path / "runs").iterdir():
        path.unlink()
    run_task, done = bench_runs.run_task, []

    def interrupted(task, forks):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(task)
        return run_task(task, forks)

    with monkeypatch.context() as patch:
        patch.setattr(bench_runs, "run_task", interrupted)
        first, part = bench(*ASKED)
    assert first.exit_code == 130
    assert [row["pipeline"] for row in part] == ["baseline"]
    told = f"goes on with what is kept in {tmp_path / 'runs'}\n"
    assert first.stderr.endswith(f"1 of 2 rows are finished; the same command {told}")
    second, again = bench(*ASKED)
    assert has_run(second) == 1 and second.stdout == whole.stdout
    for one, other in zip(again, rows, strict=True):
        assert {k: v for k, v in one.items() if "second" not in k} == {
            k: v for k, v in other.items() if "second" not in k
        }


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", 1),
        ("--size", "small"),
        ("--set", "cache.ways=2"),
        ("--machine", "salam"),
        ("--engine", "reference"),
        ("--belady",),
        ("--prefetcher", "stride"),
    ],
)
def test_what_is_asked_for_otherwise_is_run(bench, words):
    bench("logsumexp", "--size", "tiny", "--pipeline", "baseline")
    size = () if "--size" in words else ("--size", "tiny")
    other, _ = bench("logsumexp", *size, "--pipeline", "baseline", *words)
    assert other.stderr.count("logsumexp baseline:") == 1
    assert "other sources" not in other.stderr


def test_runs_of_other_sources_are_seen_and_not_used(bench, monkeypatch, tmp_path):
    bench(*ASKED)
    monkeypatch.setattr(kept_runs, "_sources", lambda: "0" * 16)
    second, _ = bench(*ASKED)
    assert has_run(second) == TASKS
    assert f"3 of 3 runs are kept in {tmp_path / 'runs'}, but of other sources" in (
        second.stderr
    )
    third, _ = bench(*ASKED)
    assert has_run(third) == 0 and "other sources" not in third.stderr


def test_sources_are_files_and_packages(monkeypatch):
    kept_runs._sources.cache_clear()
    own = kept_runs._sources()
    monkeypatch.setattr(kept_runs, "version", lambda _: "0")
    kept_runs._sources.cache_clear()
    assert kept_runs._sources() != own
    monkeypatch.undo()
    kept_runs._sources.cache_clear()
    assert kept_runs._sources() == own
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + b" " * (path.name == "arms.py")
    )
    kept_runs._sources.cache_clear()
    assert kept_runs._sources() != own
    kept_runs._sources.cache_clear()


def test_a_file_that_changed_is_run_again(bench, source, arrays):
    inputs = arrays("in", arg0=np.array([1.0, 2.0]), arg1=3.0)
    words = (source("squares"), "--wrt", 0, "--inputs", inputs)
    words = (*words, "--pipeline", "baseline")
    bench(*words)
    assert has_run(bench(*words)[0]) == 0
    arrays("in", arg0=np.array([1.0, 2.0]), arg1=4.0)
    assert has_run(bench(*words)[0]) == 2


def test_values_without_a_number_are_the_same_again(bench, source, arrays):
    inputs = arrays("in", arg0=np.array([np.nan, 2.0]), arg1=3.0)
    words = (source("squares"), "--wrt", 0, "--inputs", inputs, "--pipeline")
    bench(*words, "baseline")
    result, rows = bench(*words, "baseline,regions")
    assert has_run(result) == 1
    assert [row["value"] for row in rows] == ["nan", "nan"]
    assert "agree bit for bit in all pipelines" in result.stdout


def test_a_refused_run_and_a_damaged_file_are_tried_again(bench, tmp_path):
    words = ("nn", "--size", "tiny", "--pipeline")
    words = (*words, "baseline,streams{places=stream slots=640}")
    assert bench(*words)[0].exit_code == 1
    again, _ = bench(*words)
    assert again.exit_code == 1 and has_run(again) == 1
    for path in (tmp_path / "runs").iterdir():
        path.write_text("{")
    assert has_run(bench(*words)[0]) == TASKS


def test_a_directory_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").write_text("")
    for directory, reason in (("file", "is a file"), ("file/runs", "Not a directory")):
        keep = tmp_path / directory
        result = run("bench", *ASKED, "--keep", keep)
        assert result.exit_code == 1 and result.stdout == ""
        assert f"{keep}: no directory of runs: {reason}" in result.stderr
