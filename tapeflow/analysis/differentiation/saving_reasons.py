"""Why a value is saved, and what else could be done, in words."""

from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.differentiation.recall_plan import RecallPlan
from tapeflow.analysis.differentiation.recall_prices import RecallPrices
from tapeflow.analysis.differentiation.recall_ways import Recall, Way
from tapeflow.analysis.ir.control_flow import BRANCHES, LOOPS
from tapeflow.analysis.memory.aliasing import Buffers


@dataclass(frozen=True)
class SavingReason:
    """Why one value goes on the tape."""

    reason: str
    alternative: str | None
    """What else could be done; None if nothing can."""
    price: float | None
    """What that costs an entry, in additions."""


@dataclass(frozen=True)
class SavingReasons:
    """Explains the saved values of a plan."""

    plan: RecallPlan
    prices: RecallPrices
    buffers: Buffers

    def of(self, value: SSAValue) -> SavingReason:
        """The reason for one saved value."""
        way = self.plan.unused.get(value)
        restored = self._restored(value)
        if way is None:
            return SavingReason(restored or self._necessity(value), None, None)
        price = self._price(value, way)
        reason = "cheaper to save than to get back"
        return SavingReason(restored or reason, _described(value, way), price)

    def _restored(self, value: SSAValue) -> str | None:
        """Of what a store overwrites: which one."""
        for store, old in self.plan.overwritten.items():
            if old is value:
                name = _name(store.memref)
                return f"{name} is overwritten{_line(store)} and read again in reverse"
        return None

    def _necessity(self, value: SSAValue) -> str:
        if isinstance(value, BlockArgument):
            return f"carried by the loop{_line(value.block.parent_op())}"
        assert isinstance(value, OpResult)
        op = value.op
        if isinstance(op, memref.LoadOp):
            writes = self.buffers.writes.get(self.buffers.of(op.memref), ())
            order = self.buffers.order
            later = [w for w in writes if order[w] > order.get(op, -1)] or writes
            where = _line(later[0]) if later else ""
            return f"{_name(op.memref)} is overwritten{where} before the reverse"
        if type(op) in LOOPS:
            return f"the result of the loop{_line(op)}"
        if type(op) in BRANCHES:
            return f"the result of the branch{_line(op)}"
        return "cannot be repeated in the reverse"

    def _price(self, value: SSAValue, way: Way) -> float:
        """The way's own price and that of all that it needs besides."""
        price, seen, work = 0.0, set[SSAValue](), [(value, way)]
        while work:
            value, way = work.pop()
            if value in seen:
                continue
            seen.add(value)
            price += self.prices.operations(value, way)
            for operand in way.operands:
                other = self.plan.unused.get(operand)
                if other is not None and operand not in self.plan.recalls:
                    work.append((operand, other))
        return price


def _described(value: SSAValue, way: Way) -> str:
    match way.recall:
        case Recall.RELOAD:
            restored = " after undoing its writes" if way.undo is not None else ""
            access = way.op
            assert isinstance(access, memref.LoadOp | memref.StoreOp)
            return f"load it again from {_name(access.memref)}{restored}"
        case Recall.COUNT | Recall.CHOOSE:
            return "tell it from the loop's index"
        case _:
            operation = way.op.name.rpartition(".")[2]
            names = ", ".join(map(_name, way.operands))
            of = f" of {names}" if names else ""
            return f"compute {operation}{of} again{_line(way.op)}"


def _name(value: SSAValue) -> str:
    return f"%{value.name_hint}" if value.name_hint else "a value without name"


def _line(op: Operation | None) -> str:
    """Where an operation stands, as the end of a phrase."""
    if op is not None and isinstance(op.location, FileLineColLoc):
        return f" in line {op.location.line.data}"
    return ""
