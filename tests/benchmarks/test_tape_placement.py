"""The table of tape placements: a run on two programs, and its figures by hand."""

import csv
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks/placement"
SCRIPT = BENCHMARKS / "tape_placement.py"
SETTING = ("--machine", "salam", "--sram-bytes", "1024", "--size", "tiny")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory):
    """Two programs, run twice with the same directory of finished runs."""
    directory = tmp_path_factory.mktemp("placement")
    markdown, table = directory / "table.md", directory / "table.csv"
    words = ("mass_spring", "logsumexp", *SETTING, "--keep", directory / "runs")
    words = (*words, "--markdown", markdown, "--csv", table)
    first = run(*words)
    assert first.returncode == 0, first.stderr
    written = table.read_bytes()
    second = run(*words)
    assert second.returncode == 0, second.stderr
    assert table.read_bytes() == written
    with table.open(newline="") as file:
        return first, second, list(csv.DictReader(file)), markdown.read_text()


def test_what_is_finished_does_not_run_again(tiny):
    first, second, _, _ = tiny
    assert "mass_spring tuned-streams" in first.stderr
    assert second.stderr == ""
    assert second.stdout == first.stdout


def test_arms_of_a_setting_have_equal_resources_and_gradients(tiny):
    _, _, rows, _ = tiny
    main = [row for row in rows if row["setting_sram_bytes"] == "1024"]
    equal = [row for row in main if row["arm"] != "ideal scratchpad"]
    arms = {row["arm"] for row in equal if row["program"] == "mass_spring"}
    assert {"baseline", "fair-baseline", "free-tape", "regions", "layers"} <= arms
    assert {"streams{places=stream}", "streams", "tuned-streams"} <= arms
    for row in equal:
        if "lifted" not in row["arm"]:
            assert row["error"] == "" and row["sram_bytes"] == "1024"
            assert int(row["cache_ports"]) + int(row["scratchpad_ports"]) == 2
    for program in ("mass_spring", "logsumexp"):
        mine = {row["gradient_sha256"] for row in rows if row["program"] == program}
        assert len(mine) == 1


def test_the_ideal_scratchpad_is_beside_the_full_cache(tiny):
    _, _, rows, _ = tiny
    (ideal,) = (row for row in rows if row["arm"] == "ideal scratchpad")
    assert (ideal["cache_bytes"], ideal["cache_ports"]) == ("1024", "2")
    assert (ideal["scratchpad_bytes"], ideal["scratchpad_ports"]) == ("1048576", "2")
    assert int(ideal["scratchpad_accesses"]) > 0


def test_tables_say_what_they_rest_on(tiny):
    first, _, _, markdown = tiny
    for text in (first.stdout.replace("\n", " "), markdown):
        assert "machine salam, 1,024 bytes of SRAM and 2 ports" in text
        assert "best of none and stride" in text
    assert "| logsumexp | 0 | no tape |" in markdown
    assert "## Unequal ports" in markdown


def test_an_unknown_program_is_refused():
    finished = run("nothing")
    assert finished.returncode == 2
    assert "no program nothing; known: " in finished.stderr


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("figures")


def row(cycles: int, operations: int = 100, scratchpad_bytes: int = 256):
    return {
        "error": None,
        "cycles": cycles,
        "operations": operations,
        "tape_bytes": 8,
        "scratchpad_bytes": scratchpad_bytes,
    }


def results(figures, rows):
    setting = import_module("arms").Setting("salam", 1024)
    return figures.Results(setting, rows)


def test_the_distance_covered_is_one_of_logarithms(figures):
    found = results(
        figures,
        {
            ("a", "fair-baseline"): row(400),
            ("a", "streams"): row(200),
            ("a", "free-tape"): row(100),
            ("b", "fair-baseline"): row(100),
            ("b", "streams"): row(200),
            ("b", "free-tape"): row(50),
        },
    )
    assert figures.distance_covered(found, ["a"], "streams") == pytest.approx(1 / 2)
    # One doubling won and one lost, of three.
    both = figures.distance_covered(found, ["a", "b"], "streams")
    assert both == pytest.approx(0, abs=1e-12)
    assert figures.losers(found) == [("b", "streams")]


def test_the_reason_of_a_loss_is_what_regains_most_of_it(figures):
    rows = {
        ("a", "fair-baseline"): row(100),
        ("a", "streams"): row(200, operations=110),
        ("a", "streams, lifted: ports"): row(130),
        ("a", "streams, lifted: cache"): row(180),
        ("a", "streams, lifted: DMA set-up"): row(190),
        ("a", "streams, lifted: scratchpad"): row(1) | {"error": "refused"},
    }
    loss = figures.loss(results(figures, rows), "a", "streams")
    assert loss.speed_up == 0.5
    assert loss.more_operations == pytest.approx(0.1)
    assert loss.regained["ports"] == pytest.approx(0.7)
    assert loss.regained["scratchpad"] is None
    assert loss.reason == "too few ports for each memory"
    rows["a", "streams, lifted: ports"] = row(190)
    loss = figures.loss(results(figures, rows), "a", "streams")
    assert loss.reason == "none of these alone; +10.0% operations"


def test_means_and_hidden_share(figures):
    assert figures.geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2)
    assert figures.arithmetic_mean([0.5, 2.0, 8.0]) == pytest.approx(3.5)
    assert figures.geometric_mean([]) is None
    moving = {"dma_busy_cycles": 40, "dma_exposed_cycles": 10}
    assert math.isclose(figures.hidden_share(moving), 0.75)
    still = {"dma_busy_cycles": 0, "dma_exposed_cycles": 0}
    assert figures.hidden_share(still) is None
