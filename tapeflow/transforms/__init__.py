"""Passes of tapeflow, one a file; usable in any xDSL `PassPipeline`."""

from collections.abc import Callable

from xdsl.passes import ModulePass

from tapeflow.transforms.assign_scratchpad import AssignScratchpadPass
from tapeflow.transforms.differentiate import DifferentiatePass
from tapeflow.transforms.form_layers import FormLayersPass
from tapeflow.transforms.form_regions import FormRegionsPass
from tapeflow.transforms.form_streams import FormStreamsPass
from tapeflow.transforms.lower_spm_to_blocking import LowerSpmToBlockingPass
from tapeflow.transforms.lower_tape_to_memref import LowerTapeToMemrefPass
from tapeflow.transforms.request_gradient import RequestGradientPass
from tapeflow.transforms.simplify_adjoints import SimplifyAdjointsPass

__all__ = [
    "AssignScratchpadPass",
    "DifferentiatePass",
    "FormLayersPass",
    "FormRegionsPass",
    "FormStreamsPass",
    "LowerSpmToBlockingPass",
    "LowerTapeToMemrefPass",
    "RequestGradientPass",
    "SimplifyAdjointsPass",
    "get_all_passes",
]

_PASSES: tuple[type[ModulePass], ...] = (
    RequestGradientPass,
    DifferentiatePass,
    SimplifyAdjointsPass,
    FormRegionsPass,
    LowerTapeToMemrefPass,
    FormLayersPass,
    AssignScratchpadPass,
    LowerSpmToBlockingPass,
    FormStreamsPass,
)


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Pass factories by name, in the order in which pipelines use them."""

    def factory(pass_: type[ModulePass]) -> Callable[[], type[ModulePass]]:
        return lambda: pass_

    return {pass_.name: factory(pass_) for pass_ in _PASSES}
