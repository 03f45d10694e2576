"""Shrink a failing program: delete what is not needed for the failure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import (
    AnyFloat,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException

from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import parse_module

from .generate import FUNCTION, Case
from .levels import CONTEXT

Fails = Callable[[Case], bool]


def reduce(case: Case, fails: Fails) -> Case:
    """A case that still fails, with no single operation left to delete.

    Arguments, inputs and seeds stay as they are.
    """
    while (smaller := _one_round(case, fails)).text != case.text:
        case = smaller
    return case


def _one_round(case: Case, fails: Fails) -> Case:
    """Try every operation once, users before what they use."""
    number = 0
    while (candidate := _without(case, number)) is not None:
        if candidate.text != case.text and fails(candidate):
            case = candidate
        else:
            number += 1
    return case


def _without(case: Case, number: int) -> Case | None:
    """The case without one operation, counted from the end; None past the first."""
    module = parse_module(case.text, "program.mlir", CONTEXT)
    ops = [*_deletable(module)]
    if number >= len(ops):
        return None
    if not _delete(ops[-1 - number]):
        return case
    text = "\n".join(str(op) for op in module.ops)
    try:
        parse_module(text, "program.mlir", CONTEXT).verify()
    except (InputError, VerifyException):
        return case
    return replace(case, text=text)


def _deletable(module: ModuleOp) -> Iterator[Operation]:
    for op in module.walk():
        is_main = isinstance(op, func.FuncOp) and op.sym_name.data == FUNCTION
        if not (is_main or op is module or op.has_trait(IsTerminator)):
            yield op


def _delete(op: Operation) -> bool:
    """Delete an operation; its results become operands or constants of their type."""
    block = op.parent
    assert block is not None
    if isinstance(op, func.FuncOp) and _is_called(op):
        return False
    for result in op.results:
        if result.first_use is None:
            continue
        substitute = _substitute(op, block, result.type)
        if substitute is None:
            return False
        result.replace_all_uses_with(substitute)
    op.detach()
    op.erase()
    return True


def _is_called(function: func.FuncOp) -> bool:
    module = function.parent_op()
    assert module is not None
    return any(
        isinstance(op, func.CallOp)
        and op.callee.string_value() == function.sym_name.data
        for op in module.walk()
    )


def _substitute(op: Operation, block: Block, type_: Attribute) -> SSAValue | None:
    for operand in op.operands:
        if operand.type == type_:
            return operand
    if isinstance(op, arith.ConstantOp):
        return None
    constant = _constant(type_)
    if constant is None:
        return None
    block.insert_op_before(constant, op)
    return constant.result


def _constant(type_: Attribute) -> arith.ConstantOp | None:
    if isinstance(type_, Float32Type | Float64Type):
        number: AnyFloat = type_
        return arith.ConstantOp(FloatAttr(0.75, number))
    if isinstance(type_, IndexType | IntegerType):
        return arith.ConstantOp(IntegerAttr(1, type_))
    return None
