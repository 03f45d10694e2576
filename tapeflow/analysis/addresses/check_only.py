"""Which operations compute nothing but what is there to be checked.

That is subscripts, and conditions of assertions. A machine has no use for them, as it
has none for the check itself.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import cast

from xdsl.dialects import cf, memref
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, OpResult, SSAValue

from tapeflow.analysis.ir.control_flow import passed, sources_of
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.dialects import address


def checked_subscripts(op: Operation) -> range:
    """The operands, by number, that cost nothing to compute for an operation."""
    if isinstance(op, address.LoadOp | address.StoreOp):
        return op.subscript_operands
    if isinstance(op, cf.AssertOp):
        return range(1)
    if address.ADDRESS_FREE in op.attributes:
        access = cast(memref.LoadOp | memref.StoreOp, op)
        return range(len(op.operands) - len(access.indices), len(op.operands))
    return range(0)


def check_only(
    function: FuncOp, checked: Callable[[Operation], range] = checked_subscripts
) -> set[Operation]:
    """The arithmetic of a function that serves checks, and nothing else.

    What loops and branches pass on serves what it becomes there.
    """
    needed: list[SSAValue] = []
    subscripts: list[SSAValue] = []
    arithmetic: list[Operation] = []
    for op in operations_in(function):
        if _is_arithmetic(op):
            arithmetic.append(op)
            continue
        is_checked = checked(op)
        used = len(op.operands) - len(passed(op))
        for number, operand in enumerate(op.operands[:used]):
            (subscripts if number in is_checked else needed).append(operand)
    if not subscripts:
        return set()
    served = _all_behind(subscripts) - _all_behind(needed)
    return {op for op in arithmetic if not served.isdisjoint(op.results)}


def _is_arithmetic(op: Operation) -> bool:
    return _is_arith(type(op)) and is_side_effect_free(op)


@cache
def _is_arith(kind: type[Operation]) -> bool:
    return kind.dialect_name() == "arith"


def _all_behind(values: Iterable[SSAValue]) -> set[SSAValue]:
    """The values, and all that they are computed from by arithmetic and on the way."""
    work, found = [*values], set[SSAValue]()
    while work:
        value = work.pop()
        if value in found:
            continue
        found.add(value)
        if isinstance(value, OpResult) and _is_arithmetic(value.op):
            work += value.op.operands
        else:
            work += sources_of(value)
    return found
