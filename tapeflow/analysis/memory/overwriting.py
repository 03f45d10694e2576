"""Buffers that every run of a block overwrites before it reads them.

If the block is a loop's body, such a buffer carries nothing from one iteration to the
next: neither values forward nor adjoints backward.
"""

from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers, ancestors
from tapeflow.analysis.memory.effects import is_memref, regions_blocks
from tapeflow.analysis.memory.offsets import with_offset

_LONGEST_CHAIN = 8
"""Loops of one chain that are looked at, to stay linear."""

_MOST_STORES = 32
"""Stores of one chain that are looked at, likewise."""

Subscript: TypeAlias = tuple[SSAValue | None, int]
"""A value, if there is one, plus a number."""


@dataclass(frozen=True)
class Accesses:
    """Where the buffers of a function are accessed."""

    buffers: Buffers
    inside: dict[Operation, frozenset[SSAValue]]
    """By operation, the representatives of what it or an operation in it accesses."""
    names: dict[SSAValue, frozenset[SSAValue]]
    """By representative, all memrefs that are the buffer or part of it."""

    def touches(self, op: Operation, buffer: SSAValue) -> bool:
        """Whether an operation or one inside it accesses the buffer."""
        return self.buffers.of(buffer) in self.inside.get(op, ())

    def overwritten_first(self, block: Block, buffer: SSAValue) -> bool:
        """Whether a run of the block reads nothing of a buffer that it did not write.

        Conservative: of loops it knows nests that store to each element in turn.
        """
        for op in block.ops:
            if not self.touches(op, buffer):
                continue
            match op:
                case memref.AllocOp() | memref.AllocaOp():
                    return True
                case memref.StoreOp() if not op.indices:
                    return True
                case memref.StoreOp() | memref.DeallocOp():
                    continue
                case scf.ForOp() if self._fills(op, buffer):
                    return True
                case scf.ForOp() if self._fill_by_strips(op, buffer):
                    return True
                case scf.ForOp() | scf.IfOp():
                    inner = regions_blocks(op)
                    if not all(self.overwritten_first(one, buffer) for one in inner):
                        return False
                case _:
                    return False
        return True

    def _fills(self, nest: scf.ForOp, buffer: SSAValue) -> bool:
        """Whether a nest stores to each element of a buffer before it loads it."""
        loops = [nest]
        while True:
            ops = loops[-1].body.block.ops
            first = next((op for op in ops if self.touches(op, buffer)), None)
            match first:
                case scf.ForOp():
                    loops.append(first)
                case memref.StoreOp():
                    return _covers(first, loops) and all(
                        _is_filled_before(op, first, loops)
                        for op in nest.walk()
                        if not op.regions and self.touches(op, buffer)
                    )
                case _:
                    return False

    def _fill_by_strips(self, first: scf.ForOp, buffer: SSAValue) -> bool:
        """Whether a loop and those behind it store to each element of a buffer.

        Each begins where the one before ends, and stores to as many elements in an
        iteration as it counts on, as loops do that were unrolled.
        """
        loops = self._chain(first, buffer)
        nests = [op for loop in loops for op in loop.walk() if not op.regions]
        touching = [op for op in nests if self.touches(op, buffer)]
        stores = [op for op in touching if isinstance(op, memref.StoreOp)]
        if not stores or len(stores) > _MOST_STORES:
            return False
        return self._cover(loops, stores[0].memref, {}) and all(
            isinstance(op, memref.StoreOp) or _was_just_stored(op, stores)
            for op in touching
        )

    def _chain(self, first: scf.ForOp, buffer: SSAValue) -> list[scf.ForOp]:
        """A loop and those behind it that begin where the one before ends."""
        loops, following = [first], first.next_op
        while following is not None and len(loops) < _LONGEST_CHAIN:
            if self.touches(following, buffer):
                if (
                    not isinstance(following, scf.ForOp)
                    or following.lb is not loops[-1].ub
                ):
                    break
                loops.append(following)
            following = following.next_op
        return loops

    def _cover(
        self, loops: list[scf.ForOp], buffer: SSAValue, fixed: dict[int, Subscript]
    ) -> bool:
        """Whether loops store to all elements that have some subscripts."""
        rank = cast("MemRefType", buffer.type).get_num_dims()
        return any(
            _count_extent(loops, buffer, axis)
            and all(
                self._stores_all(loop.body.block, buffer, fixed | {axis: subscript})
                for loop in loops
                for subscript in _counted_at_once(loop)
            )
            for axis in range(rank)
            if axis not in fixed
        )

    def _stores_all(
        self, block: Block, buffer: SSAValue, fixed: dict[int, Subscript]
    ) -> bool:
        """Whether a block stores to all elements that have some subscripts."""
        touching = [op for op in block.ops if self.touches(op, buffer)]
        rank = cast("MemRefType", buffer.type).get_num_dims()
        if len(fixed) == rank:
            wanted = [fixed[axis] for axis in range(rank)]
            return any(
                isinstance(op, memref.StoreOp)
                and op.memref is buffer
                and [*map(with_offset, op.indices)] == wanted
                for op in touching
            )
        return any(
            isinstance(op, scf.ForOp)
            and self._cover(self._chain(op, buffer), buffer, fixed)
            for op in touching
        )


