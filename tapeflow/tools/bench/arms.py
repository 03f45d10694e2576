"""The arms of a comparison: pipelines, and the best of several baselines.

An arm is written like a pipeline. `fair-baseline` stands for what a careful engineer
would compare with: each layout of the tape behind the cache, buffers where they come to
lie or staggered, regions merged or not, without and with a stride prefetcher of several
degrees, of which the one with the fewest cycles counts. As the ceiling of them all,
`free-tape` chooses from all of these, too; `streams` from these prefetchers and
placements of buffers, while the compiler decides on places and layouts. `tuned-streams`
runs the placements that the compiler holds to be the best, and takes the best of them.
`tuned-loops` runs the baseline with several factors for all loops, beside those that
the compiler chooses: what measurement finds best.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, TypeVar

import click
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType

from hwmodel import PREFETCHERS, Machine
from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.analysis.scheduling.machine_choice import THE_MACHINES
from tapeflow.dialects.tape_types import Layout
from tapeflow.near_names import near_names
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.on_machine import Prefetcher, Target, fit
from tapeflow.tools.pipelines.pass_options import OptionError, instantiate
from tapeflow.tools.pipelines.text import Options, PassNode, Pipeline
from tapeflow.transforms.loop_options import LoopOptions
from tapeflow.transforms.pipelines import (
    PIPELINES,
    FreeTapePipeline,
    StreamsPipeline,
)

FAIR_BASELINE = "fair-baseline"
FREE_TAPE = FreeTapePipeline.name
STREAMS = StreamsPipeline.name
TUNED_STREAMS = "tuned-streams"
TUNED_LOOPS = "tuned-loops"
FAIR_PREFETCHERS: tuple[Prefetcher, ...] = (
    ("none", None),
    ("stride", 1),
    ("stride", 2),
    ("stride", 4),
)
"""The prefetchers of which an arm that has the choice takes the best."""
ARM_MEANINGS = {
    FAIR_BASELINE: "The best of all layouts behind the cache, with and without "
    "prefetcher: what to compare with.",
    TUNED_STREAMS: "The best by measurement of the plans that the compiler holds to be "
    "good.",
    TUNED_LOOPS: "The best by measurement of several factors for loops, and of those "
    "that the compiler chooses; the tape in arrays.",
}
"""The arms that are the best of several candidates."""
STAGGER, MERGE = "stagger", "merge"


@dataclass(frozen=True)
class CachedTape:
    """A way of a tape that lies behind the cache."""

    layout: Layout
    is_staggered: bool = False
    """Whether buffers of the function begin where they do not alias."""
    is_merged: bool = False
    """Whether equal records of different blocks share a region."""

    def options(self, layout_option: str) -> dict[str, ParameterListType]:
        """As options of a pipeline."""
        layout = {layout_option: (self.layout,), MERGE: (self.is_merged,)}
        return {**layout, **_stagger(self.is_staggered)}

    def __str__(self) -> str:
        words = (
            self.layout,
            "staggered" if self.is_staggered else "",
            "merged" if self.is_merged else "",
        )
        return " ".join(filter(None, words))


FAIR_TAPES = (
    CachedTape("soa"),
    CachedTape("padded-soa", is_staggered=True),
    CachedTape("aos"),
    CachedTape("aos", is_staggered=True),
    CachedTape("aos", is_merged=True),
    CachedTape("aos", is_staggered=True, is_merged=True),
)
"""The tapes that `fair-baseline` tries, and `free-tape` without their cost."""
CHOOSING = (FAIR_BASELINE, FREE_TAPE, STREAMS, TUNED_STREAMS)
"""The arms that have the choice unasked."""

TRIED_JAMS = ("auto", 1, 2, 8)
TRIED_STAGES = (2, 4)
"""What `tuned-loops` does to all loops; `auto` are two or four copies."""

OptionsT = TypeVar("OptionsT", bound=ArgSpecConvertible)

_FIRST, *_OTHERS = PIPELINES
ARMS = (_FIRST, FAIR_BASELINE, *_OTHERS)
"""What is compared where nothing is chosen."""
_OWN_ARMS = (FAIR_BASELINE, TUNED_STREAMS, TUNED_LOOPS)
KNOWN_ARMS = (*ARMS, TUNED_STREAMS, TUNED_LOOPS)
"""The names of all arms."""


@dataclass(frozen=True)
class FairBaselineOptions(LoopOptions):
    """Options of the arm `fair-baseline`."""

    name: ClassVar[str] = FAIR_BASELINE

    policy: PolicyName = "min-cut"
    """What goes on the tape: min-cut, save-all or recompute."""
    compress: str = "none"
    """Codecs of saved floats, as `codec` of `compress-tape`; gradients are rounded."""


@dataclass(frozen=True)
class TunedStreamsOptions(LoopOptions):
    """Options of the arm `tuned-streams`."""

    name: ClassVar[str] = TUNED_STREAMS

    policy: PolicyName = "min-cut"
    """What goes on the tape: min-cut, save-all or recompute."""
    compress: str = "none"
    """Codecs of saved floats, as `codec` of `compress-tape`; gradients are rounded."""
    trials: int = 4
    """Placements of the compiler to run, besides each layout in the cache."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.trials < 1:
            raise ValueError(f"trials={self.trials}: at least one placement is run")


