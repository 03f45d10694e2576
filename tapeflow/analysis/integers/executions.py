"""How often blocks run: products of trip counts, known or assumed."""

from math import prod
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of


def trip_count(loop: scf.ForOp) -> int | None:
    """The trip count of a loop whose bounds are constants."""
    lower, upper, step = map(constant_of, (loop.lb, loop.ub, loop.step))
    if lower is None or upper is None or step is None:
        return None
    return max(0, -(-(upper - lower) // max(step, 1)))


class Executions:
    """Counts executions; loops and extents that are not constant get a number."""

    def __init__(self, assumed_trips: int):
        self._assumed = assumed_trips
        self._inside: dict[Operation, float] = {}

    def inside(self, op: Operation | None) -> float:
        """How often the blocks of an operation run."""
        chain: list[Operation] = []
        while op is not None and op not in self._inside:
            chain.append(op)
            op = op.parent_op()
        count = 1.0 if op is None else self._inside[op]
        for inner in reversed(chain):
            if isinstance(inner, scf.WhileOp):
                count *= self._assumed
            elif isinstance(inner, scf.ForOp):
                trips = trip_count(inner)
                count *= self._assumed if trips is None else trips
            self._inside[inner] = count
        return count

    def elements(self, buffer: SSAValue) -> float:
        """How many elements a buffer has."""
        shape = cast("MemRefType", buffer.type).get_shape()
        return float(prod(self._assumed if n == DYNAMIC_INDEX else n for n in shape))
