"""Whether a copy can be spared without changing what is read, or how adjoints add up.

The reverse sweep adds the adjoint of each read to an element's shadow, the last read
first. Without the copy the reads of both buffers add to one shadow. That rounds as
before only if the shadow was zero where the copy's adjoint used to be added, or if one
single adjoint is added at the same place of the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.copies.copy_nests import (
    Access,
    Copy,
    accesses_of,
    is_own,
    is_plain,
    loops_within,
)
from tapeflow.analysis.copies.index_bounds import IndexBounds
from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.ir.operation_costs import is_function_of_operands
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.lifetimes import BufferLives

_OTHER_ORDER = "adjoints would add up in another order"
_LOST = "what would be left is lost earlier, and a tape would have to keep it"


@dataclass(frozen=True)
class KeptOrder:
    """What happens between a copy and those who use it."""

    buffers: Buffers
    lives: BufferLives
    bounds: IndexBounds
    keeps_adjoints: bool
    """Whether the program is differentiated later, and no bit of that may change."""
    is_called: bool
    """Whether other functions call this one."""
    _positions: dict[Block, dict[Operation, int]] = field(
        default_factory=dict[Block, dict[Operation, int]]
    )

    def position(self, op: Operation, block: Block) -> int:
        """Where in a block an operation is, or what holds it; -1 if it is outside."""
        if block not in self._positions:
            self._positions[block] = {op: k for k, op in enumerate(block.ops)}
        holder = block.find_ancestor_op_in_block(op)
        return -1 if holder is None else self._positions[block][holder]

    def forget_positions(self) -> None:
        """What has to be called when the program has changed."""
        self._positions.clear()

    def problem_of_readers(
        self, copy: Copy, readers: Sequence[memref.LoadOp], block: Block
    ) -> str | None:
        """Why readers of the target may not read the origin; None if they may."""
        begin = self.position(copy.store, block)
        ends = [self.position(reader, block) for reader in readers]
        if min(ends) <= begin:
            return "what it writes is read in front of it"
        span = range(begin, max(ends) + 1)
        stores = [
            op for op in accesses_of(copy.target) if isinstance(op, memref.StoreOp)
        ]
        if any(self._is_in(op, span, block) for op in stores if op is not copy.store):
            return "what it writes is written again before it is read"
        origin = self.buffers.of(copy.origin)
        if any(
            self._is_in(op, span, block)
            for op in (
                *self.buffers.writes.get(origin, ()),
                *self.lives.deallocations(copy.origin),
            )
        ):
            return "what it reads changes before the copy is read"
        if not self.keeps_adjoints or not _is_float(copy.target):
            return None
        if not self._lives_as_long(copy, block):
            return _LOST
        return self._problem_of_adjoints(copy, readers, block)

    def problem_of_producers(
        self, copy: Copy, producer: Operation, others: Sequence[Access], block: Block
    ) -> tuple[str | None, tuple[Operation, ...]]:
        """Why producers of the origin may not write the target, None if they may; and
        the fills of the target that have to move in front of them."""
        begin, end = (self.position(op, block) for op in (producer, copy.store))
        after = [op for op in others if self.position(op, block) > end]
        if any(isinstance(op, memref.StoreOp) for op in after):
            return "what it reads is written again behind it", ()
        home = copy.target.owner
        if isinstance(home, Operation) and self.position(home, block) > begin:
            return (
                "what it writes is allocated behind those who write what it reads",
                (),
            )
        span, fills = range(begin, end + 1), set[Operation]()
        for op in accesses_of(copy.target):
            if op is copy.store:
                continue
            where = self.position(op, block)
            holder = block.find_ancestor_op_in_block(op)
            if where in span:
                moved = None
                if where != end and holder is not None:
                    moved = self._moved(holder, copy.target, block, begin)
                if moved is None:
                    return "what it writes is used in front of it", ()
                fills |= moved
            elif after and where > end and isinstance(op, memref.StoreOp):
                return "what it writes is written again while what it reads lives", ()
        if self.keeps_adjoints and _is_float(copy.target):
            if _dies_first(copy.target, copy.origin):
                return _LOST, ()
            if after:
                return _OTHER_ORDER, ()
        in_order = sorted(fills, key=lambda op: self.position(op, block))
        return None, tuple(in_order)

    def _problem_of_adjoints(
        self, copy: Copy, readers: Sequence[memref.LoadOp], block: Block
    ) -> str | None:
        if not self._has_own_shadow(copy.origin):
            return _OTHER_ORDER
        begin = self.position(copy.store, block)
        reads = [op for op in accesses_of(copy.origin) if isinstance(op, memref.LoadOp)]
        others = [op for op in reads if op is not copy.load]
        are_before = all(-1 < self.position(op, block) < begin for op in others)
        if are_before and self._is_fresh(copy, reads, block):
            return None
        (reader, *more) = readers
        span = range(begin, self.position(reader, block) + 1)
        is_alone = not more and self._reads_once(reader, block)
        if is_alone and not any(self._is_in(op, span, block) for op in others):
            return None
        return _OTHER_ORDER

    def _has_own_shadow(self, buffer: SSAValue) -> bool:
        """Whether adjoints of a buffer come from its reads in this function alone.

        Those of what it writes may begin with a seed, those of what a caller gives with
        what other calls have added, and those of a view are its buffer's.
        """
        if is_own(buffer):
            return True
        is_argument = isinstance(buffer, BlockArgument) and isinstance(
            buffer.block.parent_op(), FuncOp
        )
        is_only_read = not self.buffers.written(buffer) and is_plain(buffer)
        return is_argument and is_only_read and not self.is_called

    def _lives_as_long(self, copy: Copy, block: Block) -> bool:
        """Whether the origin is there for a reverse sweep wherever the target is."""
        if _dies_first(copy.origin, copy.target):
            return False
        begin = self.position(copy.store, block)
        writes = self.buffers.writes.get(self.buffers.of(copy.origin), ())
        return all(-1 < self.position(op, block) < begin for op in writes)

    def _is_fresh(
        self, copy: Copy, reads: Sequence[memref.LoadOp], block: Block
    ) -> bool:
        """Whether other iterations of loops around the block read other elements."""
        forms = self.bounds.forms
        home = copy.origin.owner
        inside: Operation | None = block.parent_op()
        while inside is not None and not isinstance(inside, FuncOp):
            if isinstance(home, Operation) and inside.is_ancestor(home):
                return True
            if not isinstance(inside, scf.ForOp):
                return False
            counter = forms.form(inside.body.block.args[0])
            if not any(
                all(forms.form(read.indices[axis]) == counter for read in reads)
                for axis in range(len(copy.load.indices))
            ):
                return False
            inside = inside.parent_op()
        return True

    def _reads_once(self, reader: memref.LoadOp, block: Block) -> bool:
        """Whether a load reads no element twice while its block runs once."""
        forms = self.bounds.forms
        loops = loops_within(block, reader)
        left = {forms.atom(loop.body.block.args[0]) for loop in loops or ()}
        for value in reader.indices:
            form = forms.form(value)
            used = [atom for atom in left if atom in forms.atoms.parts(form)]
            if len(used) == 1 and self.bounds.slope(form, used[0]) == poly.ONE:
                left.discard(used[0])
        return loops is not None and not left

    def _is_in(self, op: Operation, span: range, block: Block) -> bool:
        return self.position(op, block) in span

    def _ends_of(self, buffer: SSAValue) -> list[Operation]:
        return [
            use.operation
            for name in (buffer, self.buffers.of(buffer))
            for use in name.uses
            if isinstance(use.operation, memref.DeallocOp)
        ]

    def _moved(
        self, fill: Operation, target: SSAValue, block: Block, before: int
    ) -> set[Operation] | None:
        """What has to move with an operation to a place in front; None if it cannot.

        It can if all it does is to store to `target` what is known there; how to
        compute that moves, too.
        """
        moved = {fill}
        for inner in fill.walk():
            if isinstance(inner, memref.StoreOp) and inner.memref is not target:
                return None
            kinds = (scf.ForOp, scf.YieldOp, memref.StoreOp)
            if not isinstance(inner, kinds) and not is_function_of_operands(inner):
                return None
            if isinstance(inner, scf.ForOp) and inner.iter_args:
                return None
            for value in inner.operands:
                home = value.owner
                at = home if isinstance(home, Operation) else home.parent_op()
                if at is None or fill.is_ancestor(at):
                    continue
                if self.position(at, block) < before:
                    continue
                if at.parent is not block or not is_function_of_operands(at):
                    return None
                also = self._moved(at, target, block, before)
                if also is None:
                    return None
                moved |= also
        return moved


def _dies_first(one: SSAValue, other: SSAValue) -> bool:
    """Whether a buffer may be gone while another one is still there."""
    home, other_home = one.owner, other.owner
    if not isinstance(home, Operation) or not isinstance(other_home, Operation):
        return False
    block = home.parent
    return block is None or block.find_ancestor_op_in_block(other_home) is None


def _is_float(buffer: SSAValue) -> bool:
    kind = cast("MemRefType[Attribute]", buffer.type)
    return isinstance(kind.element_type, AnyFloat)