@dataclass(frozen=True)
class TunedLoopsOptions(LoopOptions):
    """Options of the arm `tuned-loops`."""

    name: ClassVar[str] = TUNED_LOOPS

    policy: PolicyName = "min-cut"
    """What goes on the tape: min-cut, save-all or recompute."""


@dataclass(frozen=True)
class Candidate:
    """One way to run an arm."""

    pipeline: FittedPipeline
    layout: str | None = None
    """The tape's layout, and whether buffers are staggered, where it has a choice."""


@dataclass(frozen=True)
class Arm:
    """What makes one row of the comparison."""

    name: str
    """As it was asked for."""
    candidates: tuple[Candidate, ...]
    """Of several the one with the fewest cycles counts."""

    @property
    def pipelines(self) -> tuple[FittedPipeline, ...]:
        """The candidates, one for each list of passes."""
        by_passes = {c.pipeline.passes: c.pipeline for c in self.candidates}
        return tuple(by_passes.values())

    @property
    def reorders_sums(self) -> bool:
        """Whether it rounds otherwise than the program as written."""
        return self.candidates[0].pipeline.reorders_sums

    @property
    def machine(self) -> Machine:
        """The machine, but for the prefetcher, if that is chosen."""
        return self.candidates[0].pipeline.machine

    @property
    def sram_split(self) -> str:
        """How the SRAM came to be split."""
        return self.candidates[0].pipeline.sram_split


