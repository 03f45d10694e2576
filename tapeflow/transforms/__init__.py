"""Passes of tapeflow, one a file; usable in any xDSL `PassPipeline`.

A pass is imported when it is asked for, by class or by name.
"""

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from xdsl.passes import ModulePass

if TYPE_CHECKING:
    from tapeflow.transforms.addresses.expose_addresses import ExposeAddressesPass
    from tapeflow.transforms.addresses.waive_addresses import WaiveAddressesPass
    from tapeflow.transforms.cached.lower_tape_to_memref import LowerTapeToMemrefPass
    from tapeflow.transforms.cached.stagger_buffers import StaggerBuffersPass
    from tapeflow.transforms.cached.waive_tape import WaiveTapePass
    from tapeflow.transforms.copies.eliminate_copies import EliminateCopiesPass
    from tapeflow.transforms.differentiation.differentiate import DifferentiatePass
    from tapeflow.transforms.differentiation.request_gradient import RequestGradientPass
    from tapeflow.transforms.differentiation.simplify_adjoints import (
        SimplifyAdjointsPass,
    )
    from tapeflow.transforms.placement.keep_provable import KeepProvablePass
    from tapeflow.transforms.placement.place_tape import PlaceTapePass
    from tapeflow.transforms.scheduling.hoist_invariants import HoistInvariantsPass
    from tapeflow.transforms.scheduling.jam_loops import JamLoopsPass
    from tapeflow.transforms.scheduling.pipeline_loops import PipelineLoopsPass
    from tapeflow.transforms.scheduling.reorder_loops import ReorderLoopsPass
    from tapeflow.transforms.scheduling.unroll_loops import UnrollLoopsPass
    from tapeflow.transforms.source.affine_to_scf import AffineToScfPass
    from tapeflow.transforms.source.expand_operations import ExpandOperationsPass
    from tapeflow.transforms.source.inline_execute_region import InlineExecuteRegionPass
    from tapeflow.transforms.source.lower_linalg_to_loops import LowerLinalgToLoopsPass
    from tapeflow.transforms.source.lower_parallel_to_for import LowerParallelToForPass
    from tapeflow.transforms.source.lower_source import LowerSourcePass
    from tapeflow.transforms.source.lower_switch_to_if import LowerSwitchToIfPass
    from tapeflow.transforms.streams.assign_scratchpad import AssignScratchpadPass
    from tapeflow.transforms.streams.check_streams import CheckStreamsPass
    from tapeflow.transforms.streams.form_layers import FormLayersPass
    from tapeflow.transforms.streams.form_streams import FormStreamsPass
    from tapeflow.transforms.streams.lower_spm_to_blocking import LowerSpmToBlockingPass
    from tapeflow.transforms.tape.compress_tape import CompressTapePass
    from tapeflow.transforms.tape.form_regions import FormRegionsPass
    from tapeflow.transforms.tape.merge_regions import MergeRegionsPass
    from tapeflow.transforms.tape.shrink_tape import ShrinkTapePass
    from tapeflow.transforms.tape.split_records import SplitRecordsPass

__all__ = [
    "AffineToScfPass",
    "AssignScratchpadPass",
    "CheckStreamsPass",
    "CompressTapePass",
    "DifferentiatePass",
    "EliminateCopiesPass",
    "ExpandOperationsPass",
    "ExposeAddressesPass",
    "FormLayersPass",
    "FormRegionsPass",
    "FormStreamsPass",
    "HoistInvariantsPass",
    "InlineExecuteRegionPass",
    "JamLoopsPass",
    "KeepProvablePass",
    "LowerLinalgToLoopsPass",
    "LowerParallelToForPass",
    "LowerSourcePass",
    "LowerSpmToBlockingPass",
    "LowerSwitchToIfPass",
    "LowerTapeToMemrefPass",
    "MergeRegionsPass",
    "PipelineLoopsPass",
    "PlaceTapePass",
    "ReorderLoopsPass",
    "RequestGradientPass",
    "ShrinkTapePass",
    "SimplifyAdjointsPass",
    "SplitRecordsPass",
    "StaggerBuffersPass",
    "UnrollLoopsPass",
    "WaiveAddressesPass",
    "WaiveTapePass",
    "get_all_passes",
]

_PASSES = {
    "request-gradient": "differentiation",
    "lower-source": "source",
    "expand-operations": "source",
    "lower-linalg-to-loops": "source",
    "affine-to-scf": "source",
    "lower-parallel-to-for": "source",
    "lower-switch-to-if": "source",
    "inline-execute-region": "source",
    "eliminate-copies": "copies",
    "reorder-loops": "scheduling",
    "differentiate": "differentiation",
    "simplify-adjoints": "differentiation",
    "shrink-tape": "tape",
    "form-regions": "tape",
    "merge-regions": "tape",
    "compress-tape": "tape",
    "keep-provable": "placement",
    "lower-tape-to-memref": "cached",
    "stagger-buffers": "cached",
    "waive-tape": "cached",
    "place-tape": "placement",
    "split-records": "tape",
    "form-layers": "streams",
    "assign-scratchpad": "streams",
    "lower-spm-to-blocking": "streams",
    "form-streams": "streams",
    "unroll-loops": "scheduling",
    "jam-loops": "scheduling",
    "hoist-invariants": "scheduling",
    "expose-addresses": "addresses",
    "waive-addresses": "addresses",
    "check-streams": "streams",
    "pipeline-loops": "scheduling",
}
"""The stage of each pass, in the order in which pipelines use them."""


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Pass factories by name, in the order in which pipelines use them."""

    def factory(name: str) -> Callable[[], type[ModulePass]]:
        return lambda: _pass_class(name)

    return {name: factory(name) for name in _PASSES}


def _pass_class(name: str) -> type[ModulePass]:
    words = name.split("-")
    module = import_module(f"{__name__}.{_PASSES[name]}.{'_'.join(words)}")
    return getattr(module, "".join(map(str.capitalize, words)) + "Pass")


def __getattr__(name: str) -> type[ModulePass]:
    words = re.findall("[A-Z][a-z]+", name)[:-1]
    if name not in __all__ or not words:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from tapeflow.transforms.building.option_help import write_options_in_doc

    kind = _pass_class("-".join(words).lower())
    write_options_in_doc(kind)  # for `help`; the tools, which need none, pay nothing
    return kind


def __dir__() -> list[str]:
    return list(__all__)
