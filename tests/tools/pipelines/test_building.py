"""From pipeline text to passes: anchors, names, options, named pipelines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe

from tapeflow.tools.pipelines.building import build_passes
from tapeflow.tools.pipelines.text import PipelineError
from tapeflow.transforms.pipelines import PIPELINES


@dataclass(frozen=True)
class PlainPass(ModulePass):
    """Has no options."""

    name = "plain"

    def apply(self, ctx: Context, op: ModuleOp) -> None: ...


@dataclass(frozen=True)
class ChoosyPass(ModulePass):
    """Has an option of every kind."""

    name = "choosy"

    size_bytes: int
    scale: float = 1.0
    ratio: int | float = 1
    is_fast: bool = False
    layout: Literal["soa", "aos"] = "soa"
    wrt: tuple[int, ...] = ()
    label: str | None = None

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError("size-bytes must not be negative")

    def apply(self, ctx: Context, op: ModuleOp) -> None: ...


FACTORIES: dict[str, Callable[[], type[ModulePass]]] = {
    "plain": lambda: PlainPass,
    "choosy": lambda: ChoosyPass,
}


def build(text: str) -> tuple[ModulePass, ...]:
    return build_passes(text, FACTORIES)


@pytest.mark.parametrize(
    "text",
    [
        "plain,plain",
        "builtin.module(plain,plain)",
        "builtin.module(func.func(plain),plain)",
        " builtin.module (\n func.func( plain , plain ) ) ",
        "builtin.module(func.func(plain),func.func(plain))",
    ],
)
def test_anchors_are_dropped(text: str) -> None:
    assert build(text) == (PlainPass(), PlainPass())


@pytest.mark.parametrize(
    "text", ["", "builtin.module()", "builtin.module(func.func())"]
)
def test_no_passes(text: str) -> None:
    assert build(text) == ()


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("func.func(plain)", "'func.func(...)' must stand inside 'builtin.module", 0),
        ("builtin.module(builtin.module(plain))", "cannot stand inside", 15),
        ("builtin.module(func.func(builtin.module(plain)))", "cannot stand inside", 25),
        ("builtin.module(func.func(func.func(plain)))", "cannot stand inside", 25),
        ("builtin.module(plain),plain", "must hold the whole pipeline", 0),
        ("plain,builtin.module(plain)", "must hold the whole pipeline", 6),
        ("scf.for(plain)", "'scf.for(...)' is no anchor", 0),
        ("builtin.module(plain(plain))", "'plain(...)' is no anchor", 15),
        ("builtin.module", "is an anchor and needs passes in parentheses", 0),
    ],
)
def test_misplaced_anchors(text: str, message: str, position: int) -> None:
    with pytest.raises(PipelineError) as raised:
        build(text)
    assert message in raised.value.message
    assert raised.value.position == position


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("size-bytes=8", ChoosyPass(8)),
        ("size_bytes=8", ChoosyPass(8)),
        ("size-bytes=8 scale=2", ChoosyPass(8, scale=2.0)),
        ("size-bytes=8 scale=1e-3 ratio=2", ChoosyPass(8, 1e-3, ratio=2)),
        ("size-bytes=8 ratio=0.5", ChoosyPass(8, ratio=0.5)),
        ("size-bytes=8 is-fast", ChoosyPass(8, is_fast=True)),
        ("size-bytes=8 is-fast=false", ChoosyPass(8)),
        ("size-bytes=8 layout=aos", ChoosyPass(8, layout="aos")),
        ("size-bytes=8 wrt=0", ChoosyPass(8, wrt=(0,))),
        ("size-bytes=8 wrt=0,2", ChoosyPass(8, wrt=(0, 2))),
        ("size-bytes=8 wrt=[0, 2]", ChoosyPass(8, wrt=(0, 2))),
        ('size-bytes=8 label="a, b"', ChoosyPass(8, label="a, b")),
    ],
)
def test_options(options: str, expected: ChoosyPass) -> None:
    (built,) = build(f"choosy{{{options}}}")
    assert built == expected
    assert type(getattr(built, "scale")) is float  # noqa: B009


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("plain{x=1}", "'plain' takes no options, so 'x' is unknown", 6),
        (
            "choosy{size=1}",
            "'choosy' has no option 'size'; it takes size-bytes, scale, ratio, "
            "is-fast, layout, wrt, label",
            7,
        ),
        ("choosy", "needs the option 'size-bytes': choosy{size-bytes=...}", 0),
        ("choosy{size-bytes=abc}", "takes a whole number, not 'abc'", 7),
        ("choosy{size-bytes=1.5}", "takes a whole number, not '1.5'", 7),
        ("choosy{size-bytes=true}", "takes a whole number, not 'true'", 7),
        ("choosy{size-bytes=1,2}", "takes a whole number, not '1,2'", 7),
        ("choosy{size-bytes}", "takes a whole number, not nothing", 7),
        ("choosy{size-bytes=1 scale=x}", "takes a number, not 'x'", 20),
        ("choosy{size-bytes=1 ratio=x}", "takes a number, not 'x'", 20),
        ("choosy{size-bytes=1 is-fast=2}", "takes true or false, not '2'", 20),
        ("choosy{size-bytes=1 layout=x}", "takes soa or aos, not 'x'", 20),
        ("choosy{size-bytes=1 wrt=a}", "whole numbers separated by commas", 20),
        ("choosy{size-bytes=-1}", "'choosy': size-bytes must not be negative", 0),
    ],
)
def test_wrong_options(text: str, message: str, position: int) -> None:
    with pytest.raises(PipelineError) as raised:
        build(text)
    assert message in raised.value.message
    assert raised.value.position == position


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("plane", "did you mean plain?"),
        ("baselines", "did you mean baseline?"),
        ("zzz", "'tapeflow list' names them all"),
    ],
)
def test_unknown_names(name: str, hint: str) -> None:
    with pytest.raises(PipelineError) as raised:
        build(f"plain,{name}")
    message = f"there is no pass or pipeline '{name}'; {hint}"
    assert raised.value.message == message
    assert raised.value.position == len("plain,")


def names(text: str) -> list[str]:
    passes = build_passes(text, Universe.get_multiverse().all_passes)
    return [f"{built.name} {built.spec().parameters}" for built in passes]


FRONT = [
    "lower-source {}",
    "eliminate-copies {}",
    "differentiate {}",
    "simplify-adjoints {}",
    "eliminate-copies {'reorder': (True,)}",
    "canonicalize {}",
    "cse {}",
]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_pipeline_builds(pipeline: str) -> None:
    assert names(pipeline)[: len(FRONT)] == FRONT
    assert names(f"builtin.module(cse,{pipeline})")[0] == "cse {}"


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_pipeline_can_ask_for_the_gradient(pipeline: str) -> None:
    request, *rest = names(f"{pipeline}{{function=f wrt=0,2}}")
    assert request == "request-gradient {'function': ('f',), 'wrt': (0, 2)}"
    assert rest == names(pipeline)


def test_options_of_a_pipeline_reach_its_passes() -> None:
    passes = " ".join(names("streams{scratchpad-bytes=2048 slots=3}"))
    assert passes.count("(2048,)") == 1
    assert passes.count("'slots': (3,)") == 4
    assert "aos" in " ".join(names("baseline{layout=aos}"))


def test_errors_inside_a_pipeline_name_it() -> None:
    with pytest.raises(PipelineError) as raised:
        build("plain, baseline")
    assert raised.value.message.startswith("in pipeline 'baseline': there is no pass")
    assert raised.value.position == len("plain, ")


def test_arguments_without_a_function_are_refused() -> None:
    with pytest.raises(PipelineError, match="'wrt' is given without the 'function'"):
        build("baseline{wrt=0}")


def test_no_pass_is_named_like_a_pipeline() -> None:
    assert not PIPELINES.keys() & Universe.get_multiverse().all_passes.keys()
