"""Which loops of a source run several iterations at a time, if sums may be reordered."""

from collections.abc import Iterator
from dataclasses import replace

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block

from tapeflow.analysis.integers.estimates import trip_count
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.carried_sums import summed_inside
from tapeflow.analysis.scheduling.interleaving import find_interleaving
from tapeflow.analysis.scheduling.issue_model import cycles_of_iteration
from tapeflow.analysis.scheduling.jam_choice import (
    FACTORS,
    LEAST_GAIN,
    MOST_OPERATIONS,
    choose_factor,
)
from tapeflow.analysis.scheduling.jam_dependences import find_ahead
from tapeflow.analysis.scheduling.jam_nests import Body, Problem, find_body
from tapeflow.analysis.scheduling.jam_plans import DEEPEST, Factor, Plan
from tapeflow.analysis.scheduling.subscripts import SubscriptForms


def find_reorderings(
    block: Block, buffers: Buffers, factor: Factor
) -> tuple[list[Plan], int]:
    """The loops to reorder in a block, and how many levels of loops it holds."""
    plans: list[Plan] = []
    levels = 0
    for op in block.ops:
        found: list[Plan] = []
        height = 0
        for region in op.regions:
            for inner in region.blocks:
                more, deep = find_reorderings(inner, buffers, factor)
                found += more
                height = max(height, deep)
        if isinstance(op, scf.ForOp):
            if 0 < height <= DEEPEST:
                nest = jammed(op, buffers, factor)
                others = [plan for plan in found if not plan.is_flat]
                if isinstance(nest, Plan) and all(nest.gain > p.gain for p in others):
                    found = [nest]
            elif not height:
                plan = interleaved(op, buffers, factor)
                found = [plan] if isinstance(plan, Plan) else []
            height += 1
        plans += found
        levels = max(levels, height)
    return plans, levels


def _countable(loop: scf.ForOp) -> Problem | None:
    if constant_of(loop.step) != 1 or not isinstance(loop.lb.type, IndexType):
        return Problem("it does not count up by one", loop)
    return None


def jammed(loop: scf.ForOp, buffers: Buffers, factor: Factor) -> Plan | Problem:
    """How iterations of a loop share the loops inside, or why they do not."""
    problem = _countable(loop)
    if problem is not None:
        return problem
    body = find_body(loop, buffers)
    if isinstance(body, Problem):
        return body
    body = replace(body, apart=summed_inside(loop))
    copies, gain = choose_factor(body) if factor == "auto" else (factor, 1.0)
    if copies == 1:
        return Problem("it is not worth it", loop)
    forms = SubscriptForms()
    ahead = find_ahead(body, buffers, copies, forms)
    if isinstance(ahead, Problem):
        return ahead
    return Plan(body, copies, ahead, forms, gain)


def interleaved(loop: scf.ForOp, buffers: Buffers, factor: Factor) -> Plan | Problem:
    """How iterations of a loop without loops run step by step, or why they do not."""
    problem = _countable(loop)
    if problem is not None:
        return problem
    best: Plan | Problem = Problem("it is not worth it", loop)
    for copies in FACTORS if factor == "auto" else (factor,):
        forms = SubscriptForms()
        found = find_interleaving(loop, buffers, copies, forms)
        if isinstance(found, Problem):
            return found
        body, ahead = found
        gain = cycles_of_iteration(body, 1) / cycles_of_iteration(body, copies)
        if factor == "auto" and not _is_worth(body, copies):
            break
        least = best.gain * 1.1 if isinstance(best, Plan) else 1.1
        if gain >= least or factor != "auto":
            best = Plan(body, copies, ahead, forms, gain, is_flat=True)
    return best


def _is_worth(body: Body, copies: int) -> bool:
    trips = trip_count(body.nest.loop)
    operations = sum(1 for _ in body.nest.loop.body.walk())
    return (trips is None or trips >= copies) and operations * copies <= MOST_OPERATIONS
