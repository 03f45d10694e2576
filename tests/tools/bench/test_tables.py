"""The figures of a comparison: numbers as text, means, losers, disagreements."""

import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

from hwmodel import override_all, preset
from tapeflow.tools.bench.notes import disagreeing, notes_on
from tapeflow.tools.bench.table import (
    EVERYTHING,
    VIEWS,
    arm_name,
    losers,
    means_table,
    runs_table,
)
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
    assert losers(rows) == ["streams is slower than baseline on b (0.500)."]


def test_means_of_ratios():
    rows = [
        row_with("a", "layers", 100, cycles_over_bound=2, cycles_over_free_tape=1.5),
        row_with("b", "layers", 100, cycles_over_bound=8, cycles_over_free_tape=None),
        row_with("c", "layers", 0, error="no"),
    ]
    table = means_table(rows)
    assert table is not None
    row = printed(table).splitlines()[-1]
    assert row.split() == ["layers", "2", "-", "-", "-", "-", "4.00", "-"]
    assert means_table(rows[:1]) is None


def test_without_baseline_the_first_arm_is_compared_with():
    rows = [
        row_with(program, pipeline, cycles)
        for program in ("a", "b")
        for pipeline, cycles in (("regions", 100), ("streams", 50), ("layers", 125))
    ]
    table = means_table(rows)
    assert table is not None
    text = printed(table)
    assert "geometric means of regions over pipeline" in " ".join(text.split())
    found = {line.split()[0]: line.split()[2] for line in text.splitlines()[-3:]}
    assert found == {"regions": "-", "streams": "2.00", "layers": "0.80"}
    assert losers(rows) == ["layers is slower than regions on a (0.800), b (0.800)."]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_fits_the_terminal(view):
    energies = (key for key in ROW_KEYS if key.endswith("_pj"))
    counts = (key for key in ROW_KEYS if key.endswith(("accesses", "misses", "bytes")))
    figures = {**dict.fromkeys(energies, 9.9e10), **dict.fromkeys(counts, 10**12)}
    choices = {"chosen_layout": "padded-soa", "prefetcher": "stride"}
    choices |= dict.fromkeys(("lru_misses", "optimal_misses"))  # without --belady
    rows = [
        row_with("reaction_diffusion", name, 10**9, **(figures | choices))
        for name in ("baseline", "streams{places=stream slots=4 merge=false}")
    ]
    tables = [runs_table(rows, VIEWS[view]), means_table(rows)]
    text = io.StringIO()
    show(Console(file=text, width=80), [t for t in tables if t], ["a note " * 30])
    assert max(map(len, text.getvalue().splitlines())) <= 80
    wide = printed(runs_table(rows, EVERYTHING))
    for column in EVERYTHING:
        if column.needs is None:
            assert all(word in wide for word in column.heading.split())


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


def test_an_arm_with_more_is_marked():
    equal = {"unequal_ports": False, "unequal_sram": False, "chosen_layout": None}
    row = row_with("a", "layers", 1, **equal, chosen_prefetcher=None)
    row["prefetch_degree"] = None
    assert arm_name(row) == "layers"
    assert arm_name(row | {"unequal_ports": True}) == "layers *"
    assert arm_name(row | {"unequal_sram": True}) == "layers *"


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
    notes, is_sound = notes_on(rows, pipelines, "reference", preset("fair"))
    assert not is_sound
    assert not any("agree bit for bit" in note for note in notes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ((), "Machine fair at 1000 MHz"),
        (
            ("cache.ways=8", "dram.closed_ns=40"),
            "Machine fair with cache.ways=8, dram.closed_ns=40 at 1000 MHz",
        ),
        (
            ("cache.ways=8", "cache.mshrs=8", "dma.channels=2", "dram.closed_ns=40"),
            "Machine fair with cache.ways=8, cache.mshrs=8, dma.channels=2 and 1 more "
            "field at 1000 MHz",
        ),
        (
            (
                *("cache.ways=8", "cache.mshrs=8", "cache.ports=8"),
                *("dma.channels=2", "dram.closed_ns=40"),
            ),
            "and 2 more fields at 1000 MHz",
        ),
    ],
)
def test_a_changed_machine_is_not_told_as_its_preset(changes, text):
    machine = override_all(preset("fair"), changes)
    arms = [fit_pipeline("baseline", machine)]
    notes, _ = notes_on([row_with("a", "baseline", 1)], arms, "reference", machine)
    assert text in notes[0]


@pytest.mark.parametrize("shown", [True, False])
def test_leakage_is_said_to_be_elsewhere_only_where_it_is(shown):
    machine = preset("fair")
    arms, rows = [fit_pipeline("baseline", machine)], [row_with("a", "baseline", 1)]
    notes, _ = notes_on(rows, arms, "reference", machine, shows_leakage=shown)
    assert ("in the JSON" in notes[0]) is not shown


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
