"""Copies that are detours: what they copy can be found, or put, where it also is.

A copy nest `target[f(i)] = origin[g(i)]` makes one of both buffers needless in one of
two directions:

- readers of the target read the origin, at g of the i whose f they mean;
- the producers of the origin write the target, at f of the i whose g they mean.

The needless buffer's subscripts have to tell i: each counter of the nest stands in one
of them, alone but for what does not change. Each other access to the needless buffer
has to stay inside of what is copied, so that no error is lost, and so have the copy's
own accesses inside of both buffers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.copies.copy_nests import (
    Access,
    Copy,
    accesses_of,
    common_block,
    is_own,
    loops_within,
)
from tapeflow.analysis.copies.index_bounds import IndexBounds
from tapeflow.analysis.copies.kept_order import KeptOrder
from tapeflow.analysis.copies.nest_relations import CopyNest, Needed, Redirected
from tapeflow.analysis.ir.nesting import is_defined_inside


@dataclass(frozen=True)
class Detour:
    """A copy that can be spared."""

    copy: Copy
    nest: Operation
    """What of the common block holds the copy."""
    kept: Access
    """The copy's access to the buffer that stays."""
    needless: SSAValue
    accesses: tuple[Redirected, ...]
    producer: Operation | None = None
    """The nest that fills the needless buffer, if that is the origin."""
    fills: tuple[Operation, ...] = ()
    """Fills of the buffer that stays, which have to move in front of the producer."""


@dataclass(frozen=True)
class DetourSearch:
    """Judges the copies of one function."""

    bounds: IndexBounds
    order: KeptOrder

    def judge(self, copy: Copy) -> Detour:
        """How a copy is spared.

        Raises:
            Needed: it is not; for either direction the reason.
        """
        reasons: list[str] = []
        for direction in (self._from_origin, self._into_target):
            try:
                return direction(copy)
            except Needed as reason:
                reasons.append(str(reason))
        raise Needed("; ".join(dict.fromkeys(reasons)))

    def _from_origin(self, copy: Copy) -> Detour:
        """Readers of the target read the origin."""
        if not is_own(copy.target):
            raise Needed("what it writes is not a buffer of this function's own")
        others = [op for op in accesses_of(copy.target) if op is not copy.store]
        readers = [op for op in others if isinstance(op, memref.LoadOp)]
        if not readers:
            raise Needed("nobody reads what it writes")
        nest = self._nest(copy, readers)
        nest.check(copy.store, copy.load, readers)
        redirected = nest.redirect(copy.store, copy.load, readers)
        if is_defined_inside(copy.origin, nest.op):
            raise Needed("what it reads is a name inside of its own loops")
        if problem := self.order.problem_of_readers(copy, readers, nest.block):
            raise Needed(problem)
        return Detour(copy, nest.op, copy.load, copy.target, redirected)

    def _into_target(self, copy: Copy) -> Detour:
        """Producers of the origin write the target."""
        if not (is_own(copy.origin) and is_own(copy.target)):
            raise Needed("what it reads is not a buffer of this function's own")
        others = [op for op in accesses_of(copy.origin) if op is not copy.load]
        nest = self._nest(copy, others)
        nest.check(copy.load, copy.store, others)
        redirected = nest.redirect(copy.load, copy.store, others)
        if not nest.tells_apart(copy.store):
            raise Needed("it may write an element twice")
        producer = nest.full_producer(copy.load, others)
        if producer is None:
            raise Needed("no nest in front of it writes all that it reads")
        problem, fills = self.order.problem_of_producers(
            copy, producer, others, nest.block
        )
        if problem:
            raise Needed(problem)
        return Detour(
            copy, nest.op, copy.store, copy.origin, redirected, producer, fills
        )

    def _nest(self, copy: Copy, others: Sequence[Access]) -> CopyNest:
        block = common_block([copy.store, *others])
        loops = loops_within(block, copy.store)
        if loops is None:
            raise Needed("it stands in a branch, or in a loop whose step is not 1")
        op = block.find_ancestor_op_in_block(copy.store)
        assert op is not None, "the block is around the copy"
        return CopyNest(copy, block, op, tuple(loops), self.bounds, self.order)
