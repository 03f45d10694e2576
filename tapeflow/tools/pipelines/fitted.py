"""A pipeline whose capacities are those of a machine, and how a program uses that."""

from dataclasses import dataclass, replace

from xdsl.dialects.builtin import IntegerAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from hwmodel import Machine
from tapeflow.analysis.placement.places import AUTO
from tapeflow.backend.gradient import CompiledGradient
from tapeflow.backend.signature import find_function
from tapeflow.dialects.spm import AllocateOp
from tapeflow.dialects.tape_attributes import (
    SCRATCHPAD_BYTES,
    SCRATCHPAD_PORTS,
    TAPE_PLACES,
)
from tapeflow.tools.pipelines.sram_budget import with_scratchpad
from tapeflow.transforms.placement.keep_provable import KeepProvablePass
from tapeflow.transforms.placement.place_tape import PlaceTapePass
from tapeflow.transforms.scheduling.jam_loops import JamLoopsPass
from tapeflow.transforms.scheduling.pipeline_loops import PipelineLoopsPass
from tapeflow.transforms.scheduling.reorder_loops import ReorderLoopsPass

_CHOOSING = (PlaceTapePass, KeepProvablePass, JamLoopsPass, PipelineLoopsPass)
"""Passes that tell what they choose."""


@dataclass(frozen=True)
class FittedPipeline:
    """Passes, and the machine as their result uses it."""

    name: str
    """The pipeline as it was asked for."""
    passes: tuple[ModulePass, ...]
    machine: Machine
    """Without scratchpad, all SRAM and ports the cache's, where no pass uses it."""
    sram_split: str = ""
    """How the SRAM came to be split: all cache, machine, rule, set or compiler."""
    unsplit: Machine | None = None
    """The machine for a program that turns out to need no scratchpad, all memory its
    cache's; None where there is none, or where the user has set the split."""

    @property
    def reorders_sums(self) -> bool:
        """Whether a pass adds up the program's sums in another order."""
        return any(isinstance(pass_, ReorderLoopsPass) for pass_ in self.passes)

    @property
    def decides(self) -> bool:
        """Whether a pass chooses the places of the tape, or how loops run."""
        return any(
            isinstance(pass_, JamLoopsPass | PipelineLoopsPass)
            or (isinstance(pass_, PlaceTapePass) and pass_.places == AUTO)
            for pass_ in self.passes
        )

    def explaining(self) -> "FittedPipeline":
        """The same, telling on standard error what it chooses by which estimates."""
        passes = (
            replace(pass_, explain=True) if isinstance(pass_, _CHOOSING) else pass_
            for pass_ in self.passes
        )
        return replace(self, passes=tuple(passes))

    def machine_of(self, compiled: CompiledGradient) -> Machine:
        """The machine, its SRAM split as a compiled program says."""
        function = find_function(compiled.module, compiled.function)
        size = _number(function, SCRATCHPAD_BYTES)
        if size is not None:
            ports = _number(function, SCRATCHPAD_PORTS) or 0
            return with_scratchpad(self.machine, size, ports)
        if self.unsplit is not None and not _uses_scratchpad(function):
            return self.unsplit
        return self.machine


def places_of(compiled: CompiledGradient) -> str | None:
    """Where the tape regions of a compiled program are; None where nothing decided."""
    function = find_function(compiled.module, compiled.function)
    places = function.attributes.get(TAPE_PLACES)
    return places.data if isinstance(places, StringAttr) else None


def _uses_scratchpad(function: FuncOp) -> bool:
    return any(isinstance(op, AllocateOp) for op in function.walk())


def _number(function: FuncOp, name: str) -> int | None:
    attribute = function.attributes.get(name)
    return attribute.value.data if isinstance(attribute, IntegerAttr) else None
