"""What it costs to save values or to get them back, in additions."""

from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.differentiation.minimum_cut import NEVER
from tapeflow.analysis.differentiation.policy import PolicyName, TapePolicy, own_policy
from tapeflow.analysis.differentiation.recall_ways import Recall, Way, owner_block
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.differentiation.value_restoration import Undo
from tapeflow.analysis.integers.estimates import Executions
from tapeflow.analysis.ir.operation_costs import operation_cost
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.record import field_bytes

_CHEAP_FLOAT = (
    arith.SIToFPOp,
    arith.UIToFPOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.NegfOp,
)
REUSED = 0.25
"""What a byte costs that a fused loop uses again in each iteration, of one that is
used once: it stays on chip."""
RELOADED = 0.5
"""What a byte read again costs, of one of tape, which is written and read."""
_PUSH_AND_POP = 2.0
"""What a tape entry costs besides its bytes."""
_FROM_INDEX = 2.0
"""What it costs to tell a value from a loop's index."""
_TINY = 1e-6
"""What an operation costs where only bytes count."""


@dataclass(frozen=True)
class RecallPrices:
    """Prices under a policy, and those that functions and loops ask for themselves."""

    policy: TapePolicy
    executions: Executions
    scopes: Scopes
    _names: dict[Operation, PolicyName] = field(
        default_factory=dict[Operation, PolicyName]
    )

    def saving(self, value: SSAValue) -> float:
        """The price of the bytes of a saved value."""
        try:
            size = field_bytes(value.type)
        except VerifyException:
            return NEVER
        block = owner_block(value)
        # What never runs is saved at no price, but not for nothing.
        runs = max(self._runs(block), 1e-9)
        return (_PUSH_AND_POP + size * self._rate(block)) * runs

    def _rate(self, block: Block) -> float:
        rate = self.policy.operations_per_byte
        return rate if self.scopes.of(block) is self.scopes.entry else rate * REUSED

    def again(self, value: SSAValue, way: Way) -> float:
        """The price of getting a value back, `NEVER` where the policy forbids it."""
        block = owner_block(value)
        name = self._policy_of(block)
        if name == "save-all":
            return 0.0 if _is_cheap(value, way) else NEVER
        price = self.operations(value, way)
        return price * self._runs(block) * (_TINY if name == "recompute" else 1.0)

    def operations(self, value: SSAValue, way: Way) -> float:
        """The price of getting a value back once, without what that needs."""
        if way.recall is Recall.RELOAD:
            return self._access(value.type, owner_block(value))
        if way.recall is Recall.RECOMPUTE:
            return operation_cost(way.op)
        return _FROM_INDEX

    def undoing(self, undo: Undo) -> float:
        """The price of putting back what was overwritten, without its tape."""
        price = 0.0
        for store in undo.stores:
            block = cast(Block, store.parent)
            rate = _TINY if self._policy_of(block) == "recompute" else 1.0
            price += self._access(store.value.type, block) * self._runs(block) * rate
        for argument in undo.arguments:
            element = cast("MemRefType", argument.type).element_type
            entry = self.scopes.entry
            copied = self._access(element, entry)
            copied += field_bytes(element) * self._rate(entry)
            price += self.executions.elements(argument) * copied
        return price

    def _access(self, type_: Attribute, block: Block) -> float:
        """A load or store of the program's own data."""
        return 1.0 + field_bytes(type_) * self._rate(block) * RELOADED

    def _runs(self, block: Block) -> float:
        return self.executions.inside(block.parent_op())

    def _policy_of(self, block: Block) -> PolicyName:
        """What the innermost function or loop around a block asks for."""
        chain: list[Operation] = []
        op = block.parent_op()
        while op is not None and op not in self._names:
            chain.append(op)
            op = op.parent_op()
        name = self.policy.name if op is None else self._names[op]
        for inner in reversed(chain):
            name = self._names[inner] = own_policy(inner) or name
        return name


def _is_cheap(value: SSAValue, way: Way) -> bool:
    """Whether even `save-all` gets a value back: from memory, or an integer."""
    if way.undo is not None:
        return False
    if way.recall is not Recall.RECOMPUTE:
        return True
    assert isinstance(value, OpResult)
    if value.op.has_trait(ConstantLike) or isinstance(value.op, _CHEAP_FLOAT):
        return True
    return not any(is_float(result.type) for result in value.op.results)
