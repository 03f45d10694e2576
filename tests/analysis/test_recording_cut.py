"""The minimum cut against all possible recordings of small random programs."""

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith, func, math
from xdsl.dialects.builtin import f64
from xdsl.ir import Block, Operation, Region, SSAValue

from tapeflow.analysis.operation_costs import operation_cost
from tapeflow.analysis.recording_cut import Candidate, cheapest_recomputed
from tapeflow.analysis.tape_policy import TapePolicy

SAVED_BYTES = 8
OPERATIONS: list[tuple[Callable[..., Operation], int]] = [
    (arith.AddfOp, 2),
    (arith.DivfOp, 2),
    (math.ExpOp, 1),
]
"""Constructors with the number of their operands."""


def price(
    recomputed: set[SSAValue],
    wanted: list[SSAValue],
    candidates: dict[SSAValue, Candidate],
    rate: float,
) -> float | None:
    """What a recording costs; None if it computes again what cannot be."""
    total, seen, work = 0.0, set[SSAValue](), list(wanted)
    while work:
        value = work.pop()
        if value in seen:
            continue
        seen.add(value)
        if value not in recomputed:
            total += SAVED_BYTES * rate
            continue
        operands = candidates[value].operands
        if operands is None:
            return None
        assert isinstance(value.owner, Operation)
        total += operation_cost(value.owner)
        work.extend(operands)
    return total


@given(data=st.data(), rate=st.sampled_from([0.1, 0.5, 1.0, 2.0, 5.0]))
@settings(max_examples=60, deadline=None)
def test_no_recording_is_cheaper(data: st.DataObject, rate: float) -> None:
    block = Block(arg_types=[f64, f64])
    func.FuncOp("f", ([f64, f64], []), Region(block))
    values: list[SSAValue] = list(block.args)
    candidates: dict[SSAValue, Candidate] = {
        arg: Candidate(arg, None) for arg in block.args
    }
    for _ in range(data.draw(st.integers(1, 6))):
        operation, count = data.draw(st.sampled_from(OPERATIONS))
        operands = [data.draw(st.sampled_from(values)) for _ in range(count)]
        op = operation(*operands)
        block.add_op(op)
        again = data.draw(st.booleans())
        result = op.results[0]
        candidates[result] = Candidate(result, tuple(operands) if again else None)
        values.append(result)
    wanted = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))

    policy = TapePolicy(operations_per_byte=rate)
    chosen = cheapest_recomputed(list(candidates.values()), wanted, policy)
    best = min(
        cost
        for choice in product([False, True], repeat=len(values))
        if (
            cost := price(
                {v for v, again in zip(values, choice, strict=True) if again},
                wanted,
                candidates,
                rate,
            )
        )
        is not None
    )
    assert price(chosen, wanted, candidates, rate) == pytest.approx(best)