def find_accesses(function: func.FuncOp, buffers: Buffers) -> Accesses:
    """Find the accesses in one walk; sizes are not accesses."""
    inside: dict[Operation, set[SSAValue]] = {}
    names: dict[SSAValue, set[SSAValue]] = {}
    for op in function.walk():
        for value in filter(is_memref, _values(op)):
            names.setdefault(buffers.of(value), set()).add(value)
        if isinstance(op, memref.DimOp) or op is function:
            continue
        accessed = {buffers.of(v) for v in (*op.operands, *op.results) if is_memref(v)}
        for holder in ancestors(op) if accessed else ():
            if holder is function or accessed <= inside.setdefault(holder, set()):
                break
            inside[holder] |= accessed
    return Accesses(
        buffers,
        {op: frozenset(accessed) for op, accessed in inside.items()},
        {buffer: frozenset(values) for buffer, values in names.items()},
    )


def _values(op: Operation) -> tuple[SSAValue, ...]:
    blocks = regions_blocks(op)
    return (*op.results, *(arg for block in blocks for arg in block.args))


def _covers(store: memref.StoreOp, loops: list[scf.ForOp]) -> bool:
    """Whether a store in a nest reaches every element: one loop for each dimension.

    A loop beside these would have to run at least once, which is not known.
    """
    by_index: dict[SSAValue, scf.ForOp] = {
        loop.body.block.args[0]: loop for loop in loops
    }
    used = [by_index.get(index) for index in store.indices]
    return (
        len(set(used)) == len(used)
        and set(used) == set(loops)
        and all(
            loop is not None and _spans(loop, store.memref, axis)
            for axis, loop in enumerate(used)
        )
    )


def _is_filled_before(
    op: Operation, store: memref.StoreOp, loops: list[scf.ForOp]
) -> bool:
    """Whether an operation behind a covering store accesses what that has reached.

    Inside a loop of the nest that is what the store reaches in the same iteration.
    """
    if isinstance(op, memref.StoreOp):
        return True
    if not isinstance(op, memref.LoadOp):
        return False
    enclosing = set(ancestors(op))
    around = {loop.body.block.args[0] for loop in loops if loop in enclosing}
    return all(
        own is index
        for own, index in zip(op.indices, store.indices, strict=True)
        if index in around
    )


def _spans(loop: scf.ForOp, buffer: SSAValue, axis: int) -> bool:
    """Whether a loop counts the indices of a dimension."""
    if constant_of(loop.lb) != 0 or constant_of(loop.step) != 1:
        return False
    return _is_extent(loop.ub, buffer, axis)


def _is_extent(value: SSAValue, buffer: SSAValue, axis: int) -> bool:
    """Whether a value is how long a buffer is in a dimension."""
    owner = buffer.owner
    if not isinstance(owner, memref.AllocOp | memref.AllocaOp):
        return False
    shape = cast("MemRefType", buffer.type).get_shape()
    if shape[axis] != DYNAMIC_INDEX:
        return constant_of(value) == shape[axis]
    dynamic = [k for k, extent in enumerate(shape) if extent == DYNAMIC_INDEX]
    return owner.dynamic_sizes[dynamic.index(axis)] is value


def _count_extent(loops: list[scf.ForOp], buffer: SSAValue, axis: int) -> bool:
    """Whether loops, one behind the other, count the indices of a dimension."""
    return constant_of(loops[0].lb) == 0 and _is_extent(loops[-1].ub, buffer, axis)


def _counted_at_once(loop: scf.ForOp) -> list[Subscript]:
    """The indices from an iteration of a loop to the next; none if not known."""
    step = constant_of(loop.step)
    few = step is not None and 0 < step <= _MOST_STORES
    counter = loop.body.block.args[0]
    return [(counter, number) for number in range(step if few and step else 1)]


def _was_just_stored(op: Operation, stores: list[memref.StoreOp]) -> bool:
    """Whether a load gets what an operation in front of it has stored."""
    if not isinstance(op, memref.LoadOp):
        return False
    enclosing = ancestors(op)
    for store in stores:
        block = store.parent
        holder = None if block is None else block.find_ancestor_op_in_block(op)
        if (
            holder is not None
            and holder in enclosing
            and store.is_before_in_block(holder)
            and store.memref is op.memref
            and all(a is b for a, b in zip(store.indices, op.indices, strict=True))
        ):
            return True
    return False
