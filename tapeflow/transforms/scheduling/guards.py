"""Loads and stores that run only where a loop does, and the conditions for that.

%v = scf.if %runs -> (f64) {
  %w = memref.load %x[%i] : memref<?xf64>
  scf.yield %w : f64
} else {
  scf.yield %zero : f64
}
"""

from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.scheduling.locations import Access, Location, location_of


@dataclass(eq=False)
class GuardedAccess:
    """A load or store in a block, or in a branch of its own in it."""

    op: Access
    condition: SSAValue | None = None
    """Where it is false, the access does not run."""
    keeps: bool = False
    """Whether what a store that does not run would write is what the load of the same
    condition in front of it gave."""

    @property
    def location(self) -> Location:
        """The element that is accessed."""
        return location_of(self.op)

    @property
    def holder(self) -> Operation:
        """What stands in the block for the access."""
        parent = self.op.parent_op()
        return self.op if self.condition is None or parent is None else parent

    def is_invariant(self, body: Block) -> bool:
        """Whether all that it needs but a stored value is known in front of a block."""
        operands = [self.op.memref, *self.op.indices]
        if self.condition is not None:
            operands.append(self.condition)
        return not any(is_defined_in(value, body) for value in operands)

    def replace(self, value: SSAValue) -> None:
        """Let a value stand for what a load gives, and erase the load."""
        result = self.holder.results[0]
        _take_name(value, result)
        result.replace_all_uses_with(value)
        self.erase()

    def erase(self) -> None:
        """Erase the access with its branch."""
        Rewriter.erase_op(self.holder)

    def detach(self) -> None:
        """Take the access out of the block, and erase its branch."""
        holder = self.holder
        self.op.detach()
        if holder is not self.op:
            Rewriter.erase_op(holder)


def place_load(
    access: GuardedAccess,
    condition: SSAValue | None,
    otherwise: SSAValue,
    before: Operation,
) -> GuardedAccess:
    """Move a load, with all uses of its value, in front of an operation.

    Args:
        condition: where it is false, `otherwise` is the value.
    """
    load, value = access.op, access.holder.results[0]
    new: Operation = load
    if condition is not None:
        no_load = Block([scf.YieldOp(otherwise)])
        new = scf.IfOp(condition, [value.type], Region(Block()), Region(no_load))
        new.location = load.location
    if new.results[0] is not value:
        _take_name(new.results[0], value)
        value.replace_all_uses_with(new.results[0])
    access.detach()
    if isinstance(new, scf.IfOp):
        new.true_region.block.add_ops([load, scf.YieldOp(load.results[0])])
    Rewriter.insert_op(new, InsertPoint.before(before))
    return GuardedAccess(load, condition)


def place_store(
    store: Access, condition: SSAValue | None, behind: Operation
) -> GuardedAccess:
    """Put a store that stands nowhere behind an operation, under a condition."""
    new: Operation = store
    if condition is not None:
        new = scf.IfOp(condition, [], Region(Block([store, scf.YieldOp()])))
        new.location = store.location
    Rewriter.insert_op(new, InsertPoint.after(behind))
    return GuardedAccess(store, condition)


def is_defined_in(value: SSAValue, body: Block) -> bool:
    """Whether a value is an argument of a block or the result of an operation in it."""
    owner = value.owner
    return owner is body or (isinstance(owner, Operation) and owner.parent is body)


def _take_name(value: SSAValue, old: SSAValue) -> None:
    value.name_hint = value.name_hint or old.name_hint
