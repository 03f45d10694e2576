"""A pipeline fitted to a machine: capacities filled in, the SRAM where it is used."""

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import (
    ArgSpec,
    ArgSpecConvertible,
    ParameterListType,
    ParameterType,
)

from hwmodel import Machine, MachineError, override
from tapeflow.analysis.scheduling.machine_choice import THE_MACHINES
from tapeflow.tools.pipelines.building import PassFactories, build_pass, pass_nodes
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.sram_budget import (
    CACHE_BYTES,
    CACHE_PORTS,
    OWN_MEMORY,
    SCRATCHPAD_BYTES,
    SCRATCHPAD_PORTS,
    SramBudget,
    datapath_of,
    memory_of,
)
from tapeflow.tools.pipelines.text import (
    Options,
    PassNode,
    Pipeline,
    parse_pipeline,
)
from tapeflow.transforms.building.option_help import option_types
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.universe import multiverse

CAPACITY = "capacity-bytes"
MEMORY = "machine"
DATAPATH = "datapath"
"""Options of passes that the machine fills in."""

Prefetcher: TypeAlias = tuple[str, int | None]
"""Name and degree; None for the machine's degree."""


@dataclass(frozen=True)
class Target:
    """The machine that pipelines are fitted to."""

    machine: Machine
    budget: SramBudget = OWN_MEMORY
    explicit: frozenset[str] = frozenset()
    """Fields of the machine that the user has set."""
    prefetcher: Prefetcher | None = None
    """For arms that do not name one; None for the machine's own."""


def separate_pipelines(text: str, known: Container[str]) -> list[Pipeline]:
    """Several named arms separated by commas, one by one; else the one pipeline.

    Raises:
        PipelineError: malformed text.
    """
    pipeline = parse_pipeline(text)
    nodes = [node for node in pipeline.elements if isinstance(node, PassNode)]
    are_arms = all(node.spec.name in known for node in nodes)
    if not nodes or len(nodes) < len(pipeline.elements) or not are_arms:
        return [pipeline]
    ends = [*(node.position for node in nodes[1:]), len(text)]
    names = [
        text[node.position : end].strip().rstrip(",").rstrip()
        for node, end in zip(nodes, ends, strict=True)
    ]
    return [Pipeline(name, (n,)) for name, n in zip(names, nodes, strict=True)]


def fit_pipeline(text: str, machine: Machine | Target) -> FittedPipeline:
    """The passes of pipeline text, fitted as by `fit`."""
    return fit(parse_pipeline(text), machine)


def fit(pipeline: Pipeline, machine: Machine | Target) -> FittedPipeline:
    """The passes of a pipeline, every scratchpad capacity that of the machine.

    Options of a named pipeline that have a dot, as in `streams{cache.ports=3}`, are
    fields of its machine. An arm without scratchpad has them last, the memory already
    its cache's.

    Raises:
        PipelineError: an unknown name, an option that does not fit, another capacity,
            or a scratchpad that the machine does not have.
        MachineError: an unknown field, a value without sense, or a split of the SRAM
            that is not possible.
    """
    target = machine if isinstance(machine, Target) else Target(machine)
    plain, changes = _machine_options(pipeline)
    if target.prefetcher is not None:
        name, degree = target.prefetcher
        lines = {} if degree is None else {"cache.prefetch_degree": str(degree)}
        changes = {"cache.prefetcher": name, **lines, **changes}
    fitted = _fit(plain, target, changes)
    return replace(fitted, name=pipeline.name)


