"""Arms of `tapeflow bench`: the choices they make, and what cannot be asked for."""

import json

import pytest

from hwmodel import MachineError, preset
from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.arms import (
    ARMS,
    FAIR_PREFETCHERS,
    FAIR_TAPES,
    KNOWN_ARMS,
    make_arm,
)
from tapeflow.tools.bench.cases import program_sources
from tapeflow.tools.bench.compare import compare
from tapeflow.tools.pipelines.on_machine import Target, separate_pipelines
from tapeflow.tools.pipelines.text import PipelineError, parse_pipeline

FAIR = Target(preset("fair"))


def arm_of(text, *prefetchers):
    return make_arm(parse_pipeline(text), FAIR, *prefetchers)


@pytest.fixture
def bench(run, tmp_path):
    """The rows of a bench of a program at size tiny."""

    def rows(*arguments, program="pathfinder"):
        path = tmp_path / "rows.json"
        common = ("bench", program, "--size", "tiny", "--json", path)
        result = run(*common, *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(path.read_text()), result.stdout

    return rows


def choices(arm):
    """Layout, and name and degree of the prefetcher, of each candidate."""
    caches = [(c.layout, c.pipeline.machine.cache) for c in arm.candidates]
    return [
        (layout, c.prefetcher, None if c.prefetcher == "none" else c.prefetch_degree)
        for layout, c in caches
    ]


def test_fair_baseline_tries_every_layout_and_prefetcher():
    arm = arm_of("fair-baseline")
    layouts = (
        *("soa", "padded-soa staggered", "aos", "aos staggered"),
        *("aos merged", "aos staggered merged"),
    )
    expected = [(layout, *p) for layout in layouts for p in FAIR_PREFETCHERS]
    assert choices(arm) == expected
    assert len(arm.pipelines) == 6


def test_what_is_asked_for_is_tried_too():
    arm = arm_of("fair-baseline", (("markov", 2),))
    assert ("aos", "markov", 2) in choices(arm)
    assert len(arm.candidates) == 6 * (len(FAIR_PREFETCHERS) + 1)


def test_who_has_a_choice():
    stride = (("stride", 4),)
    assert choices(arm_of("layers")) == [(None, "none", None)]
    assert choices(arm_of("layers", stride)) == [(None, "stride", 4)]
    assert len(arm_of("layers", FAIR_PREFETCHERS).candidates) == 4
    assert len(arm_of("streams").candidates) == 2 * 4
    assert len(arm_of("tuned-streams{trials=2}").candidates) == (6 + 2 + 1) * 4
    assert len(arm_of("tuned-loops").candidates) == 1 + 4 * 2
    assert choices(arm_of("free-tape")) == choices(arm_of("fair-baseline"))
    assert len(arm_of("free-tape{layout=aos merge=true}").candidates) == 6 * 4
    own = "baseline{cache.prefetcher=next-line cache.prefetch_degree=2}"
    assert choices(arm_of(own, stride)) == [(None, "next-line", 2)]
    own = "free-tape{cache.prefetcher=none}"
    assert [c[1:] for c in choices(arm_of(own))] == [("none", None)] * 6
    own = "fair-baseline{cache.prefetcher=none}"
    assert len(arm_of(own).candidates) == 6


def test_what_beats_a_free_tape_on_an_equal_machine_is_its_row():
    fair, more_sram = preset("fair"), fitted("cache.capacity_bytes=64k")
    free = row_at("free-tape{layout=soa}", 100)
    rows = [free, row_at("layers", 90), row_at("baseline", 80), row_at("streams", 95)]
    ceiling, *others = compare(rows, [fair, fair, more_sram, fair], [None] * 4)
    assert ceiling["cycles"] == 90
    assert ceiling["arm"] == ceiling["pipeline"] == "free-tape{layout=soa}"
    assert ceiling["chosen_layout"] == "as layers"
    assert [r["cycles_over_free_tape"] for r in others] == [1, 80 / 90, 95 / 90]
    refused = row_at("free-tape", None)
    assert compare([refused, others[0]], [fair, fair], [None] * 2)[0]["cycles"] is None


def row_at(arm, cycles):
    """As much of a row as is compared."""
    return {"arm": arm, "pipeline": arm, "cycles": cycles, "chosen_layout": "soa"}


def fitted(changes):
    """The machine of an arm with changed fields."""
    return arm_of(f"baseline{{{changes}}}").machine


def test_the_best_is_named_in_its_record(bench):
    tried = [
        f"baseline{{layout={tape.layout} stagger={str(tape.is_staggered).lower()}"
        f" merge={str(tape.is_merged).lower()} cache.prefetcher={name}"
        + ("}" if n is None else f" cache.prefetch_degree={n}}}")
        for tape in FAIR_TAPES
        for name, n in FAIR_PREFETCHERS
    ]
    (fair, *others), text = bench("--pipeline", ",".join(["fair-baseline", *tried]))
    best = min(others, key=lambda row: row["cycles"])
    assert fair["arm"] == fair["pipeline"] == "fair-baseline"
    assert fair["cycles"] == best["cycles"]
    place = others.index(best)
    assert fair["chosen_layout"] == str(FAIR_TAPES[place // len(FAIR_PREFETCHERS)])
    chosen = (fair["chosen_prefetcher"], fair["prefetch_degree"])
    assert chosen == (best["prefetcher"], best["prefetch_degree"])
    assert [row["pipeline"] for row in others] == tried
    assert fair["chosen_layout"] in text
    assert all(row["chosen_layout"] is None for row in others)


def test_free_tape_accesses_nothing_of_the_tape(bench):
    pipelines = "baseline,free-tape{cache.prefetcher=none},streams{places=stream}"
    (baseline, free, streams), text = bench("--pipeline", pipelines)
    assert free["cache_accesses"] == streams["cache_accesses"]
    assert free["cycles"] < baseline["cycles"]
    assert free["tape_bytes"] == baseline["tape_bytes"] > 0
    assert free["cycles_over_free_tape"] == 1
    assert baseline["cycles_over_free_tape"] == baseline["cycles"] / free["cycles"]
    assert "over free" in text


def test_bounds_stand_beside_every_result(bench):
    rows, text = bench()
    assert "over" in text and "bound" in text
    parts = ("dram", "arithmetic", "issue", "port", "path")
    for row in rows:
        bound = max(row[f"bound_{part}_cycles"] for part in parts)
        assert row["bound_cycles"] == bound > 0
        assert row["cycles_over_bound"] == row["cycles"] / bound >= 1
        assert row["bound_cycles"] == rows[0]["bound_cycles"]


def test_an_arm_with_other_latencies_has_its_own_bound(bench):
    arms = "baseline,baseline{cache.hit_latency_cycles=200}"
    (fast, slow), _ = bench("--pipeline", arms)
    assert slow["bound_path_cycles"] > 20 * fast["bound_path_cycles"]
    assert slow["cycles_over_bound"] >= 1


def test_optimal_replacement(bench):
    pipelines = ("--pipeline", "baseline{cache.prefetcher=none},streams")
    sram = ("--sram-bytes", 2048, "--set", "scratchpad.capacity_bytes=1024")
    rows, text = bench("--belady", *sram, *pipelines, program="nn")
    assert "optimal" in text
    for row in rows:
        assert row["lru_misses"] == row["cache_misses"]
        assert row["lru_write_backs"] == row["write_backs"]
        assert 0 < row["optimal_misses"] <= row["lru_misses"]
    assert rows[1]["optimal_misses"] < rows[1]["lru_misses"]


def test_equal_totals(bench):
    rows, text = bench("--sram-bytes", 4096, "--ports", 3)
    for row in rows:
        assert row["sram_bytes"] == 4096
        assert row["cache_ports"] + row["scratchpad_ports"] == 3
        assert not row["unequal_ports"] and not row["unequal_sram"]
        if row["pipeline"] == "streams":
            assert row["sram_split"] == "compiler"
            continue
        is_split = row["pipeline"] == "layers"
        memories = (row["cache_bytes"], row["scratchpad_bytes"])
        assert memories == ((3072, 1024) if is_split else (4096, 0))
        assert row["sram_split"] == ("rule" if is_split else "all cache")
    assert "split by rule" in text and "nequal" not in text


def test_an_explicit_split(bench):
    more = ("--set", "scratchpad.capacity_bytes=512", "--pipeline", "baseline,streams")
    (baseline, streams), text = bench("--sram-bytes", 4096, *more)
    assert (baseline["cache_bytes"], streams["cache_bytes"]) == (4096, 3584)
    assert (streams["scratchpad_bytes"], streams["sram_split"]) == (512, "set")
    assert "split as set" in text


def test_unequal_arms_are_labelled(bench):
    arms = "baseline,baseline{cache.ports=5 cache.capacity_bytes=32768},streams"
    rows, text = bench("--pipeline", arms)
    assert [row["unequal_ports"] for row in rows] == [False, True, False]
    assert [row["unequal_sram"] for row in rows] == [False, True, False]
    assert "* Unequal" in text
    assert "Unequal ports: baseline{cache.ports=5" in text
    assert "Unequal SRAM bytes: baseline{cache.ports=5" in text


def test_processes_change_nothing(bench):
    arms = ("--pipeline", "baseline,fair-baseline,streams")
    alone, _ = bench(*arms)
    shared, _ = bench(*arms, "--jobs", 2)
    volatile = (
        *("pass_seconds", "compile_seconds"),
        *("run_seconds", "operations_per_second"),
    )
    for row in (*alone, *shared):
        for key in volatile:
            del row[key]
    assert shared == alone


def test_groups_of_programs():
    def names(*words: str) -> list[str]:
        return [source.program for source in program_sources(words, "tiny", 0)]

    sixteen = [program.name for program in PROGRAMS]
    assert names("all") == sixteen
    assert names("nn", "all") == ["nn", *(name for name in sixteen if name != "nn")]
    assert names("networks", "lstm", "attention") == [
        *("resnet_block", "wavenet", "attention"),
        "lstm",
    ]
    assert names("simulations") == ["shallow_water", "monte_carlo"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fair-baseline{layout=soa}", "no option 'layout'; it takes as-written"),
        ("fair-baseline{policy=some}", "takes"),
        ("fair-baselin", "did you mean fair-baseline?"),
        ("streems", "did you mean streams"),
    ],
)
def test_bad_arms(text, message):
    with pytest.raises(PipelineError, match=message):
        arm_of(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("baseline, streams{slots=4} ", ["baseline", "streams{slots=4}"]),
        ("baseline,cse", ["baseline,cse"]),
        ("", [""]),
    ],
)
def test_arms_separated_by_commas(text, names):
    assert [one.name for one in separate_pipelines(text, KNOWN_ARMS)] == names


def test_an_error_points_into_what_was_written():
    (_, second) = separate_pipelines("baseline,streams{cache.ports=3 slots=x}", ARMS)
    with pytest.raises(PipelineError, match="takes a whole number") as raised:
        make_arm(second, FAIR)
    assert raised.value.text[raised.value.position :] == "slots=x}"


def test_an_unknown_field_of_the_machine():
    with pytest.raises(MachineError, match=r"no field 'size' in cache; fields: capac"):
        arm_of("streams{cache.size=4096}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prefetcher", "strid"], "known: none, next-line, stride, markov, best"),
        (["--prefetcher", "stride:x"], "'x' is no degree"),
        (["--prefetcher", "stride:99"], "at most 16 lines"),
        (["--sram-bytes", "1000"], "give 768 or 1024"),
        (["--ports", "1"], "needs at least 2"),
        (["--set", "scratchpad.capacity_bytes=0"], "has no scratchpad"),
        (["--pipeline", "streams{cache.ports=0}"], "cache.ports"),
        (["--pipeline", "free-tape{slots=2}"], "has no option 'slots'"),
    ],
)
def test_bad_requests(run, arguments, message):
    result = run("bench", "nn", "--size", "tiny", *arguments)
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output and "internal" not in result.output
    assert result.stdout == ""


def test_overrides_of_grad(grad, run):
    """0 bytes of scratchpad are none; what is set is what the row says."""
    path = grad.directory / "stats.json"
    common = ("grad", grad.program, "--wrt", grad.wrt, "--inputs", grad.inputs)
    output = ("--output", grad.directory / "out.npz", "--json", path)
    changes = (
        *("--set", "cache.capacity_bytes=16384"),
        *("--set", "scratchpad.capacity_bytes=1024"),
    )
    assert run(*common, *output, *changes).exit_code == 0
    row = json.loads(path.read_text())
    assert (row["cache_bytes"], row["scratchpad_bytes"]) == (16384, 1024)
    none = ("--set", "scratchpad.capacity_bytes=0", "--pipeline", "baseline")
    assert run(*common, *output, *none).exit_code == 0
    row = json.loads(path.read_text())
    assert (row["cache_bytes"], row["scratchpad_bytes"]) == (15360, 0)
