"""Which memrefs may be the same memory, and whether it can be read again later.

A *buffer* is everything one allocation or argument may be called: views of it, and for
buffers swapped through loop-carried variables the whole orbit. `find_buffers` finds
those of a function.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.union_find import UnionFind

LOOPS = (scf.ForOp, scf.WhileOp, scf.ParallelOp)
"""Operations that run what they hold again and again."""


def ancestors(op: Operation) -> list[Operation]:
    """The operation and all around it, innermost first."""
    chain: list[Operation] = []
    current: Operation | None = op
    while current is not None:
        chain.append(current)
        current = current.parent_op()
    return chain


@dataclass(frozen=True)
class Buffers:
    """The buffers of a function: `of` names one by a representative memref value."""

    classes: UnionFind
    writes: dict[SSAValue, tuple[Operation, ...]]
    """By representative, in program order."""
    around_writes: dict[SSAValue, frozenset[Operation]]
    """By representative, the operations inside the function that hold a write."""
    order: dict[Operation, int]
    """Position of each operation in a walk of the function."""
    overlapping: frozenset[SSAValue]
    """Representatives of the buffers with a name whose indices may share elements."""

    def of(self, value: SSAValue) -> SSAValue:
        """The representative of a memref's buffer."""
        return self.classes.find(value)

    def same(self, one: SSAValue, other: SSAValue) -> bool:
        """Whether two memrefs may share an element."""
        return self.of(one) is self.of(other)

    def overlaps_itself(self, value: SSAValue) -> bool:
        """Whether different indices of a memref may be one element."""
        return self.of(value) in self.overlapping

    def written(self, value: SSAValue) -> bool:
        """Whether anything writes to the memref's buffer."""
        return self.of(value) in self.writes

    def written_after(self, value: SSAValue, op: Operation, scope: Block) -> bool:
        """Whether an operation behind `op` in a block around it writes the buffer."""
        writes = self.writes.get(self.of(value), ())
        position = bisect(writes, self.order[op], key=self.order.__getitem__)
        if position == len(writes):
            return False
        return scope.find_ancestor_op_in_block(writes[position]) is not None

    def unchanged_after(
        self, access: memref.LoadOp | memref.StoreOp, scope: Block
    ) -> bool:
        """Whether nothing writes to the accessed element before the scope ends.

        `scope` is a block around the access. A later iteration of a loop inside it
        counts as after; it may write where its own index says so.
        """
        buffer = self.of(access.memref)
        if self.written_after(buffer, access, scope):
            return False
        around_writes = self.around_writes.get(buffer, ())
        loops = [
            op
            for op in _inside(scope, access)
            if isinstance(op, LOOPS) and op in around_writes
        ]
        if not loops:
            return True
        writes = self.writes[buffer]
        return len(writes) <= MOST_WRITES and all(
            self._is_elsewhere_later(access, write, loops) for write in writes
        )

    def overwrites(
        self, write: Operation, access: memref.LoadOp | memref.StoreOp
    ) -> bool:
        """Whether a write to the accessed buffer may hit the same element later."""
        if self.order[write] > self.order[access]:
            return True
        loops = [op for op in ancestors(access) if isinstance(op, LOOPS)]
        return not self._is_elsewhere_later(access, write, loops)

    def _is_elsewhere_later(
        self,
        access: memref.LoadOp | memref.StoreOp,
        write: Operation,
        loops: Sequence[Operation],
    ) -> bool:
        """Whether a write in other iterations of the loops around both hits other
        elements.

        It does if each of these loops has a dimension that both index by its variable,
        and different indices are different elements.
        """
        around = set(ancestors(write))
        common = [loop for loop in loops if loop in around]
        if not common:
            return True
        if not isinstance(write, memref.StoreOp) or write.memref is not access.memref:
            return False
        if self.overlaps_itself(access.memref):
            return False
        if not _holders(access.memref).isdisjoint(common):
            # It may be another (part of a) buffer in each iteration.
            return False
        alike = {
            one
            for one, other in zip(access.indices, write.indices, strict=True)
            if one is other
        }
        return all(
            isinstance(loop, scf.ForOp) and loop.body.block.args[0] in alike
            for loop in common
        )


MOST_WRITES = 32
"""Writes of one buffer that are compared with an access, to stay linear."""


def _inside(scope: Block, op: Operation) -> Iterator[Operation]:
    """The operations around `op` that are inside a block, innermost first."""
    for holder in ancestors(op)[1:]:
        if holder.parent is None or holder is scope.parent_op():
            return
        yield holder


def _holders(value: SSAValue) -> frozenset[Operation]:
    """The operations in which a value is defined."""
    owner = value.owner
    if isinstance(owner, Operation):
        return frozenset(ancestors(owner))
    parent = owner.parent_op()
    return frozenset(() if parent is None else ancestors(parent))
