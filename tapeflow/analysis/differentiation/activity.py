"""Activity: which values and buffers carry a derivative.

A value is *varied* if it depends on an argument of interest, *useful* if a seeded
result depends on it, *active* if both (Griewank & Walther, section 6.1). Flow of
floating-point values is a graph over SSA values and buffers; both are reachability.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import func, memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.control_flow import CONTROL_FLOW, edges_from
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.dialects.ad import is_differentiable


@dataclass(frozen=True)
class Activity:
    """The active values; a buffer stands for all its names."""

    buffers: Buffers
    varied_nodes: frozenset[SSAValue]
    active_nodes: frozenset[SSAValue]

    def _node(self, value: SSAValue) -> SSAValue:
        if isinstance(value.type, MemRefType):
            return self.buffers.of(value)
        return value

    def varied(self, value: SSAValue) -> bool:
        """Whether the value depends on an argument of interest."""
        return self._node(value) in self.varied_nodes

    def active(self, value: SSAValue) -> bool:
        """Whether a derivative flows through the value or buffer."""
        return self._node(value) in self.active_nodes


def _flows(op: Operation) -> Iterator[tuple[SSAValue, SSAValue]]:
    """Pairs (from, to) of values through which one operation passes derivatives."""
    match op:
        case _ if type(op) in CONTROL_FLOW:
            for edge in edges_from(op):
                yield from edge.pairs
        case memref.StoreOp():
            yield op.value, op.memref
        case memref.CopyOp():
            yield op.source, op.destination
        case _:
            for result in op.results:
                yield from ((operand, result) for operand in op.operands)


def _reachable(
    starts: Sequence[SSAValue], edges: dict[SSAValue, list[SSAValue]]
) -> frozenset[SSAValue]:
    reached = set(starts)
    work = list(starts)
    while work:
        for target in edges.get(work.pop(), ()):
            if target not in reached:
                reached.add(target)
                work.append(target)
    return frozenset(reached)


def find_activity(
    function: func.FuncOp,
    buffers: Buffers,
    sources: Sequence[SSAValue],
    sinks: Sequence[SSAValue],
    constants: Sequence[SSAValue] = (),
) -> Activity:
    """Find what lies between the sources (arguments) and sinks (seeded values).

    Nothing flows through the constants.
    """

    def node(value: SSAValue) -> SSAValue:
        return buffers.of(value) if isinstance(value.type, MemRefType) else value

    cut = {node(value) for value in constants}
    forward: dict[SSAValue, list[SSAValue]] = {}
    backward: dict[SSAValue, list[SSAValue]] = {}
    for op in function.walk():
        for origin, target in _flows(op):
            if {node(origin), node(target)} & cut:
                continue
            if is_differentiable(origin.type) and is_differentiable(target.type):
                forward.setdefault(node(origin), []).append(node(target))
                backward.setdefault(node(target), []).append(node(origin))
    varied = _reachable([node(value) for value in sources], forward)
    useful = _reachable([node(value) for value in sinks], backward)
    return Activity(buffers, varied, varied & useful)
