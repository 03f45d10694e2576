"""What serves the tape alone: the arithmetic of its places, loops that move records.

An operation is needed if a result, an effect or a branch of the program depends on it.
Both answers come from the same backward slice, once over the whole function and once
over the function without its tape: there the accesses themselves are left out and what
is stored stays needed, but not where it is stored. What only the first one needs, such
as the increments of a stack pointer, serves the tape.
"""

from collections.abc import Sequence

from xdsl.dialects import arith, math, memref
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.traits import IsTerminator, MemoryEffectKind, get_effects

from tapeflow.analysis.ir.control_flow import STRUCTURED, decided_by, sources_of
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.effects import regions_blocks
from tapeflow.dialects.tape import StoreOp
from tapeflow.dialects.tape_attributes import (
    TAPE_MOVED,
    belongs_to_access,
    is_tape_access,
)


def serves_tape(function: FuncOp) -> list[Operation]:
    """The operations needed only for the places of a tape behind the cache, in order.

    Accesses to the tape are among them, as are the conversions of stored booleans. An
    `scf.for` stands for its own increments and comparisons.
    """
    with_tape = _Slice(function, has_tape=True).needed
    without = _Slice(function, has_tape=False).needed
    return [
        op for op in operations_in(function) if op in with_tape and op not in without
    ]


_PURE = (arith.Arith.name, math.Math.name)
"""Dialects without effects, some of whose operations do not say so."""


class _Slice:
    """Operations and values that a function needs, found backwards from effects."""

    def __init__(self, function: FuncOp, has_tape: bool):
        self.needed: set[Operation] = set()
        self._values: set[SSAValue] = set()
        self._pending: list[SSAValue] = []
        self._function = function
        self._has_tape = has_tape
        for op in operations_in(function):
            self._begin_at(op)
        while self._pending:
            self._follow(self._pending.pop())

    def _begin_at(self, op: Operation) -> None:
        if self._has_tape or not belongs_to_access(op):
            if _has_effect(op):
                self._run(op)
        elif isinstance(op, memref.StoreOp | StoreOp) and not _moves(op):
            self._need(op.operands[:1])

    def _need(self, values: Sequence[SSAValue]) -> None:
        for value in values:
            if value not in self._values:
                self._values.add(value)
                self._pending.append(value)

    def _run(self, op: Operation) -> None:
        """The op runs: so do those around it, and all decide on what they need."""
        if op in self.needed or op is self._function:
            return
        self.needed.add(op)
        if type(op) in STRUCTURED:
            self._need(decided_by(op))
        else:
            ends = (block.last_op for block in regions_blocks(op))
            for each in (op, *ends):
                self._need(() if each is None else each.operands)
        parent = op.parent_op()
        if parent is not None:
            self._run(parent)

    def _follow(self, value: SSAValue) -> None:
        """Need what a needed value comes from."""
        if isinstance(value, BlockArgument):
            op = value.block.parent_op()
            if op is not None and op is not self._function:
                self._run(op)
                self._need(sources_of(value))
            return
        op = value.owner
        assert isinstance(op, Operation)
        if not self._has_tape and belongs_to_access(op):
            if not is_tape_access(op):
                self._need(op.operands)
            return
        self._run(op)
        self._need(sources_of(value))


def _moves(op: Operation) -> bool:
    """Whether an op moves a record to larger memory."""
    return TAPE_MOVED in op.attributes


def _has_effect(op: Operation) -> bool:
    """Whether an op does more than to give results."""
    if isinstance(op, ReturnOp):
        return True
    if op.regions or op.has_trait(IsTerminator) or op.dialect_name() in _PURE:
        return False
    effects = get_effects(op)
    return effects is None or any(e.kind == MemoryEffectKind.WRITE for e in effects)
