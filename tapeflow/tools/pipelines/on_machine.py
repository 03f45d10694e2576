"""A pipeline fitted to a machine: capacities filled in, the SRAM where it is used."""

from collections.abc import Callable, Container, Mapping, Set
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType

from hwmodel import Machine, MachineError, override
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.pass_options import option_types
from tapeflow.tools.pipelines.sram_budget import (
    CACHE_BYTES,
    CACHE_PORTS,
    OWN_MEMORY,
    SCRATCHPAD_BYTES,
    SCRATCHPAD_PORTS,
    SramBudget,
    memory_of,
)
from tapeflow.tools.pipelines.text import (
    AnchorNode,
    PassNode,
    PipelineError,
    PipelineNode,
    parse_pipeline_text,
)
from tapeflow.transforms.pipelines import PIPELINES

CAPACITY = "capacity-bytes"
MEMORY = "machine"
"""Options of passes that the machine fills in."""

Parameters: TypeAlias = dict[str, ParameterListType]

Prefetcher: TypeAlias = tuple[str, int | None]
"""Name and degree; None for the machine's degree."""

PassFactories = Mapping[str, Callable[[], type[ModulePass]]]


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
    deciding = [n for n in nodes if MEMORY in _options_of(n.spec.name, factories)]
    users = [n for n in nodes if CAPACITY in _options_of(n.spec.name, factories)]
    if not users and not deciding:
        passes = build_passes(text, factories)
        machine = _changed(_all_cache(target, text), changes)
        return FittedPipeline(text, passes, machine, "all cache")
    given = dict[str, int]()
    if deciding and not users:
        machine, sram_split, given = _decided(target, changes)
    else:
        machine, sram_split = _split(target, changes)
    if users and machine.scratchpad.capacity_bytes == 0:
        raise PipelineError(
            f"machine '{machine.name}' has no scratchpad for '{users[0].spec.name}'",
            text,
            users[0].position,
        )
    for node in users:
        _check_capacity(node, machine, text)
    known: dict[str, object] = {
        CAPACITY: machine.scratchpad.capacity_bytes,
        MEMORY: str(memory_of(machine)),
        **given,
    }
    filled = ",".join(
        str(_filled(node.spec, known, _options_of(node.spec.name, factories)))
        for node in nodes
    )
    passes = build_passes(filled, factories)
    unsplit = _unsplit(text, target, changes)
    return FittedPipeline(text, passes, machine, sram_split, unsplit)


def _decided(
    target: Target, changes: Mapping[str, str]
) -> tuple[Machine, str, dict[str, int]]:
    """The machine whose totals the compiler splits, by what, and what is given."""
    explicit = target.explicit | changes.keys()
    machine = _changed(target.machine, changes)
    given: dict[str, int] = {}
    if machine.scratchpad.capacity_bytes == 0:
        given = {"scratchpad-bytes": 0, "scratchpad-ports": 0}
    elif not _is_free(machine, target.budget, explicit):
        machine, _ = _split(target, changes)
        pad = machine.scratchpad
        given = {
            "scratchpad-bytes": pad.capacity_bytes,
            "scratchpad-ports": pad.ports,
        }
        return machine, "set", given
    if target.budget.is_given:
        machine = target.budget.all_cache(machine)
    return machine, "compiler", given


def _is_free(machine: Machine, budget: SramBudget, explicit: Set[str]) -> bool:
    """Whether the SRAM can be split at will: nothing is set, and sets stay whole."""
    if {CACHE_BYTES, SCRATCHPAD_BYTES, CACHE_PORTS, SCRATCHPAD_PORTS} & explicit:
        return False
    try:
        (budget.all_cache if budget.is_given else Machine.without_scratchpad)(machine)
    except MachineError:
        return False
    return True


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


def _options_of(name: str, factories: PassFactories) -> Container[str]:
    kind: type[ArgSpecConvertible]
    kind = PIPELINES[name] if name in PIPELINES else factories[name]()
    return option_types(kind)


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


def _filled(
    spec: ArgSpec, known: Mapping[str, object], options: Container[str]
) -> ArgSpec:
    """The options that the machine knows, where they are not written."""
    written = _written(spec)
    new = {k: (v,) for k, v in known.items() if k in options and k not in written}
    return ArgSpec(spec.name, {**spec.parameters, **cast(Parameters, new)})
