"""A pipeline fitted to a machine: capacities filled in, the SRAM where it is used."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType

from hwmodel import Machine, MachineError, override
from tapeflow.tools.pass_options import option_types
from tapeflow.tools.pipeline_building import build_passes
from tapeflow.tools.pipeline_text import (
    AnchorNode,
    PassNode,
    PipelineError,
    PipelineNode,
    parse_pipeline_text,
)
from tapeflow.tools.sram_budget import (
    CACHE_BYTES,
    OWN_MEMORY,
    SCRATCHPAD_BYTES,
    SramBudget,
)
from tapeflow.transforms.pipelines import PIPELINES

CAPACITY = "capacity-bytes"

Prefetcher: TypeAlias = tuple[str, int | None]
"""Name and degree; None for the machine's degree."""

PassFactories = Mapping[str, Callable[[], type[ModulePass]]]


@dataclass(frozen=True)
class FittedPipeline:
    """Passes, and the machine as their result uses it."""

    name: str
    """The pipeline as it was asked for."""
    passes: tuple[ModulePass, ...]
    machine: Machine
    """Without scratchpad, all SRAM and ports the cache's, where no pass uses it."""
    sram_split: str = ""
    """How the SRAM came to be split: all cache, machine, rule or set."""
    unsplit: Machine | None = None
    """The machine for a program that turns out to need no scratchpad, all memory its
    cache's; None where there is none, or where the user has set the split."""


@dataclass(frozen=True)
class Target:
    """The machine that pipelines are fitted to."""

    machine: Machine
    budget: SramBudget = OWN_MEMORY
    explicit: frozenset[str] = frozenset()
    """Fields of the machine that the user has set."""
    prefetcher: Prefetcher | None = None
    """For arms that do not name one; None for the machine's own."""


def separate_pipelines(text: str, known: Container[str]) -> list[str]:
    """The texts of several named arms separated by commas; else the text alone.

    Raises:
        PipelineError: malformed text.
    """
    nodes = parse_pipeline_text(text)
    specs = [node.spec for node in nodes if isinstance(node, PassNode)]
    if len(specs) < len(nodes) or any(spec.name not in known for spec in specs):
        return [text]
    starts = [node.position for node in nodes]
    parts = zip(starts, [*starts[1:], len(text)], strict=True)
    return [text[start:end].strip().rstrip(",").rstrip() for start, end in parts]


def fit_pipeline(text: str, machine: Machine | Target) -> FittedPipeline:
    """The passes of pipeline text, every scratchpad capacity that of the machine.

    Options of a named pipeline that have a dot, as in `streams{cache.ports=3}`, are
    fields of its machine. An arm without scratchpad has them last, the memory already
    its cache's.

    Raises:
        PipelineError: malformed text, an unknown name, another capacity, or a
            scratchpad that the machine does not have.
        MachineError: an unknown field, a value without sense, or a split of the SRAM
            that is not possible.
    """
    target = machine if isinstance(machine, Target) else Target(machine)
    plain, changes = _machine_options(text)
    if target.prefetcher is not None:
        name, degree = target.prefetcher
        lines = {} if degree is None else {"cache.prefetch_degree": str(degree)}
        changes = {"cache.prefetcher": name, **lines, **changes}
    fitted = _fit(plain, target, changes)
    return replace(fitted, name=text)


def _fit(text: str, target: Target, changes: Mapping[str, str]) -> FittedPipeline:
    factories = Universe.get_multiverse().all_passes
    build_passes(text, factories)  # checks the text as it was written
    nodes = _flattened(parse_pipeline_text(text))
    users = [node for node in nodes if _takes_capacity(node.spec.name, factories)]
    if not users:
        passes = build_passes(text, factories)
        machine = _changed(_all_cache(target, text), changes)
        return FittedPipeline(text, passes, machine, "all cache")
    machine, sram_split = _split(target, changes)
    capacity_bytes = machine.scratchpad.capacity_bytes
    if capacity_bytes == 0:
        raise PipelineError(
            f"machine '{machine.name}' has no scratchpad for '{users[0].spec.name}'",
            text,
            users[0].position,
        )
    for node in users:
        _check_capacity(node, machine, text)
    filled = ",".join(
        str(_with_capacity(node.spec, capacity_bytes) if node in users else node.spec)
        for node in nodes
    )
    passes = build_passes(filled, factories)
    unsplit = _unsplit(text, target, changes)
    return FittedPipeline(text, passes, machine, sram_split, unsplit)


