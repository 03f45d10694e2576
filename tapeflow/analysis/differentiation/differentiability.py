"""What cannot be differentiated, or not as it is asked for; found before code is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import MemRefType, NoneAttr
from xdsl.ir import Operation, SSAValue
from xdsl.utils.hints import isa

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.derivative_rules import rule_of
from tapeflow.analysis.differentiation.policy import POLICIES, POLICY, own_policy
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.memory.views import VIEWS
from tapeflow.analysis.verification.what_runs import running_problems
from tapeflow.dialects.ad import GradientOp, is_differentiable, is_float

_BUFFER_OPS = (
    memref.LoadOp,
    memref.StoreOp,
    memref.CopyOp,
    memref.AllocOp,
    memref.AllocaOp,
    memref.DeallocOp,
    memref.DimOp,
    memref.GetGlobalOp,
    scf.ForOp,
    scf.YieldOp,
    func.ReturnOp,
    *VIEWS,
)
_STRUCTURE = (func.FuncOp, scf.ForOp, scf.IfOp, scf.WhileOp)
CUTS = (arith.CmpfOp, arith.FPToSIOp, arith.FPToUIOp, func.CallOp)
"""What may turn a float into something without a derivative; calls are judged apart."""


@dataclass(frozen=True)
class Problem:
    """One reason why a function cannot be differentiated."""

    op: Operation
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"


def permutation_of(
    loop: scf.ForOp, positions: tuple[int, ...]
) -> tuple[int, ...] | None:
    """How a loop permutes some of its carried values, None if it does not.

    Entry k says which of them the k-th one becomes: after an iteration, value k is
    what value `permutation[k]` was before.
    """
    args = [loop.body.block.args[1 + position] for position in positions]
    following = [yielded(loop.body.block)[position] for position in positions]
    if any(value not in args for value in following):
        return None
    permutation = tuple(args.index(value) for value in following)  # pyright: ignore[reportArgumentType]
    return permutation if len(set(permutation)) == len(permutation) else None


def active_buffers_carried(loop: scf.ForOp, activity: Activity) -> tuple[int, ...]:
    """Positions among a loop's carried values of its active buffers."""
    return tuple(
        k
        for k, arg in enumerate(loop.body.block.args[1:])
        if is_memref(arg) and activity.active(arg)
    )


def _structure_problems(op: Operation, activity: Activity) -> Iterator[Problem]:
    if any(len(region.blocks) > 1 for region in op.regions):
        yield Problem(
            op,
            "control flow between basic blocks",
            "write it with scf.for, scf.while and scf.if, which can be run in reverse",
        )
    elif op.regions and not isinstance(op, _STRUCTURE):
        touched = (
            value for inner in op.walk() for value in (*inner.operands, *inner.results)
        )
        if any(is_differentiable(v.type) and activity.varied(v) for v in touched):
            yield Problem(
                op,
                f"'{op.name}' around values that carry derivatives has no reverse",
                "scf.for, scf.while and scf.if do",
            )
    elif isinstance(op, scf.WhileOp):
        if any(is_memref(arg) and activity.active(arg) for arg in op.arguments):
            yield Problem(
                op,
                "an scf.while carries a buffer",
                "copy between two buffers instead of swapping them",
            )
    elif isinstance(op, scf.ForOp):
        step = constant_of(op.step)
        if step is not None and step <= 0:
            yield Problem(
                op,
                f"the step of this loop is {step}; it must be positive",
                "count up, and compute what counts down from that",
            )
        carried = active_buffers_carried(op, activity)
        if permutation_of(op, carried) is None:
            yield Problem(
                op,
                "the buffers this loop carries are not merely permuted",
                "yield each carried buffer exactly once, in any order",
            )


def _holds_buffers(value: SSAValue) -> bool:
    return isa(value.type, MemRefType[MemRefType])


def _buffer_problems(op: Operation, activity: Activity) -> Iterator[Problem]:
    if any(map(_holds_buffers, op.results)):
        yield Problem(
            op, "a buffer of buffers", "use one buffer with one more dimension"
        )
    buffers = [
        value
        for value in (*op.operands, *op.results)
        if is_memref(value) and is_differentiable(value.type)
    ]
    if not buffers or isinstance(op, func.FuncOp):
        return
    if isinstance(op, arith.SelectOp) or (
        isinstance(op, scf.YieldOp) and isinstance(op.parent_op(), scf.IfOp)
    ):
        yield Problem(
            op,
            "a buffer chosen at run time",
            "move the accesses into the branches of an scf.if",
        )
    elif not isinstance(op, (*_BUFFER_OPS, *_STRUCTURE, scf.ConditionOp)):
        yield Problem(
            op,
            f"'{op.name}' on buffers that may carry derivatives",
            "use memref.load and memref.store in loops",
        )
    elif isinstance(op, func.ReturnOp) and any(map(activity.varied, buffers)):
        yield Problem(
            op,
            "a returned buffer carries a derivative",
            "take the buffer as an argument and store to it",
        )
    elif isinstance(op, memref.GetGlobalOp) and activity.active(op.memref):
        yield Problem(
            op,
            "a global buffer that carries derivatives",
            "pass it as an argument",
        )


def _arithmetic_problems(op: Operation, activity: Activity) -> Iterator[Problem]:
    floats = [v for v in op.operands if is_float(v.type) and activity.varied(v)]
    if isinstance(op, arith.BitcastOp) and floats:
        yield Problem(
            op,
            "'arith.bitcast' of a value that carries a derivative",
            "keep it a float",
        )
    elif floats and not op.regions and not isinstance(op, CUTS):
        for result in op.results:
            if not is_differentiable(result.type):
                yield Problem(
                    op,
                    f"a value that carries a derivative becomes {result.type}",
                    "keep it an f32 or f64",
                )
    if not any(is_float(r.type) and activity.active(r) for r in op.results):
        return
    if op.regions or isinstance(op, memref.LoadOp | func.CallOp) or rule_of(op):
        return
    yield Problem(
        op,
        f"there is no derivative rule for '{op.name}'",
        "express it with arith and math operations that have one",
    )


def _call_problems(op: Operation, activity: Activity) -> Iterator[Problem]:
    if not isinstance(op, func.CallOp):
        return
    touched: list[SSAValue] = [*op.operands, *op.results]
    if any(is_differentiable(value.type) for value in touched):
        yield Problem(
            op,
            f"a call of @{op.callee.string_value()}, which has no body here",
            "define it in this module",
        )


def find_problems(function: func.FuncOp, activity: Activity) -> tuple[Problem, ...]:
    """Everything that stands in the way of a correct gradient, in program order."""
    return tuple(p for op in function.walk() for p in _problems(op, activity))


def _problems(op: Operation, activity: Activity) -> list[Problem]:
    """Those of one operation; if there are others, not that no engine runs it."""
    found = [
        problem
        for check in (
            _call_problems if isinstance(op, func.CallOp) else _buffer_problems,
            _structure_problems,
            _arithmetic_problems,
        )
        for problem in check(op, activity)
    ]
    return found or [Problem(op, *problem) for problem in running_problems(op)]


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
