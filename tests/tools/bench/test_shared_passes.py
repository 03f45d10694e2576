"""Passes that several lists begin with run once, and nothing else changes."""

from collections import Counter
from io import StringIO

import pytest
from xdsl.passes import ModulePass
from xdsl.printer import Printer

import tapeflow.backend.gradient as gradient
from hwmodel import preset
from tapeflow.backend.runtime.array_type import RequestError
from tapeflow.tools.bench.arms import make_arm
from tapeflow.tools.bench.cases import ProgramSource, load_case
from tapeflow.tools.bench.shared_passes import SharedPasses, forks_of
from tapeflow.tools.pipelines.on_machine import Target, fit_pipeline
from tapeflow.tools.pipelines.text import parse_pipeline

TARGET = Target(preset("fair"))
ARMS = ("baseline", "fair-baseline", "free-tape", "regions", "layers", "streams")


def fitted(*texts: str):
    arms = [make_arm(parse_pipeline(text), TARGET) for text in texts]
    return [pipeline for arm in arms for pipeline in arm.pipelines]


def shared(*pipelines) -> SharedPasses:
    passes = SharedPasses(load_case(ProgramSource("pathfinder", "tiny", 0)).request)
    passes.forks = forks_of(pipelines)
    return passes


def names(passes: tuple[ModulePass, ...]) -> list[str]:
    return [pass_.name for pass_ in passes]


def text_of(module) -> str:
    text = StringIO()
    Printer(stream=text).print_op(module)
    return text.getvalue()


@pytest.fixture
def runs(monkeypatch) -> Counter[str]:
    """How often each pass was followed by a verification."""
    counted = Counter[str]()
    verify = gradient.verify_module

    def counting(module, after=None):
        counted[after.name if after else ""] += 1
        verify(module, after)

    monkeypatch.setattr(gradient, "verify_module", counting)
    monkeypatch.setenv("TAPEFLOW_VERIFY_EACH", "1")
    return counted


def test_forks_are_where_lists_part():
    one, two, three = (
        fit_pipeline(text, TARGET)
        for text in ("lower-source,cse", "lower-source", "lower-source,canonicalize")
    )
    assert forks_of([one]) == forks_of([one, one]) == frozenset()
    assert [names(fork) for fork in forks_of([one, two, three])] == [["lower-source"]]
    other = fit_pipeline("differentiate{policy=save-all}", TARGET)
    assert forks_of([fit_pipeline("differentiate", TARGET), other]) == {()}


def test_front_passes_run_once(runs):
    pipelines = fitted(*ARMS)
    compiler = shared(*pipelines)
    for pipeline in pipelines:
        compiler.compile(pipeline)
    front = ("", "request-gradient", "lower-source", "differentiate", "shrink-tape")
    assert [runs[name] for name in front] == [1] * len(front)
    # Layout and growth: soa, padded-soa, aos; all of them bounded for the free tape.
    assert runs["form-regions"] == 6
    assert compiler.compile(pipelines[0]) is compiler.compile(pipelines[0])


def test_every_arm_has_the_program_that_it_has_alone():
    pipelines = fitted(*ARMS)
    compiler = shared(*pipelines)
    request = load_case(ProgramSource("pathfinder", "tiny", 0)).request
    alone = [text_of(request.compile(pipeline).module) for pipeline in pipelines]
    for order in (pipelines, [*reversed(pipelines)]):
        compiler = shared(*pipelines)
        programs = {p.name: compiler.compile(p) for p in order}
        assert [text_of(programs[p.name].module) for p in pipelines] == alone


def test_a_list_that_another_goes_on_from():
    short, long = fitted("baseline", "baseline,waive-tape{addresses=true}")
    for order in ((short, long), (long, short)):
        compiler = shared(short, long)
        first, second = (compiler.compile(pipeline) for pipeline in order)
        assert text_of(first.module) != text_of(second.module)
        seconds = (first.compile_seconds, second.compile_seconds)
        assert min(seconds) > 0


def test_a_refusal_stays_one():
    short, long = (
        fit_pipeline(text, TARGET) for text in ("lower-source", "lower-source,cse")
    )
    compiler = shared(short, long)
    for _ in range(2):
        with pytest.raises(RequestError, match="has to be 'differentiate'"):
            compiler.compile(short)
