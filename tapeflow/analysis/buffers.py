"""Which memrefs may be the same memory, and whether it can be read again later.

A *buffer* is everything one allocation or argument may be called: views of it, and for
buffers swapped through loop-carried variables the whole orbit. Distinct arguments are
promised not to overlap (see docs/differentiation.md); that is a promise to the function
that a user runs, so those of a function that others call may be one buffer. What an
operation not known here makes of a buffer is taken to be the same memory, and to be
written unless the operation says that it does not write.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import IsTerminator, MemoryEffectKind, get_effects

from tapeflow.analysis.union_find import UnionFind
from tapeflow.analysis.views import may_overlap_itself

LOOPS = (scf.ForOp, scf.WhileOp, scf.ParallelOp)
"""Operations that run what they hold again and again."""


def is_memref(value: SSAValue) -> bool:
    """Whether a value is a buffer."""
    return isinstance(value.type, MemRefType)


def regions_blocks(op: Operation) -> Iterator[Block]:
    """The blocks directly inside an operation."""
    for region in op.regions:
        yield from region.blocks


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


def written_memrefs(op: Operation) -> tuple[SSAValue, ...]:
    """The memrefs an operation itself writes to."""
    match op:
        case memref.StoreOp():
            return (op.memref,)
        case memref.CopyOp():
            return (op.destination,)
        case memref.DeallocOp() if not isinstance(op.parent_op(), func.FuncOp):
            # What is freed inside a loop or branch cannot be read again.
            return (op.memref,)
        case memref.DeallocOp() | scf.ForOp() | scf.IfOp() | scf.WhileOp():
            return ()
        case _ if op.has_trait(IsTerminator):
            return ()
        case _:
            memrefs = tuple(filter(is_memref, op.operands))
            return memrefs if memrefs and _may_write(op) else ()


def _may_write(op: Operation) -> bool:
    effects = get_effects(op)
    return effects is None or any(
        effect.kind is MemoryEffectKind.WRITE for effect in effects
    )


def _same_memory(op: Operation) -> Iterator[tuple[SSAValue, SSAValue]]:
    """Pairs of values an operation makes names of one buffer."""
    match op:
        case scf.ForOp():
            terminator = op.body.block.last_op
            assert isinstance(terminator, scf.YieldOp)
            for arg, *others in zip(
                op.body.block.args[1:],
                op.iter_args,
                terminator.operands,
                op.results,
                strict=True,
            ):
                yield from ((arg, other) for other in others)
        case scf.IfOp() | scf.ExecuteRegionOp() | scf.IndexSwitchOp():
            for block in regions_blocks(op):
                if block.last_op is not None:
                    yield from zip(op.results, block.last_op.operands, strict=False)
        case scf.WhileOp():
            condition, after = op.before_region.block.last_op, op.after_region.block
            assert isinstance(condition, scf.ConditionOp)
            assert after.last_op is not None
            yield from zip(op.before_region.block.args, op.arguments, strict=True)
            yield from zip(
                op.before_region.block.args, after.last_op.operands, strict=True
            )
            yield from zip(after.args, condition.args, strict=True)
            yield from zip(op.results, condition.args, strict=True)
        case _:
            inner = [arg for block in regions_blocks(op) for arg in block.args]
            passed = [arg for block in op.successors for arg in block.args]
            for value in (*op.results, *inner, *passed):
                yield from ((value, operand) for operand in op.operands)


def called_functions(module: Operation) -> frozenset[str]:
    """The names of functions that others call, maybe with buffers that overlap."""
    return frozenset(
        op.callee.string_value() for op in module.walk() if isinstance(op, func.CallOp)
    )


def find_buffers(function: func.FuncOp, *, is_called: bool = False) -> Buffers:
    """Find the buffers of a function and who writes them; linear in its size.

    Args:
        is_called: whether other functions may call it with buffers that overlap.
    """
    classes = UnionFind()
    order: dict[Operation, int] = {}
    writers: list[tuple[SSAValue, Operation]] = []
    overlapping: list[SSAValue] = [*filter(may_overlap_itself, function.args)]
    globals_: dict[str, SSAValue] = {}
    given = [*filter(is_memref, function.args)] if is_called else []
    for argument in given:
        classes.union(given[0], argument)
    for position, op in enumerate(function.walk()):
        order[op] = position
        for one, other in _same_memory(op):
            if is_memref(one) and is_memref(other):
                classes.union(one, other)
        if isinstance(op, memref.GetGlobalOp):
            name = op.name_.string_value()
            classes.union(globals_.setdefault(name, op.memref), op.memref)
            if given:
                classes.union(given[0], op.memref)
        overlapping += filter(may_overlap_itself, filter(is_memref, op.results))
        writers += [(value, op) for value in written_memrefs(op)]
    writes: dict[SSAValue, list[Operation]] = {}
    for value, op in writers:
        writes.setdefault(classes.find(value), []).append(op)
    return Buffers(
        classes,
        {buffer: tuple(ops) for buffer, ops in writes.items()},
        {buffer: _around(ops, function) for buffer, ops in writes.items()},
        order,
        frozenset(map(classes.find, overlapping)),
    )


def _around(ops: Iterable[Operation], function: func.FuncOp) -> frozenset[Operation]:
    """The operations inside the function that hold any of these."""
    around: set[Operation] = set()
    for op in ops:
        holder = op.parent_op()
        while holder is not None and holder is not function and holder not in around:
            around.add(holder)
            holder = holder.parent_op()
    return frozenset(around)
