"""Loads, stores and divisions that run only where a loop does: elsewhere they may fail.

%v = scf.if %runs -> (f64) {
  %w = memref.load %x[%i] : memref<?xf64>
  scf.yield %w : f64
} else {
  scf.yield %zero : f64
}
"""

from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.scheduling.invariants import Places
from tapeflow.analysis.scheduling.trips import surely_runs


@dataclass(eq=False)
class Guarded:
    """An operation in a block, or in a branch of its own in it."""

    op: Operation
    """A load, a store, or something else of one result."""
    condition: SSAValue | None = None
    """Where it is false, the operation does not run."""
    keeps: bool = False
    """Whether what a store that does not run would write is what the load of the same
    condition in front of it gave."""

    @property
    def holder(self) -> Operation:
        """What stands in the block for the operation."""
        parent = self.op.parent_op()
        return self.op if self.condition is None or parent is None else parent

    def is_invariant(self, body: Block) -> bool:
        """Whether all that it needs but a stored value is known in front of a block."""
        is_store = isinstance(self.op, memref.StoreOp)
        operands = [*self.op.operands[1 if is_store else 0 :]]
        if self.condition is not None:
            operands.append(self.condition)
        return not any(is_defined_in(value, body) for value in operands)

    def replace(self, value: SSAValue) -> None:
        """Let a value stand for the result, and erase the operation."""
        result = self.holder.results[0]
        _take_name(value, result)
        result.replace_all_uses_with(value)
        self.erase()

    def erase(self) -> None:
        """Erase the operation with its branch."""
        Rewriter.erase_op(self.holder)

    def detach(self) -> None:
        """Take the operation out of the block, and erase its branch."""
        holder = self.holder
        self.op.detach()
        if holder is not self.op:
            Rewriter.erase_op(holder)


class Conditions:
    """Truth values on which operations run, each once where it is known first."""

    def __init__(self, places: Places):
        self._places = places
        self._known: dict[tuple[object, ...], SSAValue] = {}

    def both(self, loop: scf.ForOp, condition: SSAValue | None) -> SSAValue | None:
        """Where a loop runs, and another condition is true; None: always."""
        if surely_runs(loop):
            return condition
        runs = self._result(arith.CmpiOp(loop.lb, loop.ub, "slt"), "runs", loop)
        if condition is None or condition is runs:
            return runs
        return self._result(arith.AndIOp(runs, condition), "both_run", loop)

    def _result(self, op: Operation, name: str, loop: Operation) -> SSAValue:
        """What a new operation gives, in front of a loop or further out."""
        before = self._places.outermost(op)
        if before is None:
            before = loop
            self._places.define(op.results)
        # Loops are left in program order, so what is in the block is in front of this.
        key = (type(op), *op.operands, before.parent)
        if key in self._known:
            op.erase()
            return self._known[key]
        op.results[0].name_hint = name
        op.location = loop.location
        Rewriter.insert_op(op, InsertPoint.before(before))
        self._known[key] = op.results[0]
        return op.results[0]


def place_result(
    guarded: Guarded,
    condition: SSAValue | None,
    otherwise: SSAValue,
    before: Operation,
) -> Guarded:
    """Move an operation with a result, and all uses of it, in front of another one.

    Args:
        condition: where it is false, `otherwise` is the result.
    """
    op, value = guarded.op, guarded.holder.results[0]
    new = op
    if condition is not None:
        nothing = Block([scf.YieldOp(otherwise)])
        new = scf.IfOp(condition, [value.type], Region(Block()), Region(nothing))
        new.location = op.location
    if new.results[0] is not value:
        _take_name(new.results[0], value)
        value.replace_all_uses_with(new.results[0])
    guarded.detach()
    if isinstance(new, scf.IfOp):
        new.true_region.block.add_ops([op, scf.YieldOp(op.results[0])])
    Rewriter.insert_op(new, InsertPoint.before(before))
    return Guarded(op, condition)


def place_store(
    store: Operation, condition: SSAValue | None, behind: Operation
) -> Guarded:
    """Put a store that stands nowhere behind an operation, under a condition."""
    new = store
    if condition is not None:
        new = scf.IfOp(condition, [], Region(Block([store, scf.YieldOp()])))
        new.location = store.location
    Rewriter.insert_op(new, InsertPoint.after(behind))
    return Guarded(store, condition)


def is_defined_in(value: SSAValue, body: Block) -> bool:
    """Whether a value is an argument of a block or the result of an operation in it."""
    owner = value.owner
    return owner is body or (isinstance(owner, Operation) and owner.parent is body)


def _take_name(value: SSAValue, old: SSAValue) -> None:
    value.name_hint = value.name_hint or old.name_hint
