"""The cheapest mixture of saving and computing again, as a minimum cut.

Each value has two nodes, *needed* and *computed again*. Needed without computed again
means saved: the edge between the two costs the bytes. Computed again costs the
operation, and makes the operands needed: edges that cannot be cut. A chain that several
values share is so paid once (a closure problem, hence a minimum cut: Picard 1976).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import igraph
from xdsl.dialects import memref, scf
from xdsl.ir import Operation, OpResult, SSAValue
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.constants import constant_of
from tapeflow.analysis.operation_costs import operation_cost
from tapeflow.analysis.tape_policy import TapePolicy
from tapeflow.dialects.record import field_bytes

NEVER = 1e30
"""The price of what is impossible: far above any sum of possible ones."""
_SOURCE, _SINK = 0, 1


@dataclass(frozen=True)
class Candidate:
    """A value that is not at hand in the reverse sweep."""

    value: SSAValue
    operands: tuple[SSAValue, ...] | None
    """What computing it again needs besides values at hand; None: impossible."""


def static_trips(loop: Operation, policy: TapePolicy) -> float:
    """The trip count of a loop if its bounds are constants, else the assumed one."""
    if not isinstance(loop, scf.ForOp):
        return policy.assumed_trips
    lower, upper, step = map(constant_of, (loop.lb, loop.ub, loop.step))
    if lower is None or upper is None or step is None:
        return policy.assumed_trips
    return float(max(0, -(-(upper - lower) // max(step, 1))))


class _Executions:
    """How often the block of a value runs."""

    def __init__(self, policy: TapePolicy):
        self._policy = policy
        self._inside: dict[Operation, float] = {}

    def of(self, value: SSAValue) -> float:
        """Executions of the block that defines the value."""
        owner = value.owner
        parent = owner.parent_op()
        return self._of_op(parent)

    def _of_op(self, op: Operation | None) -> float:
        chain: list[Operation] = []
        while op is not None and op not in self._inside:
            chain.append(op)
            op = op.parent_op()
        count = 1.0 if op is None else self._inside[op]
        for inner in reversed(chain):
            if isinstance(inner, scf.ForOp | scf.WhileOp):
                count *= static_trips(inner, self._policy)
            self._inside[inner] = count
        return count


def _bytes(value: SSAValue) -> float:
    try:
        return field_bytes(value.type)
    except VerifyException:
        return NEVER


def _price_saved(value: SSAValue, policy: TapePolicy) -> float:
    size = _bytes(value)
    return NEVER if size == NEVER else size * policy.operations_per_byte


def _price_again(value: SSAValue, policy: TapePolicy) -> float:
    assert isinstance(value, OpResult)
    price = operation_cost(value.op)
    if isinstance(value.op, memref.LoadOp):
        # Half the traffic of a tape entry, which is written as well.
        price += _bytes(value) * policy.operations_per_byte / 2
    return price


def cheapest_recomputed(
    candidates: Sequence[Candidate], wanted: Sequence[SSAValue], policy: TapePolicy
) -> set[SSAValue]:
    """The values to compute again in a cheapest recording; the other ones are saved."""
    if not candidates:
        return set()
    number = {candidate.value: i for i, candidate in enumerate(candidates)}
    executions = _Executions(policy)
    edges: list[tuple[int, int]] = []
    prices: list[float] = []

    def edge(origin: int, target: int, price: float) -> None:
        edges.append((origin, target))
        prices.append(price)

    def needed(value: SSAValue) -> int:
        return 2 + 2 * number[value]

    def again(value: SSAValue) -> int:
        return 3 + 2 * number[value]

    for value in set(wanted) & number.keys():
        edge(_SOURCE, needed(value), NEVER)
    for candidate in candidates:
        value = candidate.value
        count = executions.of(value)
        saving = _price_saved(value, policy)
        edge(needed(value), again(value), min(NEVER, saving * max(count, 1e-9)))
        if candidate.operands is None:
            edge(again(value), _SINK, NEVER)
            continue
        edge(again(value), _SINK, _price_again(value, policy) * count)
        for operand in candidate.operands:
            edge(again(value), needed(operand), NEVER)
    graph = igraph.Graph(n=2 + 2 * len(candidates), edges=edges, directed=True)
    # igraph carries no types.
    cut: Any = graph.st_mincut(_SOURCE, _SINK, prices)  # pyright: ignore[reportUnknownMemberType]
    side: set[int] = set(cut.partition[0])
    return {c.value for c in candidates if again(c.value) in side}
