"""Accesses that may come after the deallocation of what they access.

Such programs are wrong, but nearly all others are told apart by the order of their
operations, so that only suspects have to be watched when they run.
"""

from collections import defaultdict
from collections.abc import Sequence

from xdsl.dialects import memref
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.analysis.memory.aliasing import Buffers, ancestors
from tapeflow.analysis.memory.views import whole_of


class BufferLives:
    """Where the buffers of a function are deallocated."""

    def __init__(self, buffers: Buffers):
        self._buffers = buffers
        self._ends: dict[SSAValue, list[Operation]] = defaultdict(list)
        for op in buffers.order:
            if isinstance(op, memref.DeallocOp):
                self._ends[buffers.of(op.memref)].append(op)

    def deallocations(self, value: SSAValue) -> Sequence[Operation]:
        """The deallocations of a memref's buffer in the function, by any name."""
        return self._ends.get(self._buffers.of(value), ())

    def may_be_over(self, access: Operation, value: SSAValue) -> bool:
        """Whether a deallocation may run before an access, in an earlier iteration of
        a loop around both, too.

        Each iteration that allocates the buffer has one of its own.
        """
        order = self._buffers.order
        ends = self.deallocations(value)
        if any(order[end] < order[access] for end in ends):
            return True
        allocation = whole_of(value).owner
        allocated: set[Operation] = set()
        if isinstance(allocation, Operation):
            allocated.update(ancestors(allocation))
        loops = {
            op for op in ancestors(access) if type(op) in LOOPS and op not in allocated
        }
        return any(not loops.isdisjoint(ancestors(end)) for end in ends)
