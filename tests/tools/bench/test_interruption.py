"""A comparison that is ended early keeps its finished rows, and leaves no process."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = """
import signal
from tapeflow.tools.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell says &
main()
"""


def processes_in(session: int) -> list[int]:
    """The live processes of a session."""
    alive: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(owner) == session and state != "Z":
            alive.append(int(stat.parent.name))
    return alive


def eventually(happens: Callable[[], bool], seconds: float = 120) -> bool:
    until = time.monotonic() + seconds
    while not happens() and time.monotonic() < until:
        time.sleep(0.05)
    return happens()


def ended_by(
    number: int, jobs: int, directory: Path, to_group: bool
) -> tuple[int, str]:
    """Exit code and standard error of a comparison, once two of its runs are done."""
    words = ["bench", "logsumexp", "mass_spring", "nn", "--size", "paper"]
    words += [
        "--jobs",
        str(jobs),
    ]
    words += ["--pipeline", "baseline", "--pipeline", "fair-baseline"]
    words += ["--json", "rows.json", "--csv", "rows.csv"]
    with (
        (directory / "errors").open("w") as errors,
        (directory / "tables").open("w") as tables,
        subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=tables,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        told = directory / "errors"
        assert eventually(lambda: "logsumexp baseline:" in told.read_text())
        if to_group:  # as a terminal does at Ctrl-C
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        code = process.wait(timeout=60)
    assert eventually(lambda: not processes_in(process.pid), 20)
    return code, told.read_text()


@pytest.mark.parametrize(
    ("number", "jobs", "to_group", "code"),
    [
        (signal.SIGINT, 2, True, 130),
        (signal.SIGINT, 2, False, 130),
        (signal.SIGTERM, 2, False, 143),
        (signal.SIGTERM, 1, False, 143),
    ],
)
def test_finished_rows_are_kept(tmp_path, number, jobs, to_group, code):
    exit_code, told = ended_by(number, jobs, tmp_path, to_group)
    assert exit_code == code
    assert "Traceback" not in told
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert 1 <= len(rows) < 6
    assert told.endswith(f"interrupted; {len(rows)} of 6 rows are finished\n")
    assert rows[0]["program"] == "logsumexp" and rows[0]["cycles"] > 0
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(rows)
    tables = (tmp_path / "tables").read_text()
    assert "logsumexp" in tables
    assert "agree bit for bit" not in tables
    names = {"errors", "tables", "rows.json", "rows.csv"}
    assert {path.name for path in tmp_path.iterdir()} == names
