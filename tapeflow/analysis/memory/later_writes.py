"""Whether what a load or store has left in memory is overwritten later on.

Writes are told apart by elements and iterations, not by buffers: a buffer whose
elements are written once each still has them all when its loops are done.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.control_flow import BRANCHES, LOOPS
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.memory.aliasing import Buffers, ancestors
from tapeflow.analysis.memory.later_elements import Place, TwoTimes
from tapeflow.analysis.memory.view_subscripts import Element, element_of
from tapeflow.dialects import address
from tapeflow.dialects.address import ElementAccess

MOST_WRITES = 32
"""Writes of one buffer that are compared with an access, to stay linear."""


@dataclass(frozen=True)
class LaterWrites:
    """Answers for one function, whose memory operations stay as they are."""

    buffers: Buffers
    forms: SubscriptForms = field(default_factory=SubscriptForms)

    def unchanged_after(self, access: ElementAccess, scope: Block) -> bool:
        """Whether nothing writes to the accessed element before the scope ends.

        `scope` is a block around the access. A later iteration of a loop inside it
        counts as after.
        """
        buffers, buffer = self.buffers, self.buffers.of(access.memref)
        writes = buffers.writes.get(buffer, ())
        holders = buffers.around_writes.get(buffer, ())
        loops = [op for op in _loops_inside(scope, access) if op in holders]
        # Without loops, only what stands behind the access comes after it.
        begin = scope.first_op if loops else access
        assert begin is not None
        first = bisect(writes, buffers.order[begin] - 1, key=buffers.order.__getitem__)
        later = (
            write
            for write in islice(writes, first, first + MOST_WRITES)
            if scope.find_ancestor_op_in_block(write) is not None
        )
        if any(self._may_hit(write, access, loops) for write in later):
            return False
        rest = writes[first + MOST_WRITES : first + MOST_WRITES + 1]
        return not any(map(scope.find_ancestor_op_in_block, rest))

    def may_overwrite(self, write: Operation, access: ElementAccess) -> bool:
        """Whether a write to the accessed buffer may hit the same element later."""
        loops = [op for op in ancestors(access) if type(op) in LOOPS]
        return self._may_hit(write, access, loops)

    def _may_hit(
        self, write: Operation, access: ElementAccess, loops: Sequence[Operation]
    ) -> bool:
        """Whether a write in a later iteration of one of some loops, or behind the
        access in the same iterations of all, may hit its element.

        Args:
            loops: around the access, innermost first.
        """
        around = ancestors(write)
        common = [loop for loop in loops if loop in {*around}]
        cases: list[Operation | None] = [*common]
        if self._is_behind(write, access, common):
            cases.append(None)
        if not cases:
            return False
        if not isinstance(write, memref.StoreOp | address.StoreOp):
            return True
        if self.buffers.overlaps_itself(access.memref):
            return True
        early, late = (element_of(op, self.forms) for op in (access, write))
        if early.buffer is not late.buffer:
            return True
        places = self._place(early, access), self._place(late, write)
        return not all(
            self._is_one_buffer(early.buffer, later)
            and TwoTimes(self.forms, *places, later).are_apart()
            for later in cases
        )

    def _is_behind(
        self, write: Operation, access: Operation, common: Sequence[Operation]
    ) -> bool:
        """Whether a write may come after an access, all loops at equal iterations."""
        order = self.buffers.order
        if order[write] <= order[access]:
            return False
        mine, others = ancestors(access), {*ancestors(write)}
        holder = next(op for op in mine if op in others)
        if type(holder) not in BRANCHES or holder is access:
            return True
        regions = [_region_of(op, holder) for op in (access, write)]
        return regions[0] is regions[1]

    @staticmethod
    def _is_one_buffer(buffer: SSAValue, later: Operation | None) -> bool:
        """Whether a name means the same buffer in a later iteration of a loop."""
        return later is None or not is_defined_inside(buffer, later)

    def _place(self, element: Element, access: Operation) -> Place:
        loops = [op for op in ancestors(access) if type(op) in LOOPS]
        counted = [op for op in reversed(loops) if isinstance(op, scf.ForOp)]
        resolved = self.forms.resolved
        return Place([resolved(form, counted) for form in element.subscripts], loops)


def _loops_inside(scope: Block, op: Operation) -> Iterator[Operation]:
    """The loops around `op` that are inside a block, innermost first."""
    for holder in ancestors(op)[1:]:
        if holder is scope.parent_op():
            return
        if type(holder) in LOOPS:
            yield holder


def _region_of(op: Operation, holder: Operation) -> object:
    """The region of an operation in which another stands."""
    while op.parent_op() is not holder:
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op.parent_region()
