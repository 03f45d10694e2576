"""A pipeline fitted to a machine: capacities filled in, the SRAM where it is used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible

from hwmodel import Machine, MachineError
from tapeflow.tools.pass_options import option_types
from tapeflow.tools.pipeline_building import build_passes
from tapeflow.tools.pipeline_text import (
    AnchorNode,
    PassNode,
    PipelineError,
    PipelineNode,
    parse_pipeline_text,
)
from tapeflow.transforms.pipelines import PIPELINES

CAPACITY = "capacity-bytes"

PassFactories = Mapping[str, Callable[[], type[ModulePass]]]


@dataclass(frozen=True)
class FittedPipeline:
    """Passes, and the machine as their result uses it."""

    name: str
    """The pipeline as it was asked for."""
    passes: tuple[ModulePass, ...]
    machine: Machine
    """Without scratchpad, all SRAM and ports the cache's, where no pass uses it."""


def separate_pipelines(text: str) -> list[str]:
    """The texts of several named pipelines separated by commas; else the text alone.

    Raises:
        PipelineError: malformed text.
    """
    nodes = parse_pipeline_text(text)
    specs = [node.spec for node in nodes if isinstance(node, PassNode)]
    if len(specs) < len(nodes) or any(spec.name not in PIPELINES for spec in specs):
        return [text]
    return [str(spec) for spec in specs]


def fit_pipeline(text: str, machine: Machine) -> FittedPipeline:
    """The passes of pipeline text, every scratchpad capacity that of the machine.

    Raises:
        PipelineError: malformed text, an unknown name, another capacity, or a
            scratchpad that the machine does not have.
    """
    factories = Universe.get_multiverse().all_passes
    build_passes(text, factories)  # checks the text as it was written
    nodes = _flattened(parse_pipeline_text(text))
    users = [node for node in nodes if _takes_capacity(node.spec.name, factories)]
    if not users:
        passes = build_passes(text, factories)
        return FittedPipeline(text, passes, _all_cache(machine, text))
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
    return FittedPipeline(text, build_passes(filled, factories), machine)


def _all_cache(machine: Machine, text: str) -> Machine:
    """The machine with all SRAM and ports in its cache."""
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
