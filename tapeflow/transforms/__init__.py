"""Passes of tapeflow, one a file; usable in any xDSL `PassPipeline`."""

from collections.abc import Callable

from xdsl.passes import ModulePass

from tapeflow.transforms.affine_to_scf import AffineToScfPass
from tapeflow.transforms.assign_scratchpad import AssignScratchpadPass
from tapeflow.transforms.check_streams import CheckStreamsPass
from tapeflow.transforms.differentiate import DifferentiatePass
from tapeflow.transforms.form_layers import FormLayersPass
from tapeflow.transforms.form_regions import FormRegionsPass
from tapeflow.transforms.form_streams import FormStreamsPass
from tapeflow.transforms.inline_execute_region import InlineExecuteRegionPass
from tapeflow.transforms.keep_provable import KeepProvablePass
from tapeflow.transforms.lower_linalg_to_loops import LowerLinalgToLoopsPass
from tapeflow.transforms.lower_parallel_to_for import LowerParallelToForPass
from tapeflow.transforms.lower_source import LowerSourcePass
from tapeflow.transforms.lower_spm_to_blocking import LowerSpmToBlockingPass
from tapeflow.transforms.lower_switch_to_if import LowerSwitchToIfPass
from tapeflow.transforms.lower_tape_to_memref import LowerTapeToMemrefPass
from tapeflow.transforms.merge_regions import MergeRegionsPass
from tapeflow.transforms.pipeline_loops import PipelineLoopsPass
from tapeflow.transforms.place_tape import PlaceTapePass
from tapeflow.transforms.request_gradient import RequestGradientPass
from tapeflow.transforms.shrink_tape import ShrinkTapePass
from tapeflow.transforms.simplify_adjoints import SimplifyAdjointsPass
from tapeflow.transforms.split_records import SplitRecordsPass
from tapeflow.transforms.stagger_buffers import StaggerBuffersPass
from tapeflow.transforms.waive_tape import WaiveTapePass

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