def _unsplit(text: str, target: Target, changes: Mapping[str, str]) -> Machine | None:
    """The machine without scratchpad, unless the user or the cache will not have it."""
    if any(key.startswith("scratchpad.") for key in target.explicit | changes.keys()):
        return None
    try:
        return _changed(_all_cache(target, text), changes)
    except MachineError:
        return None


def _machine_options(text: str) -> tuple[str, dict[str, str]]:
    """Pipeline text without the options that are fields of the machine, and those."""
    nodes = parse_pipeline_text(text)
    if len(nodes) != 1 or not isinstance(nodes[0], PassNode):
        return text, {}
    spec = nodes[0].spec
    if not any("." in key for key in spec.parameters):
        return text, {}
    kept = {k: v for k, v in spec.parameters.items() if "." not in k}
    fields = {k: _as_toml(v) for k, v in spec.parameters.items() if "." in k}
    return str(ArgSpec(spec.name, kept)), fields


def _as_toml(values: ParameterListType) -> str:
    return ",".join(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def _changed(machine: Machine, changes: Mapping[str, str]) -> Machine:
    for key, value in changes.items():
        machine = override(machine, f"{key}={value}")
    return machine


def _split(target: Target, changes: Mapping[str, str]) -> tuple[Machine, str]:
    """The machine of an arm with a scratchpad, and how its SRAM came to be split."""
    machine = _changed(target.machine, changes)
    if not target.budget.is_given:
        return machine, "machine"
    explicit = target.explicit | changes.keys()
    split = target.budget.split(machine, explicit)
    if target.budget.sram_bytes is None:
        return split, "machine"
    is_set = {CACHE_BYTES, SCRATCHPAD_BYTES} & explicit
    return split, "set" if is_set else "rule"


def _all_cache(target: Target, text: str) -> Machine:
    """The machine with all SRAM and ports in its cache."""
    machine = target.machine
    if target.budget.is_given:
        return target.budget.all_cache(machine)
    try:
        return machine.without_scratchpad()
    except MachineError as error:
        raise MachineError(
            f"'{text}' gives the {machine.scratchpad.capacity_bytes} bytes of the "
            f"scratchpad to the cache, but then {error}"
        ) from error


def _flattened(nodes: tuple[PipelineNode, ...]) -> list[PassNode]:
    passes: list[PassNode] = []
    for node in nodes:
        if isinstance(node, AnchorNode):
            passes.extend(_flattened(node.elements))
        else:
            passes.append(node)
    return passes


def _takes_capacity(name: str, factories: PassFactories) -> bool:
    kind: type[ArgSpecConvertible]
    kind = PIPELINES[name] if name in PIPELINES else factories[name]()
    return CAPACITY in option_types(kind)


def _written(spec: ArgSpec) -> dict[str, object]:
    return {key.replace("_", "-"): value for key, value in spec.parameters.items()}


def _check_capacity(node: PassNode, machine: Machine, text: str) -> None:
    expected = machine.scratchpad.capacity_bytes
    given = _written(node.spec).get(CAPACITY)
    if given is None or given == (expected,):
        return
    raise PipelineError(
        f"the scratchpad of machine '{machine.name}' has {expected} bytes; "
        f"leave {CAPACITY} out, or choose another machine",
        text,
        node.position,
    )


def _with_capacity(spec: ArgSpec, capacity_bytes: int) -> ArgSpec:
    if CAPACITY in _written(spec):
        return spec
    return ArgSpec(spec.name, {**spec.parameters, CAPACITY: (capacity_bytes,)})
