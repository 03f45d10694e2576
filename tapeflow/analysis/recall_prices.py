"""What it costs to save values or to get them back, in additions."""

from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.traits import ConstantLike
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.executions import Executions
from tapeflow.analysis.operation_costs import operation_cost
from tapeflow.analysis.recall_ways import Recall, Way, owner_block
from tapeflow.analysis.recording_cut import NEVER
from tapeflow.analysis.scopes import Scopes
from tapeflow.analysis.tape_policy import PolicyName, TapePolicy, own_policy
from tapeflow.analysis.undo import Undo
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
        # What never runs is saved at no price, but not for nothing.
        runs = max(self._runs(owner_block(value)), 1e-9)
        return size * self._rate(owner_block(value)) * runs

    def _rate(self, block: Block) -> float:
        rate = self.policy.operations_per_byte
        return rate if self.scopes.of(block) is self.scopes.entry else rate * REUSED

    def again(self, value: SSAValue, way: Way) -> float:
        """The price of getting a value back, `NEVER` where the policy forbids it."""
        block = owner_block(value)
        name = self._policy_of(block)
        if name == "save-all":
            return 0.0 if _is_cheap(value, way) else NEVER
        if way.recall is Recall.RELOAD:
            price = self._access(value.type)
        else:
            assert isinstance(value, OpResult)
            price = operation_cost(value.op)
        return price * self._runs(block) * (_TINY if name == "recompute" else 1.0)

    def undoing(self, undo: Undo) -> float:
        """The price of putting back what was overwritten, without its tape."""
        price = 0.0
        for store in undo.stores:
            block = cast(Block, store.parent)
            rate = _TINY if self._policy_of(block) == "recompute" else 1.0
            price += self._access(store.value.type) * self._runs(block) * rate
        for argument in undo.arguments:
            element = cast("MemRefType", argument.type).element_type
            elements = self.executions.elements(argument)
            price += elements * (
                self._access(element)
                + field_bytes(element) * self.policy.operations_per_byte
            )
        return price

    def _access(self, type_: Attribute) -> float:
        """A load or store: half the traffic of tape, which is written and read."""
        size = field_bytes(type_)
        return 1.0 + size * self.policy.operations_per_byte * RELOADED

    def _runs(self, block: Block) -> float:
        return self.executions.inside(block.parent_op())

    def _policy_of(self, block: Block) -> PolicyName:
        """What the innermost function or loop around a block asks for."""
        op, chain = block.parent_op(), list[Operation]()
        name = self.policy.name
        while op is not None:
            if op in self._names:
                name = self._names[op]
                break
            chain.append(op)
            asked = own_policy(op)
            if asked is not None:
                name = asked
                break
            op = op.parent_op()
        self._names.update(dict.fromkeys(chain, name))
        return name


def _is_cheap(value: SSAValue, way: Way) -> bool:
    """Whether even `save-all` gets a value back: from memory, or an integer."""
    if way.undo is not None:
        return False
    if way.recall is Recall.RELOAD:
        return True
    assert isinstance(value, OpResult)
    if value.op.has_trait(ConstantLike) or isinstance(value.op, _CHEAP_FLOAT):
        return True
    return not any(is_float(result.type) for result in value.op.results)
