"""Which popped values decide something: a comparison, a subscript, a trip count.

What is rounded must not decide where the program goes: then pops would not meet the
records that were pushed. So whatever may reach an operation that makes something else
of a float than a float is found, backwards from there, through arithmetic, control flow
and memory. It is followed without regard to order, so more is found than there is.
"""

from collections import defaultdict

from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.control_flow import STRUCTURED, edges_from, sources_of
from tapeflow.analysis.memory.aliasing import Buffers, find_buffers
from tapeflow.analysis.memory.effects import is_memref, written_memrefs
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.tape import PopOp, PushOp


def deciding_values(function: FuncOp, graph: CallGraph) -> frozenset[SSAValue]:
    """The floats of a function that something else than a float may depend on."""
    return frozenset(_Search(function, find_buffers(function, graph)).found)


class _Search:
    """Walks backwards from what decides."""

    def __init__(self, function: FuncOp, buffers: Buffers):
        self.found: set[SSAValue] = set()
        self._buffers = buffers
        self._stored: defaultdict[SSAValue, list[SSAValue]] = defaultdict(list)
        """By buffer, the floats and buffers that operations write to it."""
        self._pushed: defaultdict[SSAValue, list[PushOp]] = defaultdict(list)
        self._pending: list[SSAValue] = []
        for op in function.walk():
            self._look_at(op)
        while self._pending:
            self._follow(self._pending.pop())

    def _look_at(self, op: Operation) -> None:
        if isinstance(op, PushOp):
            self._pushed[op.tape].append(op)
            return
        for buffer in map(self._buffers.of, written_memrefs(op)):
            self._stored[buffer] += op.operands
        if isinstance(op, CallOp):
            self._need(*op.operands)
        elif any(not is_float(result.type) for result in op.results):
            passed_on = (v for edge in edges_from(op) for v in edge.values)
            on = set(passed_on) if type(op) in STRUCTURED else set[SSAValue]()
            self._need(*(v for v in op.operands if is_float(v.type) and v not in on))

    def _need(self, *values: SSAValue) -> None:
        for value in values:
            if is_memref(value):
                value = self._buffers.of(value)
            elif not is_float(value.type):
                continue
            if value not in self.found:
                self.found.add(value)
                self._pending.append(value)

    def _follow(self, value: SSAValue) -> None:
        if is_memref(value):
            self._need(*self._stored[value])
            return
        self._need(*sources_of(value))
        op = value.owner
        if isinstance(value, BlockArgument) or not isinstance(op, Operation):
            return
        if isinstance(op, PopOp):
            number = op.values.index(value)
            self._need(*(push.values[number] for push in self._pushed[op.tape]))
        elif type(op) not in STRUCTURED:
            # Of a load, the buffer that it reads.
            self._need(*op.operands)
