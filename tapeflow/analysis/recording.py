"""What the reverse sweep needs of the forward sweep, and how it gets each value.

Only primal values that a derivative rule, an address or a bound really reads are
needed (the to-be-recorded analysis of Griewank & Walther, section 6.2). A needed value
is at hand, or it is saved on the tape, or it is computed again from values that are
then needed in turn.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from xdsl.dialects import arith, func, memref, scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike, Pure

from tapeflow.analysis.activity import Activity
from tapeflow.analysis.buffers import VIEWS, is_memref
from tapeflow.analysis.recording_cut import Candidate, cheapest_recomputed
from tapeflow.analysis.tape_policy import TapePolicy
from tapeflow.dialects.ad import is_float


class Recall(Enum):
    """How the reverse sweep gets a primal value."""

    AVAILABLE = auto()
    """Defined in a scope, whose reverse follows in the same block."""
    INDUCTION = auto()
    """A loop's induction variable, which the reverse loop counts anyway."""
    RECOMPUTE = auto()
    """The operation that defines it, once more."""
    RELOAD = auto()
    """A load from memory that nothing has written since."""
    SAVE = auto()
    """Pushed in the forward sweep, popped in the reverse sweep."""


AT_HAND = (Recall.AVAILABLE, Recall.INDUCTION)
AGAIN = (Recall.RECOMPUTE, Recall.RELOAD)

_CHEAP_FLOAT = (
    arith.SIToFPOp,
    arith.UIToFPOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.NegfOp,
)


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
    """Values not at hand, in program order, by their defining block."""

    @property
    def saved(self) -> tuple[SSAValue, ...]:
        """The values that go on the tape."""
        return tuple(
            value
            for values in self.needed.values()
            for value in values
            if self.recalls[value] is Recall.SAVE
        )


def find_recording(
    function: func.FuncOp,
    activity: Activity,
    reads: Callable[[Operation], Iterator[SSAValue]],
    scopes: Collection[Block],
    policy: TapePolicy,
) -> Recording:
    """Decide how each needed value is recalled.

    Args:
        reads: the primal values that the reverse of an operation reads.
        scopes: the blocks whose reverse follows in the same block.
    """
    possible = _possible_recalls(function, activity, scopes)
    wanted = [value for op in function.walk() for value in reads(op)]
    recalls = _choose(possible, wanted, policy)
    needed: set[SSAValue] = set()
    work = wanted
    while work:
        value = work.pop()
        if value in needed or recalls[value] is Recall.AVAILABLE:
            continue
        needed.add(value)
        if recalls[value] in AGAIN:
            work.extend(_operands(value))
    return Recording(recalls, _by_block(function, needed))


def _operands(value: SSAValue) -> tuple[SSAValue, ...]:
    assert isinstance(value, OpResult)
    return tuple(value.op.operands)


def _possible_recalls(
    function: func.FuncOp, activity: Activity, scopes: Collection[Block]
) -> dict[SSAValue, Recall]:
    """For each value the best that is possible, whatever its operands need."""
    recalls: dict[SSAValue, Recall] = {}
    scope_of = {function.body.block: function.body.block}
    for op in function.walk():
        for region in op.regions:
            for block in region.blocks:
                scope = block if block in scopes else scope_of[_block_of(op)]
                scope_of[block] = scope
                given = Recall.AVAILABLE if block is scope else Recall.SAVE
                recalls.update(dict.fromkeys(block.args, given))
                if isinstance(op, scf.ForOp) and block is not scope:
                    recalls[block.args[0]] = Recall.INDUCTION
        if op is not function:
            scope = scope_of[_block_of(op)]
            at_hand = op.parent is scope
            recall = Recall.AVAILABLE if at_hand else _again(op, activity, scope)
            recalls.update(dict.fromkeys(op.results, recall))
    return recalls


def _block_of(op: Operation) -> Block:
    assert op.parent is not None
    return op.parent


def _again(op: Operation, activity: Activity, scope: Block) -> Recall:
    if op.has_trait(ConstantLike) or op.has_trait(Pure):
        return Recall.RECOMPUTE
    if isinstance(op, (memref.DimOp, memref.GetGlobalOp, *VIEWS)):
        return Recall.RECOMPUTE
    if isinstance(op, memref.LoadOp) and activity.buffers.unchanged_after(op, scope):
        return Recall.RELOAD
    return Recall.SAVE


def _choose(
    possible: dict[SSAValue, Recall], wanted: list[SSAValue], policy: TapePolicy
) -> dict[SSAValue, Recall]:
    """Turn possible recalls into chosen ones: save where that is better."""
    chosen = dict(possible)
    if policy.name == "min-cut":
        candidates = _candidates(possible, wanted)
        again = cheapest_recomputed(candidates, wanted, policy)
    else:
        again = _computable(possible, cheap_only=policy.name == "save-all")
    for value, recall in possible.items():
        if recall in AGAIN and value not in again:
            chosen[value] = Recall.SAVE
    return chosen


def _candidates(
    possible: dict[SSAValue, Recall], wanted: list[SSAValue]
) -> list[Candidate]:
    """The values that may have to be saved or computed again, with their operands."""
    seen: set[SSAValue] = set()
    candidates: list[Candidate] = []
    work = list(wanted)
    while work:
        value = work.pop()
        if value in seen or possible[value] in AT_HAND:
            continue
        seen.add(value)
        if possible[value] is Recall.SAVE:
            candidates.append(Candidate(value, None))
            continue
        operands = tuple(v for v in _operands(value) if possible[v] not in AT_HAND)
        candidates.append(Candidate(value, operands))
        work.extend(operands)
    return candidates


def _computable(possible: dict[SSAValue, Recall], *, cheap_only: bool) -> set[SSAValue]:
    """Values computed again: all that can be, or those that need no tape for it."""
    again: set[SSAValue] = set()
    for value, recall in possible.items():
        if recall not in AGAIN:
            continue
        free = all(v in again or possible[v] in AT_HAND for v in _operands(value))
        memory = [v for v in _operands(value) if is_memref(v)]
        reachable = all(v in again or possible[v] in AT_HAND for v in memory)
        if (free and _is_cheap(value, recall)) or (not cheap_only and reachable):
            again.add(value)
    return again


def _is_cheap(value: SSAValue, recall: Recall) -> bool:
    if recall is Recall.RELOAD:
        return True
    assert isinstance(value, OpResult)
    if value.op.has_trait(ConstantLike) or isinstance(value.op, _CHEAP_FLOAT):
        return True
    return not any(is_float(result.type) for result in value.op.results)


def _by_block(
    function: func.FuncOp, needed: set[SSAValue]
) -> dict[Block, tuple[SSAValue, ...]]:
    by_block: dict[Block, tuple[SSAValue, ...]] = {}
    for op in function.walk():
        for region in op.regions:
            for block in region.blocks:
                defined: list[SSAValue] = [
                    *block.args,
                    *(result for inner in block.ops for result in inner.results),
                ]
                if wanted := tuple(value for value in defined if value in needed):
                    by_block[block] = wanted
    return by_block
