"""Which loops are worth being unrolled and jammed, and by how much.

What counts is the time of an innermost loop's iteration: the operations that it
issues, the float units that it keeps busy, and the chain of what it carries. Copies
share what is uniform, loop control and address arithmetic included, and the chains of
copies run side by side. What bounds the number of copies is registers and code. This
is the choice for no machine in particular; `machine_choice.py` has that for one.
"""

from collections.abc import Iterable
from typing import cast

from xdsl.dialects import arith, math, memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.integers.estimates import trip_count
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.operation_costs import latency
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.scheduling.jam_nests import Body, Nest

FACTORS = (2, 4)
REGISTERS = 32
"""Values that an innermost loop carries or takes from outside, at most."""
MOST_OPERATIONS = 256
"""Operations of an innermost body, copies included."""
LEAST_GAIN = 1.05
"""Time without over time with copies, of what is worth the longer code."""
WORTH_DOUBLING = 1.03
"""Gain of more copies over fewer ones, of what is worth it."""
_WIDTH = 4
"""Operations that begin in a cycle, and float units."""
_UNPIPELINED = (arith.DivfOp, math.SqrtOp, math.RsqrtOp)
_CONTROL = 2
"""Operations that an iteration costs beside its body."""


def choose_factor(body: Body) -> tuple[int, float]:
    """How many copies, 1 for none, and how many times faster an iteration is."""
    trips = trip_count(body.nest.loop)
    best = 1, 1.0
    for factor in FACTORS:
        if (trips is not None and trips < factor) or not fits(body, factor):
            break
        found = gain(body, factor)
        if found >= max(LEAST_GAIN, best[1] * WORTH_DOUBLING):
            best = factor, found
    return best


def gain(body: Body, copies: int) -> float:
    """Time of the innermost iterations one by one over that of copies side by side."""
    nests = [*body.nest.innermost()]
    alone = sum(_time(body, nest, 1) for nest in nests)
    return alone / sum(_time(body, nest, copies) / copies for nest in nests)


def _time(body: Body, nest: Nest, copies: int) -> float:
    """Cycles of an iteration of an innermost loop that holds so many copies."""
    issued, busy = float(_CONTROL), 0.0
    for op in _flat(nest.operations()):
        times = 1 if _costs_once(body, op) else copies
        issued += times * _issued(op)
        if isinstance(op, _UNPIPELINED):
            busy += times * latency(op)
    bound = max(issued / _WIDTH, busy / _WIDTH, float(_chain(nest)))
    # Half of what is not the bound shows: it competes for the window.
    return (bound + issued / _WIDTH) / 2


def _costs_once(body: Body, op: Operation) -> bool:
    """Whether copies share an operation, or an access to what is at hand."""
    if isinstance(op, memref.LoadOp | memref.StoreOp):
        return all(map(body.is_uniform, (op.memref, *op.indices)))
    return body.is_shared(op)


def _flat(operations: Iterable[Operation]) -> Iterable[Operation]:
    return (inner for op in operations for inner in op.walk() if not inner.regions)


def _issued(op: Operation) -> int:
    """Operations of the machine, address arithmetic included."""
    if isinstance(op, memref.LoadOp | memref.StoreOp):
        return 2 * cast("MemRefType", op.memref.type).get_num_dims() - 1 or 1
    return 1 if latency(op) else 0


def _chain(nest: Nest) -> int:
    """Cycles from a carried value to the next one, along the longest way."""
    block = nest.loop.body.block
    late: dict[SSAValue, int] = dict.fromkeys(block.args[1:], 0)
    for op in block.ops:
        used = (v for inner in op.walk() for v in inner.operands)
        before = [late[value] for value in used if value in late]
        if before and op.results:
            end = max(before) + latency(op)
            late |= dict.fromkeys(op.results, end)
    return max((late.get(value, 0) for value in yielded(block)), default=0)


def fits(body: Body, copies: int) -> bool:
    """Whether copies have registers enough, and make no code too long."""
    return all(
        _registers(body, nest, copies) <= REGISTERS
        and copies * sum(1 for _ in _flat(nest.operations())) <= MOST_OPERATIONS
        for nest in body.nest.innermost()
    )


def _registers(body: Body, nest: Nest, copies: int) -> int:
    """Values that live all through an innermost loop."""
    inside = set[SSAValue](nest.loop.body.block.args)
    taken: set[SSAValue] = set()
    for op in _flat(nest.operations()):
        inside.update(op.results)
        taken.update(op.operands)
    kept = [v for v in taken - inside if constant_of(v) is None and not is_memref(v)]
    own = sum(not body.is_uniform(value) for value in kept)
    return len(kept) - own + copies * (own + len(nest.loop.results))