# Generic from click 8.4 on.
class PrefetcherChoice(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A prefetcher's name, and its degree after a colon, or `best`."""

    name = "NAME[:DEGREE]"

    def convert(
        self,
        value: str | tuple[Prefetcher, ...],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[Prefetcher, ...]:
        """`"stride:4"` becomes `(("stride", 4),)`, `"best"` all to choose from."""
        if isinstance(value, tuple):
            return value
        if value == "best":
            return FAIR_PREFETCHERS
        kind, colon, degree = value.partition(":")
        if kind not in PREFETCHERS:
            known = ", ".join((*PREFETCHERS, "best"))
            self.fail(f"there is no prefetcher '{kind}'; known: {known}", param, ctx)
        if colon and not (degree.isascii() and degree.isdigit() and int(degree) > 0):
            message = f"'{degree}' is no degree: give lines at a time, as in stride:4"
            self.fail(message, param, ctx)
        return ((kind, int(degree) if colon else None),)


def make_arm(
    pipeline: Pipeline, target: Target, prefetchers: tuple[Prefetcher, ...] = ()
) -> Arm:
    """The arm that a pipeline asks for, fitted to the machine.

    Args:
        prefetchers: to choose from, where the arm names none; () for the machine's.

    Raises:
        PipelineError: an unknown name or option.
        MachineError: a machine that is not possible.
    """
    node = pipeline.only_pass
    tried: list[tuple[Pipeline, str | None]] = [(pipeline, None)]
    if node is not None:
        _check_spelling(node)
        name = node.spec.name
        if name == FAIR_BASELINE:
            _own_options(node, FairBaselineOptions)
            tried = [*_fair_tapes(node, _FIRST)]
        elif name == TUNED_LOOPS:
            tried = [*_tuned_loops(node)]
        elif name == TUNED_STREAMS:
            tried = [(one, None) for one in _ranked_streams(node)]
        elif name == FREE_TAPE:
            tried = [*_fair_tapes(node, FREE_TAPE)]
        elif name == STREAMS and STAGGER not in node.spec.parameters:
            staggered = node.saying(name, {**node.spec.parameters, **_stagger(True)})
            tried.append((Pipeline.of(staggered), None))
        if name in CHOOSING:
            prefetchers = _choice(target.machine, prefetchers)
        if any(key.startswith("cache.prefetch") for key in node.spec.parameters):
            prefetchers = ()
    candidates = [
        Candidate(fit(one, replace(target, prefetcher=prefetcher)), layout)
        for one, layout in tried
        for prefetcher in prefetchers or (None,)
    ]
    return Arm(pipeline.name, tuple(candidates))


def _check_spelling(node: PassNode) -> None:
    """Other names are checked where passes are looked up."""
    name = node.spec.name
    near = near_names(name, KNOWN_ARMS)
    if near and near[0] in _OWN_ARMS and name not in KNOWN_ARMS:
        raise node.error(f"there is no arm '{name}'; did you mean {near[0]}?")


def _choice(
    machine: Machine, asked_for: tuple[Prefetcher, ...]
) -> tuple[Prefetcher, ...]:
    """What an arm chooses from that tries prefetchers unasked."""
    if not machine.sram_bytes:
        return ()
    cache = machine.cache
    own = ((cache.prefetcher, cache.prefetch_degree),)
    others = asked_for or (own if cache.prefetcher != "none" else ())
    return tuple(dict.fromkeys((*FAIR_PREFETCHERS, *others)))


def _fair_tapes(node: PassNode, pipeline: str) -> Iterator[tuple[Pipeline, str]]:
    """The pipeline with each tape of `fair-baseline`, and what tells them apart."""
    given = node.spec.parameters
    for way in FAIR_TAPES:
        candidate = node.saying(pipeline, way.options("layout") | given)
        yield Pipeline.of(candidate), str(way)


def _tuned_loops(node: PassNode) -> Iterator[tuple[Pipeline, str]]:
    """The candidates of `tuned-loops`, and what tells them apart."""
    _own_options(node, TunedLoopsOptions)
    given = node.spec.parameters
    chosen: dict[str, ParameterListType] = {"datapath": (THE_MACHINES,)}
    yield Pipeline.of(node.saying(_FIRST, chosen | given)), "as chosen"
    for copies, stages in product(TRIED_JAMS, TRIED_STAGES):
        choice: dict[str, ParameterListType] = {
            "jam-factor": (copies,),
            "loop-stages": (stages,),
        }
        name = f"jam {copies}, {stages} stages"
        yield Pipeline.of(node.saying(_FIRST, choice | given)), name


def _ranked_streams(node: PassNode) -> list[Pipeline]:
    """What `tuned-streams` runs: layouts in the cache, and plans."""
    options = _own_options(node, TunedStreamsOptions)
    given = {key: of for key, of in node.spec.parameters.items() if key != "trials"}
    choices: list[dict[str, ParameterListType]] = [
        *(way.options("places") for way in FAIR_TAPES),
        *({"rank": (rank,), **_stagger(True)} for rank in range(options.trials)),
        # The second is the whole tape on chip, if the first is not.
        {"rank": (1,)},
    ]
    return [Pipeline.of(node.saying(STREAMS, choice | given)) for choice in choices]


def _stagger(is_staggered: bool) -> Options:
    return {STAGGER: (True,)} if is_staggered else {}


def _own_options(node: PassNode, kind: type[OptionsT]) -> OptionsT:
    """The options of an arm that is no pipeline, without those of its machine."""
    given = node.spec.parameters
    own = {key: value for key, value in given.items() if "." not in key}
    try:
        return instantiate(kind, ArgSpec(kind.name, own))
    except OptionError as error:
        raise node.error(str(error), error.option) from error
