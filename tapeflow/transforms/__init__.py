"""Passes of tapeflow, one a file; usable in any xDSL `PassPipeline`."""

from collections.abc import Callable

from xdsl.passes import ModulePass

from tapeflow.transforms.cached.lower_tape_to_memref import LowerTapeToMemrefPass
from tapeflow.transforms.cached.stagger_buffers import StaggerBuffersPass
from tapeflow.transforms.cached.waive_tape import WaiveTapePass
from tapeflow.transforms.differentiation.differentiate import DifferentiatePass
from tapeflow.transforms.differentiation.request_gradient import RequestGradientPass
from tapeflow.transforms.differentiation.simplify_adjoints import SimplifyAdjointsPass
from tapeflow.transforms.placement.keep_provable import KeepProvablePass
from tapeflow.transforms.placement.place_tape import PlaceTapePass
from tapeflow.transforms.scheduling.pipeline_loops import PipelineLoopsPass
from tapeflow.transforms.source.affine_to_scf import AffineToScfPass
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
from tapeflow.transforms.tape.form_regions import FormRegionsPass
from tapeflow.transforms.tape.merge_regions import MergeRegionsPass
from tapeflow.transforms.tape.shrink_tape import ShrinkTapePass
from tapeflow.transforms.tape.split_records import SplitRecordsPass

__all__ = [
    "AffineToScfPass",
    "AssignScratchpadPass",
    "CheckStreamsPass",
    "DifferentiatePass",
    "FormLayersPass",
    "FormRegionsPass",
    "FormStreamsPass",
    "InlineExecuteRegionPass",
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
    "RequestGradientPass",
    "ShrinkTapePass",
    "SimplifyAdjointsPass",
    "SplitRecordsPass",
    "StaggerBuffersPass",
    "WaiveTapePass",
    "get_all_passes",
]

_PASSES: tuple[type[ModulePass], ...] = (
    RequestGradientPass,
    LowerSourcePass,
    LowerLinalgToLoopsPass,
    AffineToScfPass,
    LowerParallelToForPass,
    LowerSwitchToIfPass,
    InlineExecuteRegionPass,
    DifferentiatePass,
    SimplifyAdjointsPass,
    ShrinkTapePass,
    FormRegionsPass,
    MergeRegionsPass,
    KeepProvablePass,
    LowerTapeToMemrefPass,
    StaggerBuffersPass,
    WaiveTapePass,
    PlaceTapePass,
    SplitRecordsPass,
    FormLayersPass,
    AssignScratchpadPass,
    LowerSpmToBlockingPass,
    FormStreamsPass,
    CheckStreamsPass,
    PipelineLoopsPass,
)


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Pass factories by name, in the order in which pipelines use them."""

    def factory(pass_: type[ModulePass]) -> Callable[[], type[ModulePass]]:
        return lambda: pass_

    return {pass_.name: factory(pass_) for pass_ in _PASSES}
