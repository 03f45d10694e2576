"""Which loops of a function are unrolled and jammed: none inside another.

Of a loop and the loops inside it those go ahead whose inner iterations become faster by
more; of equals, the inner ones, which are the shorter code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block

from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.jam_carried import Ahead
from tapeflow.analysis.scheduling.jam_choice import choose_factor, gain
from tapeflow.analysis.scheduling.jam_dependences import find_ahead
from tapeflow.analysis.scheduling.jam_nests import Body, Problem, find_body
from tapeflow.analysis.scheduling.machine_choice import LoopChoice

DEEPEST = 6
"""Levels of loops inside a loop that is tried, at most: so each operation is looked at
so many times."""
NOT_WORTH = "it is not worth it"
"""What estimates refuse."""

Factor: TypeAlias = int | Literal["auto"]


@dataclass(frozen=True)
class Plan:
    """A loop to jam."""

    body: Body
    copies: int
    ahead: Ahead
    forms: SubscriptForms
    """What `ahead` is told in."""
    gain: float
    """What it is worth, in the measure of the choice: none of a loop inside is worth
    as much."""
    is_flat: bool = False
    """Whether there is no loop inside, and parts are steps of an iteration."""


def find_plans(
    block: Block, buffers: Buffers, factor: Factor, choice: LoopChoice | None = None
) -> list[Plan]:
    """The loops to jam in a block.

    Args:
        choice: for a machine; None for none in particular.
    """

    def find(loop: scf.ForOp) -> Plan | Problem:
        return find_plan(loop, buffers, factor, choice)

    return best_plans(block, find, least_levels=1)[0]


def best_plans(
    block: Block, find: Callable[[scf.ForOp], Plan | Problem], *, least_levels: int
) -> tuple[list[Plan], int]:
    """The plans that go ahead in a block, and how many levels of loops it holds.

    Args:
        find: tells what to do with a loop.
        least_levels: of loops inside a loop that is tried.
    """
    plans: list[Plan] = []
    levels = 0
    for op in block.ops:
        found: list[Plan] = []
        height = 0
        for region in op.regions:
            for inner in region.blocks:
                more, deep = best_plans(inner, find, least_levels=least_levels)
                found += more
                height = max(height, deep)
        if isinstance(op, scf.ForOp):
            if least_levels <= height <= DEEPEST:
                found = _better(find(op), found)
            height += 1
        plans += found
        levels = max(levels, height)
    return plans, levels


def _better(plan: Plan | Problem, inner: list[Plan]) -> list[Plan]:
    if isinstance(plan, Plan) and all(
        other.is_flat or plan.gain > other.gain for other in inner
    ):
        return [plan]
    return inner


def find_plan(
    loop: scf.ForOp, buffers: Buffers, factor: Factor, choice: LoopChoice | None = None
) -> Plan | Problem:
    """How to jam a loop, or why it stays."""
    if choice is None:
        return _find_plan(loop, buffers, factor, choose_factor)
    plan = _find_plan(loop, buffers, factor, choice.copies)
    if isinstance(plan, Problem) and plan.reason != NOT_WORTH:
        choice.refused(plan, loop)
    return plan


def _find_plan(
    loop: scf.ForOp,
    buffers: Buffers,
    factor: Factor,
    choose: Callable[[Body], tuple[int, float]],
) -> Plan | Problem:
    if constant_of(loop.step) != 1 or not isinstance(loop.lb.type, IndexType):
        return Problem("it does not count up by one", loop)
    body = find_body(loop, buffers)
    if isinstance(body, Problem):
        return body
    # Legality costs less than the estimates, and they are told of what is legal.
    ahead = find_ahead(body, buffers, 2, SubscriptForms())
    if isinstance(ahead, Problem):
        return ahead
    copies, faster = choose(body) if factor == "auto" else (factor, 0.0)
    if copies == 1:
        return Problem(NOT_WORTH, loop)
    forms = SubscriptForms()
    ahead = find_ahead(body, buffers, copies, forms)
    if isinstance(ahead, Problem):
        return ahead
    return Plan(body, copies, ahead, forms, faster or gain(body, copies))
