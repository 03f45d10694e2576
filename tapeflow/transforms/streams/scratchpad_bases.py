"""Where the rings of each function may begin: behind those that callers use."""

from collections.abc import Sequence
from typing import NoReturn

from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.streams.shared_rings import in_use
from tapeflow.transforms.building.refusal import refuse


class ScratchpadBases:
    """Bytes of the scratchpad that are in use where functions are called.

    Callers have to be placed before what they call: `callers_first` is such an order.
    """

    def __init__(self, functions: Sequence[FuncOp], graph: CallGraph):
        self._graph = graph
        self._begins: dict[FuncOp, int] = {}
        components = graph.components(*functions)
        self._components = {
            member: component for component in components for member in component
        }
        self.callers_first = [
            member for component in reversed(components) for member in component
        ]

    def of(self, function: FuncOp) -> int:
        """Where the first ring of a function may begin."""
        together = self._components[function]
        return max(self._begins.get(member, 0) for member in together)

    def place(self, function: FuncOp, ends: dict[Operation, int]) -> None:
        """Note the rings of a function by their allocations, and where they end.

        Raises:
            PassFailedException: the function calls itself while a ring is in use.
        """
        calls = self._graph.calls(function)
        order = {op: n for n, op in enumerate(function.walk())} if calls else {}
        for call in calls:
            callee = self._graph.callee(call)
            if callee is None:
                continue
            used = [ends[ring] for ring in ends if in_use(ring, call, order)]
            if used and callee in self._components[function]:
                _refuse_recursion(function, call)
            begin = max(self.of(function), *used, 0)
            self._begins[callee] = max(self.of(callee), begin)


def _refuse_recursion(function: FuncOp, call: CallOp) -> NoReturn:
    message = (
        f"@{function.sym_name.data} calls itself while its tape is in the scratchpad, "
        "where each ring has one place; leave the tape behind the cache, with "
        'tape.place = "cache" on its allocations'
    )
    refuse(call, message)
