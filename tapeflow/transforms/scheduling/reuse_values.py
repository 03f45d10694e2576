"""Use what is computed, loaded or stored already, and drop stores that nobody reads.

    memref.store %a, %x[%i]         ==>
    %b = memref.load %x[%i]
    %c = arith.addf %b, %d                %c = arith.addf %a, %d
    memref.store %c, %x[%i]               memref.store %c, %x[%i]

What is known in a block is known in the blocks inside its operations, too: a value for
good, an element until something may write it.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.analysis.ir.control_flow import BRANCHES
from tapeflow.analysis.ir.operation_costs import PRICES, is_function_of_operands
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.invariants import may_run_anywhere
from tapeflow.analysis.scheduling.locations import (
    MOST_COMPARED,
    Location,
    is_plain,
    location_of,
)
from tapeflow.analysis.scheduling.touched import writes_by_operation
from tapeflow.transforms.building.rewriting import replace_by_values


def reuse_values(function: FuncOp, buffers: Buffers) -> None:
    """Rewrite a function in one walk, and erase what nothing needs any more.

    Loads that nobody needs stay: they may be out of bounds.
    """
    walk = _Walk(buffers)
    walk.blocks(function.body.blocks)
    for op in reversed([*operations_in(function)]):
        is_unused = all(result.first_use is None for result in op.results)
        if is_unused and may_run_anywhere(op):
            Rewriter.erase_op(op)


class _Walk:
    def __init__(self, buffers: Buffers):
        self._buffers = buffers
        self._writes = writes_by_operation(buffers)
        self._computed: dict[Hashable, Operation] = {}
        self._known: dict[SSAValue, dict[Location, SSAValue]] = defaultdict(dict)
        self._unread: dict[SSAValue, dict[Location, memref.StoreOp]] = {}
        self._undo: list[Callable[[], object]] = []
        """Steps back to what is known around the block, the last one first."""

    def blocks(self, blocks: Iterable[Block]) -> None:
        """Each by itself, with what is known in front of all of them."""
        several = tuple(blocks)
        for block in several:
            mark = len(self._undo)
            if len(several) > 1:
                self._forget(tuple(self._known))
            self._unread.clear()
            for op in tuple(block.ops):
                self._look_at(op)
            self._back_to(mark)
        self._unread.clear()

    def _look_at(self, op: Operation) -> None:
        match op:
            case _ if op.regions:
                self._enter(op)
            case _ if type(op) in PRICES and is_function_of_operands(op):
                self._compute(op)
            case memref.LoadOp() if is_plain(op):
                self._load(op)
            case memref.StoreOp():
                self._store(op)
            case _ if not is_side_effect_free(op):
                self._unread.clear()
                self._forget(self._writes.get(op, ()))
                if isinstance(op, memref.DeallocOp):
                    self._forget((self._buffers.of(op.memref),))
            case _:
                pass

    def _compute(self, op: Operation) -> None:
        what = _what(op)
        known = self._computed.setdefault(what, op)
        if known is op:
            self._undo.append(lambda: self._computed.pop(what))
        elif op.results:
            replace_by_values(op, known.results)

    def _load(self, op: memref.LoadOp) -> None:
        at = location_of(op)
        buffer = self._buffers.of(at.buffer)
        value = self._known[buffer].get(at)
        if value is not None:
            replace_by_values(op, (value,))
            return
        unread = self._unread.get(buffer, {})
        if len(unread) > MOST_COMPARED:
            unread.clear()
        for other in [o for o in unread if not at.is_apart(o, self._buffers)]:
            del unread[other]
        self._know(at, op.res)

    def _store(self, op: memref.StoreOp) -> None:
        at = location_of(op)
        buffer = self._buffers.of(at.buffer)
        known = self._known[buffer]
        for other in [*known]:
            if len(known) > MOST_COMPARED or not at.is_apart(other, self._buffers):
                self._know(other, None)
        if not is_plain(op):
            self._unread.pop(buffer, None)
            return
        unread = self._unread.setdefault(buffer, {})
        if at in unread:
            Rewriter.erase_op(unread[at])
        unread[at] = op
        self._know(at, op.value)

    def _enter(self, op: Operation) -> None:
        mark = len(self._undo)
        written = self._writes.get(op, ())
        if type(op) not in BRANCHES:
            self._forget(written)  # by an earlier iteration
        for region in op.regions:
            self.blocks(region.blocks)
        self._back_to(mark)
        self._forget(written)

    def _know(self, at: Location, value: SSAValue | None) -> None:
        known = self._known[self._buffers.of(at.buffer)]
        old = known.get(at)
        _put(known, at, value)
        self._undo.append(lambda: _put(known, at, old))

    def _forget(self, buffers: Iterable[SSAValue]) -> None:
        for buffer in buffers:
            for at in [*self._known.get(buffer, ())]:
                self._know(at, None)

    def _back_to(self, mark: int) -> None:
        while len(self._undo) > mark:
            self._undo.pop()()


def _what(op: Operation) -> Hashable:
    """Equal for operations without regions that compute the same."""
    parts = type(op), tuple(op.operands), op.result_types
    if not op.attributes and not op.properties:
        return parts
    said = (frozenset(each.items()) for each in (op.attributes, op.properties))
    return *parts, *said


def _put(known: dict[Location, SSAValue], at: Location, value: SSAValue | None) -> None:
    if value is None:
        known.pop(at, None)
    else:
        known[at] = value
