"""The figures of a comparison: numbers as text, means, losers, disagreements."""

import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

from hwmodel import preset
from tapeflow.tools.bench.notes import disagreeing, notes_on
from tapeflow.tools.bench.table import means_table, ratios_table, runs_table
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.tools.result_row import (
    ROW_KEYS,
    gradient_sha256,
    max_relative_error,
    write_csv,
    write_json,
)
from tapeflow.tools.tables import count, nanojoules, show


def row_with(program: str, pipeline: str, cycles: int, **changes: object):
    """A row whose other figures are all 1."""
    text = {"size": "tiny", "machine": "fair", "gradient_sha256": "00", "error": None}
    figures = dict.fromkeys(ROW_KEYS, 1) | text
    return figures | {
        "program": program,
        "pipeline": pipeline,
        "cycles": cycles,
        **changes,
    }


def printed(table) -> str:
    text = io.StringIO()
    Console(file=text, width=200).print(table)
    return text.getvalue()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (99_999, "99,999"),
        (100_000, "100.0k"),
        (1_234_567, "1.235M"),
        (12_345_678_901, "12.35G"),
    ],
)
def test_count(number, text):
    assert count(number) == text


@pytest.mark.parametrize(
    ("picojoules", "text"),
    [(0, "0"), (4_831, "4.831"), (1_829_618, "1,830"), (214_200_000, "214.2k")],
)
def test_nanojoules(picojoules, text):
    assert nanojoules(picojoules) == text


def test_means_and_losers():
    rows = [
        row_with("a", "baseline", 100),
        row_with("a", "streams", 50),
        row_with("b", "baseline", 100),
        row_with("b", "streams", 200),
        row_with("c", "baseline", 100),
        row_with("c", "streams", 0, error="no"),
    ]
    table = means_table(rows)
    assert table is not None
    row = next(line for line in printed(table).splitlines() if "streams" in line)
    assert row.split()[:3] == ["streams", "2", "1.00"]
    assert row.rstrip().endswith("b (0.500)")


def test_means_of_ratios():
    rows = [
        row_with("a", "baseline", 100, cycles_over_bound=2, cycles_over_free_tape=1.5),
        row_with("b", "baseline", 100, cycles_over_bound=8, cycles_over_free_tape=None),
        row_with("c", "baseline", 0, error="no"),
    ]
    table = ratios_table(rows)
    assert table is not None
    row = next(line for line in printed(table).splitlines() if "baseline" in line)
    assert row.split() == ["baseline", "2", "4.00", "-"]
    assert ratios_table(rows[:1]) is None


def test_no_means_without_baseline():
    assert means_table([row_with("a", "streams", 1)]) is None


def test_speed_up_and_refusal_in_the_table():
    rows = [
        row_with("a", "baseline", 100),
        row_with("a", "regions", 80),
        row_with("a", "streams", 0, error="a reason"),
    ]
    text = printed(runs_table(rows))
    assert "1.25" in text and "refused" in text


def test_a_narrow_console_cuts_nothing():
    text = io.StringIO()
    table = runs_table([row_with("a", "baseline", 123_456_789)])
    show(Console(file=text, width=40), [table], ["a note"])
    assert "123.5M" in text.getvalue() and "…" not in text.getvalue()


def test_disagreement_is_told_and_unsound():
    rows = [
        row_with("a", "baseline", 1),
        row_with("a", "regions", 1, gradient_sha256="11"),
        row_with("b", "baseline", 1, value=math.nan),
        row_with("b", "regions", 1, value=math.nan),
    ]
    assert disagreeing(rows) == ["DISAGREEMENT on a: baseline against regions"]
    pipelines = [fit_pipeline(name, preset("fair")) for name in ("baseline", "regions")]
    notes, is_sound = notes_on(rows, pipelines, "reference")
    assert not is_sound
    assert not any("agree bit for bit" in note for note in notes)


def test_max_relative_error():
    reference = {0: np.array([4.0, -8.0]), 1: np.array(0.5)}
    exact = {i: array.copy() for i, array in reference.items()}
    assert max_relative_error(exact, reference) == 0
    assert max_relative_error({**exact, 1: np.array(0.9)}, reference) == 0.4 / 8
    assert max_relative_error({**exact, 1: np.array(math.nan)}, reference) == math.inf
    small = {0: np.array([0.25])}
    assert max_relative_error({0: np.array([0.5])}, small) == 0.25


def test_digest_sees_every_bit():
    zero = gradient_sha256({0: np.array([0.0])})
    assert zero != gradient_sha256({0: np.array([-0.0])})
    assert zero == gradient_sha256({0: np.array([0.0])})


def test_files_hold_what_json_lacks():
    rows = [row_with("a", "baseline", 1, value=[math.nan, 2.0])]
    text, table = io.BytesIO(), io.BytesIO()
    write_json(text, rows)
    assert json.loads(text.getvalue())[0]["value"] == ["nan", 2.0]
    write_csv(table, rows)
    assert b'"[""nan"", 2.0]"' in table.getvalue()
