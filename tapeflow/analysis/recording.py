"""What the reverse sweep needs of the forward sweep, and how it gets each value.

Only primal values that a derivative rule, an address or a bound really reads are
needed (the to-be-recorded analysis of Griewank & Walther, section 6.2). Of these only
the ones that cannot be had again for little are saved on the tape.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from xdsl.dialects import arith, func, memref, scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike, Pure

from tapeflow.analysis.activity import Activity
from tapeflow.analysis.buffers import VIEWS
from tapeflow.dialects.ad import is_float


class Recall(Enum):
    """How the reverse sweep gets a primal value."""

    AVAILABLE = auto()
    """Defined in the function's entry block, which dominates the reverse sweep."""
    INDUCTION = auto()
    """A loop's induction variable, which the reverse loop counts anyway."""
    RECOMPUTE = auto()
    """One cheap operation on values that need no tape."""
    RELOAD = auto()
    """A load from memory that nothing has written since."""
    SAVE = auto()
    """Pushed in the forward sweep, popped in the reverse sweep."""


_CHEAP_FLOAT = (
    arith.SIToFPOp,
    arith.UIToFPOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.NegfOp,
)


def _is_cheap(op: Operation) -> bool:
    if isinstance(op, (memref.DimOp, memref.GetGlobalOp, *VIEWS, *_CHEAP_FLOAT)):
        return True
    return op.has_trait(Pure) and not any(is_float(r.type) for r in op.results)


def owner_block(value: SSAValue) -> Block:
    """The block in which a value is defined."""
    if isinstance(value, BlockArgument):
        return value.block
    assert isinstance(value, OpResult)
    block = value.op.parent
    assert block is not None
    return block


@dataclass(frozen=True)
class Recording:
    """Per value how it is recalled, and per block what the reverse sweep needs."""

    recalls: dict[SSAValue, Recall]
    needed: dict[Block, tuple[SSAValue, ...]]
    """Values not available as they are, in program order, by their defining block."""

    @property
    def saved(self) -> tuple[SSAValue, ...]:
        """The values that go on the tape."""
        return tuple(
            value
            for values in self.needed.values()
            for value in values
            if self.recalls[value] is Recall.SAVE
        )


def _recall_of_result(
    op: Operation, activity: Activity, recalls: dict[SSAValue, Recall]
) -> Recall:
    free = all(recalls[operand] is not Recall.SAVE for operand in op.operands)
    if op.has_trait(ConstantLike) or (_is_cheap(op) and free):
        return Recall.RECOMPUTE
    if (
        isinstance(op, memref.LoadOp)
        and free
        and activity.buffers.unchanged_after(op, op.memref)
    ):
        return Recall.RELOAD
    return Recall.SAVE


def _classify(function: func.FuncOp, activity: Activity) -> dict[SSAValue, Recall]:
    entry = function.body.block
    recalls: dict[SSAValue, Recall] = dict.fromkeys(entry.args, Recall.AVAILABLE)
    for op in function.walk():
        if op is function:
            continue
        if op.parent is entry:
            recall = Recall.AVAILABLE
        else:
            recall = _recall_of_result(op, activity, recalls)
        recalls.update(dict.fromkeys(op.results, recall))
        for region in op.regions:
            for block in region.blocks:
                recalls.update(dict.fromkeys(block.args, Recall.SAVE))
        if isinstance(op, scf.ForOp):
            recalls[op.body.block.args[0]] = Recall.INDUCTION
    return recalls


def find_recording(
    function: func.FuncOp,
    activity: Activity,
    reads: Callable[[Operation], Iterator[SSAValue]],
) -> Recording:
    """Decide how each needed value is recalled; linear in the function's size.

    Args:
        reads: the primal values that the reverse of an operation reads.
    """
    recalls = _classify(function, activity)
    needed: set[SSAValue] = set()
    work = [value for op in function.walk() for value in reads(op)]
    while work:
        value = work.pop()
        if value in needed or recalls[value] is Recall.AVAILABLE:
            continue
        needed.add(value)
        if recalls[value] in (Recall.RECOMPUTE, Recall.RELOAD):
            assert isinstance(value, OpResult)
            work += value.op.operands
    by_block: dict[Block, list[SSAValue]] = {}
    for block in _blocks(function):
        defined: list[SSAValue] = [
            *block.args,
            *(result for op in block.ops for result in op.results),
        ]
        if wanted := [value for value in defined if value in needed]:
            by_block[block] = wanted
    return Recording(recalls, {k: tuple(v) for k, v in by_block.items()})


def _blocks(function: func.FuncOp) -> Iterator[Block]:
    for op in function.walk():
        for region in op.regions:
            yield from region.blocks
