"""The ways in which the reverse sweep can get a primal value back without tape.

The reverse of a block begins with memory as the block has left it. Where the writes of
a buffer are undone, the reverse of each operation finds the buffer as the operation has
left it. So what a load has read can be read again from the moment at which the next
write behind it is undone; what needs the value earlier in the reverse sweep, because it
stands behind that write, needs it saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from xdsl.dialects import memref, scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike, Pure

from tapeflow.analysis.differentiation.running_values import counter_of
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.differentiation.value_restoration import Undo, next_write
from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS, operation_cost
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.analysis.memory.views import VIEWS
from tapeflow.dialects.ad import is_float


class Recall(Enum):
    """How the reverse sweep gets a primal value."""

    AVAILABLE = auto()
    """Defined in a scope, whose reverse follows in the same block."""
    INDUCTION = auto()
    """A loop's induction variable, which the reverse loop counts anyway."""
    CARRIED = auto()
    """A buffer that a loop swaps with others, and its reverse swaps back."""
    RECOMPUTE = auto()
    """The operation that defines it, once more."""
    RELOAD = auto()
    """A load from where it was loaded from or stored to."""
    COUNT = auto()
    """A carried integer, from the loop's index."""
    CHOOSE = auto()
    """Which side a running extremum took, from the loop's index."""
    SAVE = auto()
    """Pushed in the forward sweep, popped in the reverse sweep."""


AT_HAND = (Recall.AVAILABLE, Recall.INDUCTION, Recall.CARRIED)
AGAIN = (Recall.RECOMPUTE, Recall.RELOAD, Recall.COUNT, Recall.CHOOSE)
_CHEAP = 2.0
"""Costs that are not worth undoing writes for."""


def owner_block(value: SSAValue) -> Block:
    """The block in which a value is defined."""
    if isinstance(value, BlockArgument):
        return value.block
    assert isinstance(value, OpResult)
    block = value.op.parent
    assert block is not None
    return block


@dataclass(frozen=True)
class Way:
    """How to get a value back at run time."""

    recall: Recall
    op: Operation
    """The operation to repeat; of a stored value, the store; else the loop."""
    operands: tuple[SSAValue, ...]
    """What that needs."""
    undo: SSAValue | None = None
    """The buffer whose writes have to be undone for it, by representative."""
    due: Operation | None = None
    """The write behind the value, in its block, that must have been undone."""
    is_kept: bool = False
    """Of a choice: whether it is true in all iterations but the last to change."""


@dataclass(frozen=True)
class Choice:
    """What a loop knows of a running extremum: which iteration changed it last."""

    body: Block
    """The loop's body: the loop itself may be replaced."""
    result: int
    """The number of the result that is the index of that iteration."""
    is_kept: bool
    """Whether the choice is true in the other iterations."""


@dataclass(frozen=True)
class RecallWays:
    """Finds the best way back for each value, whatever its operands need."""

    buffers: Buffers
    scopes: Scopes
    undoable: Mapping[SSAValue, Undo]
    order: ProgramOrder
    later: LaterWrites
    choices: Mapping[SSAValue, Choice]

    def at_hand(self, value: SSAValue) -> Recall | None:
        """How a value is at hand; None if it is not."""
        block = owner_block(value)
        if block in self.scopes:
            return Recall.AVAILABLE
        if isinstance(value, BlockArgument):
            if is_memref(value) and self.buffers.of(value) in self.undoable:
                return Recall.CARRIED
            if value.index == 0 and isinstance(block.parent_op(), scf.ForOp):
                return Recall.INDUCTION
        return None

    def of(self, value: SSAValue) -> Way | None:
        """The way back of a value that is not at hand; None if there is none."""
        if value in self.choices:
            choice = self.choices[value]
            loop = choice.body.parent_op()
            assert isinstance(loop, scf.ForOp)
            last = loop.results[choice.result]
            operands = (choice.body.args[0], last)
            return Way(Recall.CHOOSE, loop, operands, is_kept=choice.is_kept)
        counter = counter_of(value)
        if counter is not None:
            loop = owner_block(value).parent_op()
            assert loop is not None
            operands = (counter.start, counter.index, counter.lower)
            return Way(Recall.COUNT, loop, operands)
        if isinstance(value, OpResult):
            op = value.op
            if isinstance(op, memref.LoadOp):
                return self._reload(op)
            if _is_repeatable(op):
                repeated = Way(Recall.RECOMPUTE, op, tuple(op.operands))
                if not is_float(value.type) or op.has_trait(ConstantLike):
                    return repeated
                stored = self._from_store(value)
                if stored is None or (
                    stored.undo is not None and operation_cost(op) <= _CHEAP
                ):
                    return repeated
                return stored
        return self._from_store(value)

    def _from_store(self, value: SSAValue) -> Way | None:
        """A way back from where a value is stored to right where it is computed."""
        if not is_float(value.type):
            return None
        for use in value.uses:
            store = use.operation
            if (
                isinstance(store, memref.StoreOp)
                and store.value is value
                and store.parent is owner_block(value)
                and all(
                    self._is_before(operand, value)
                    for operand in (store.memref, *store.indices)
                )
            ):
                way = self._reload(store)
                if way is not None:
                    return way
        return None

    def _is_before(self, one: SSAValue, other: SSAValue) -> bool:
        """Whether a value is at hand or defined before another."""
        order = self.order.of_value
        return self.at_hand(one) is not None or order[one] < order[other]

    def _reload(self, access: memref.LoadOp | memref.StoreOp) -> Way | None:
        if access not in self.buffers.order:
            return None  # Put in to save what a store overwrites.
        op, operands = access, (access.memref, *access.indices)
        if self.later.unchanged_after(access, self.scopes.around(access)):
            return Way(Recall.RELOAD, op, operands)
        buffer = self.buffers.of(access.memref)
        undo = self.undoable.get(buffer)
        if undo is None or not undo.restores(access, self.later):
            return None
        if self.scopes.around(access) is not self.scopes.entry:
            return None
        due = next_write(access, buffer, self.buffers)
        return Way(Recall.RELOAD, op, operands, buffer, due)


def _is_repeatable(op: Operation) -> bool:
    """Whether an operation gives the same again; divisions have not trapped before."""
    return (
        op.has_trait(ConstantLike)
        or op.has_trait(Pure)
        or isinstance(
            op, (memref.DimOp, memref.GetGlobalOp, *VIEWS, *INTEGER_DIVISIONS)
        )
    )
