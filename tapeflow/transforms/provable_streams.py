"""Whether a function would be proved safe if its placed regions streamed."""

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.call_graph import CallGraph
from tapeflow.analysis.stream_check import check_streams
from tapeflow.transforms.assign_scratchpad import AssignScratchpadPass
from tapeflow.transforms.form_layers import FormLayersPass
from tapeflow.transforms.form_streams import FormStreamsPass
from tapeflow.transforms.split_records import SplitRecordsPass


def is_provable(
    function: FuncOp, context: Context, slots: int, machine: str, sizes: str
) -> bool:
    """Stream a copy of a function whose regions say where they live, and check it.

    A copy that cannot be streamed at all counts as provable: the passes that stream
    the function itself tell why not.
    """
    graph = CallGraph.around(function)
    called = (one for component in graph.components(function) for one in component)
    others = [one.clone() for one in called if one is not function]
    copied = function.clone()
    copy = ModuleOp([copied, *others])
    passes: Sequence[ModulePass] = (
        SplitRecordsPass(slots=slots),
        FormLayersPass(slots=slots, machine=machine, sizes=sizes),
        AssignScratchpadPass(slots=slots),
        FormStreamsPass(),
    )
    try:
        for pass_ in passes:
            pass_.apply(context, copy)
    except DiagnosticException:
        return True
    return all(verdict.answer == "proved" for verdict in check_streams(copied))
