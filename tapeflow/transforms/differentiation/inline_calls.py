"""Replace calls of functions of the module by their bodies.

%y = func.call @square(%x) : (f64) -> f64      ==>      %y = arith.mulf %x, %x : f64
"""

from collections.abc import Mapping

from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from tapeflow.analysis.differentiation.policy import POLICY
from tapeflow.transforms.building.refusal import refuse


def _check_not_recursive(call: func.CallOp, name: str, active: tuple[str, ...]) -> None:
    if name in active:
        message = (
            f"@{name} calls itself ({' -> '.join((*active, name))}); "
            "a recursion has no reverse, write it as a loop"
        )
        refuse(call, message)


def inline_calls(
    block: Block, functions: Mapping[str, func.FuncOp], active: tuple[str, ...]
) -> None:
    """Inline all calls in a block and the blocks inside it, callees first.

    Calls of functions without a body, or with several basic blocks, stay.

    Args:
        functions: those of the module by name.
        active: names of the functions being inlined, to find recursion.

    Raises:
        DiagnosticException: a function calls itself.
    """
    for op in tuple(block.ops):
        if isinstance(op, func.CallOp):
            _inline(op, functions, active)
            continue
        for region in op.regions:
            for inner in region.blocks:
                inline_calls(inner, functions, active)


def _inline(
    call: func.CallOp, functions: Mapping[str, func.FuncOp], active: tuple[str, ...]
) -> None:
    name = call.callee.string_value()
    _check_not_recursive(call, name, active)
    callee = functions.get(name)
    if callee is None or len(callee.body.blocks) != 1:
        return
    block = call.parent
    assert block is not None
    values: dict[SSAValue, SSAValue] = dict(
        zip(callee.body.block.args, call.arguments, strict=True)
    )
    inlined = Block()
    for op in callee.body.block.ops:
        if not isinstance(op, func.ReturnOp):
            inlined.add_op(op.clone(values))
            continue
        for result, value in zip(call.res, op.arguments, strict=True):
            result.replace_all_uses_with(values.get(value, value))
    inline_calls(inlined, functions, (*active, name))
    for op in tuple(inlined.ops):
        if POLICY in callee.attributes and op.regions:
            op.attributes.setdefault(POLICY, callee.attributes[POLICY])
        op.detach()
        block.insert_op_before(op, call)
    call.detach()
    call.erase()
