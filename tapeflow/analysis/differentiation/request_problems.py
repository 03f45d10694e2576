"""What stands in the way of a gradient because of how it is asked for."""

from collections.abc import Iterator, Sequence
from typing import cast

from xdsl.dialects import func, memref
from xdsl.dialects.builtin import MemRefType, NoneAttr
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.differentiability import Problem
from tapeflow.analysis.differentiation.policy import POLICIES, POLICY, own_policy
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.dialects.ad import GradientOp

_ALLOCATIONS = (memref.AllocOp, memref.AllocaOp)


def unknown_policies(request: GradientOp, function: func.FuncOp) -> Iterator[Problem]:
    """Tape policies that a request, function or loop asks for and that do not exist."""
    for op in (request, *function.walk()):
        if POLICY in op.attributes and own_policy(op) is None:
            yield Problem(
                op,
                f"{POLICY} is {op.attributes[POLICY]}",
                f"the policies are {', '.join(map(repr, POLICIES))}",
            )


def constants_in_wrt(
    function: func.FuncOp,
    buffers: Buffers,
    wrt: Sequence[SSAValue],
    constants: Sequence[SSAValue],
) -> Iterator[Problem]:
    """Constant buffers that are swapped with buffers whose gradient is asked for."""
    active = {buffers.of(value) for value in wrt if is_memref(value)}
    for constant in filter(is_memref, constants):
        if buffers.of(constant) in active:
            yield Problem(
                function,
                "a constant buffer is swapped with one in wrt",
                "take it out of constant",
            )


def shadows_with_layout(
    function: func.FuncOp, activity: Activity, wrt: Sequence[SSAValue]
) -> Iterator[Problem]:
    """Active buffers whose shadow has to be allocated and whose layout is not plain."""
    created = [op for op in function.walk() if isinstance(op, _ALLOCATIONS)]
    values = [*function.body.block.args, *(op.results[0] for op in created)]
    for value in values:
        if value in wrt or not is_memref(value) or not activity.active(value):
            continue
        if not isinstance(cast(MemRefType, value.type).layout, NoneAttr):
            owner = value.owner
            yield Problem(
                owner if isinstance(owner, Operation) else function,
                f"a shadow for a buffer of type {value.type} cannot be allocated",
                "ask for its gradient with wrt, or use a plain layout",
            )
