"""Which loops of a source run several iterations at a time, sums in any order.

A loop that holds loops is jammed, one that holds none is interleaved; none inside
another. Where both a loop and one inside it hold loops, the one with more gain goes
ahead.
"""

from dataclasses import replace

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import AnyFloat, IndexType
from xdsl.ir import Block
from xdsl.utils.hints import isa

from tapeflow.analysis.integers.estimates import trip_count
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers, ancestors
from tapeflow.analysis.memory.offsets import with_offset
from tapeflow.analysis.scheduling.carried_sums import summed_inside
from tapeflow.analysis.scheduling.interleaving import find_interleaving
from tapeflow.analysis.scheduling.issue_model import cycles_of_iteration
from tapeflow.analysis.scheduling.jam_choice import (
    FACTORS,
    MOST_OPERATIONS,
    choose_factor,
)
from tapeflow.analysis.scheduling.jam_dependences import find_ahead
from tapeflow.analysis.scheduling.jam_nests import (
    Access,
    Body,
    Nest,
    Problem,
    find_body,
)
from tapeflow.analysis.scheduling.jam_plans import NOT_WORTH, Factor, Plan, best_plans

LEAST_GAIN = 1.1
"""Time one by one over that of interleaved iterations, and of more of these over that
of fewer, of what is worth it."""
MOST_STREAMS = 10
"""Rows that copies walk along in an innermost loop, at most: so many lines a cache of
1 KB keeps, beside some of those of their adjoints."""
SHORT = 16
"""Operations of a body below which runs of a loop overlap with each other anyway."""


def find_reorderings(block: Block, buffers: Buffers, factor: Factor) -> list[Plan]:
    """The loops to reorder in a block."""

    def find(loop: scf.ForOp) -> Plan | Problem:
        return find_reordering(loop, buffers, factor)

    return best_plans(block, find, least_levels=0)[0]


def find_reordering(
    loop: scf.ForOp, buffers: Buffers, factor: Factor
) -> Plan | Problem:
    """How iterations of a loop run side by side, or why they do not."""
    if constant_of(loop.step) != 1 or not isinstance(loop.lb.type, IndexType):
        return Problem("it does not count up by one", loop)
    holds_loops = any(isinstance(op, scf.ForOp) for op in loop.body.walk())
    find = _jammed if holds_loops else _interleaved
    return find(loop, buffers, factor)


def _jammed(loop: scf.ForOp, buffers: Buffers, factor: Factor) -> Plan | Problem:
    body = find_body(loop, buffers)
    if isinstance(body, Problem):
        return body
    body = replace(body, apart=summed_inside(loop))
    copies, gain = choose_factor(body) if factor == "auto" else (factor, 1.0)
    while factor == "auto" and copies > 1 and _streams(body, copies) > MOST_STREAMS:
        copies //= 2
    if copies == 1:
        return Problem(NOT_WORTH, loop)
    forms = SubscriptForms()
    if factor == "auto" and not isinstance(
        find_ahead(_reversed(body), buffers, copies, forms), Problem
    ):
        # Its gradient can be jammed, which keeps all bits, if nothing inside changes.
        return Plan(body, 1, {}, forms, gain)
    ahead = find_ahead(body, buffers, copies, forms)
    if isinstance(ahead, Problem):
        return ahead
    return Plan(body, copies, ahead, forms, gain)


def _reversed(body: Body) -> Body:
    """As its reverse accesses memory: what is read there is added to."""
    accesses = (
        replace(access, writes=access.writes or _is_of_floats(access))
        for access in body.accesses
    )
    return replace(body, accesses=tuple(accesses), apart=frozenset())


def _is_of_floats(access: Access) -> bool:
    return any(isa(value.type, AnyFloat) for value in access.op.results)


def _streams(body: Body, copies: int) -> int:
    """Rows of buffers that an innermost loop of copies walks along, at most."""
    return max(_streams_of(body, nest, copies) for nest in body.nest.innermost())


def _streams_of(body: Body, nest: Nest, copies: int) -> int:
    rows: dict[tuple[object, ...], bool] = {}
    for op in nest.operations():
        for inner in op.walk():
            if isinstance(inner, memref.LoadOp | memref.StoreOp):
                *others, last = inner.indices or (inner.memref,)
                row = (inner.memref, *others, with_offset(last)[0])
                rows[row] = all(map(body.is_uniform, (inner.memref, *inner.indices)))
    return sum(1 if is_shared else copies for is_shared in rows.values())


def _interleaved(loop: scf.ForOp, buffers: Buffers, factor: Factor) -> Plan | Problem:
    best: Plan | Problem = Problem(NOT_WORTH, loop)
    for copies in FACTORS if factor == "auto" else (factor,):
        if copies == 1 or (factor == "auto" and not _fits(loop, copies)):
            break
        forms = SubscriptForms()
        found = find_interleaving(loop, buffers, copies, forms)
        if isinstance(found, Problem):
            return found
        body, ahead = found
        if factor == "auto" and _streams(body, copies) > MOST_STREAMS:
            break
        gain = cycles_of_iteration(body, 1) / cycles_of_iteration(body, copies)
        least = LEAST_GAIN * (best.gain if isinstance(best, Plan) else 1.0)
        if factor != "auto" or gain >= least:
            best = Plan(body, copies, ahead, forms, gain, is_flat=True)
    return best


def _fits(loop: scf.ForOp, copies: int) -> bool:
    trips, operations = trip_count(loop), sum(1 for _ in loop.body.walk())
    if operations < SHORT and _is_inside_a_loop(loop):
        return False
    return (trips is None or trips >= copies) and operations * copies <= MOST_OPERATIONS


def _is_inside_a_loop(loop: scf.ForOp) -> bool:
    return any(isinstance(op, scf.ForOp) for op in ancestors(loop)[1:])