def _fit(
    pipeline: Pipeline, target: Target, changes: Mapping[str, str]
) -> FittedPipeline:
    factories = multiverse().all_passes
    name, nodes = pipeline.name, pass_nodes(pipeline)
    # What was written is checked before anything is filled in.
    for node in nodes:
        build_pass(node, factories)
    options = [_options_of(node.spec.name, factories) for node in nodes]
    deciding = [n for n, has in zip(nodes, options, strict=True) if MEMORY in has]
    users = [n for n, has in zip(nodes, options, strict=True) if CAPACITY in has]
    if not users and not deciding:
        machine = _changed(_all_cache(target, name), changes)
        passes = _built(
            nodes, options, {DATAPATH: str(datapath_of(machine))}, factories
        )
        return FittedPipeline(name, passes, machine, "all cache")
    given = dict[str, int]()
    if deciding and not users:
        machine, sram_split, given = _decided(target, changes)
    else:
        machine, sram_split = _split(target, changes)
    if users and machine.scratchpad.capacity_bytes == 0:
        used_by = users[0].spec.name
        raise users[0].error(
            f"machine '{machine.name}' has no scratchpad for '{used_by}'"
        )
    for node in users:
        _check_capacity(node, machine)
    known: dict[str, ParameterType] = {
        CAPACITY: machine.scratchpad.capacity_bytes,
        MEMORY: str(memory_of(machine)),
        DATAPATH: str(datapath_of(machine)),
        **given,
    }
    passes = _built(nodes, options, known, factories)
    unsplit = _unsplit(name, target, changes)
    return FittedPipeline(name, passes, machine, sram_split, unsplit)


def _built(
    nodes: Sequence[PassNode],
    options: Sequence[Container[str]],
    known: Mapping[str, ParameterType],
    factories: PassFactories,
) -> tuple[ModulePass, ...]:
    """The passes, each with what is known of the options that it has."""
    built = (
        build_pass(_filled(node, known, has), factories)
        for node, has in zip(nodes, options, strict=True)
    )
    return tuple(chain.from_iterable(built))


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


def _unsplit(name: str, target: Target, changes: Mapping[str, str]) -> Machine | None:
    """The machine without scratchpad, unless the user or the cache will not have it."""
    if any(key.startswith("scratchpad.") for key in target.explicit | changes.keys()):
        return None
    try:
        return _changed(_all_cache(target, name), changes)
    except MachineError:
        return None


def _machine_options(pipeline: Pipeline) -> tuple[Pipeline, dict[str, str]]:
    """A pipeline without the options that are fields of the machine, and those."""
    node = pipeline.only_pass
    if node is None or not any("." in key for key in node.spec.parameters):
        return pipeline, {}
    given = node.spec.parameters
    kept = {k: v for k, v in given.items() if "." not in k}
    fields = {k: _as_toml(v) for k, v in given.items() if "." in k}
    return Pipeline.of(node.saying(node.spec.name, kept)), fields


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


def _all_cache(target: Target, name: str) -> Machine:
    """The machine with all SRAM and ports in its cache."""
    machine = target.machine
    if target.budget.is_given:
        return target.budget.all_cache(machine)
    try:
        return machine.without_scratchpad()
    except MachineError as error:
        raise MachineError(
            f"'{name}' gives the {machine.scratchpad.capacity_bytes} bytes of the "
            f"scratchpad to the cache, but then {error}"
        ) from error


def _options_of(name: str, factories: PassFactories) -> Container[str]:
    kind: type[ArgSpecConvertible]
    kind = PIPELINES[name] if name in PIPELINES else factories[name]()
    return option_types(kind)


def _written(spec: ArgSpec) -> Options:
    return {key.replace("_", "-"): value for key, value in spec.parameters.items()}


def _check_capacity(node: PassNode, machine: Machine) -> None:
    expected = machine.scratchpad.capacity_bytes
    given = _written(node.spec).get(CAPACITY)
    if given is None or given == (expected,):
        return
    raise node.error(
        f"the scratchpad of machine '{machine.name}' has {expected} bytes; "
        f"leave {CAPACITY} out, or choose another machine"
    )


def _filled(
    node: PassNode, known: Mapping[str, ParameterType], options: Container[str]
) -> PassNode:
    """With the options that the machine knows, where they are not written.

    To choose for its datapath takes long, so that has to be asked for.
    """
    written = _written(node.spec)
    asks = node.spec.parameters.get(DATAPATH) == (THE_MACHINES,)
    new = {
        k: (v,)
        for k, v in known.items()
        if k in options and (asks if k == DATAPATH else k not in written)
    }
    return node.saying(node.spec.name, {**node.spec.parameters, **new})
