"""Put operations in the places of others."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.transforms.building.index_builder import FunctionConstants

Lowering = Callable[[Any, FunctionConstants], None]
"""Replaces an operation; index constants are kept once a function."""


def is_structured(op: Operation) -> TypeGuard[FuncOp]:
    """Whether an operation is a function of one block, as all are that hold a tape.

    Others, with control flow between basic blocks, may stand beside them.
    """
    return isinstance(op, FuncOp) and len(op.body.blocks) == 1


def functions_of(module: ModuleOp) -> Iterator[FuncOp]:
    """The functions of a module and of modules inside it."""
    for op in module.ops:
        if isinstance(op, FuncOp):
            yield op
        elif isinstance(op, ModuleOp):
            yield from functions_of(op)


def operations_of(
    module: ModuleOp, classes: Collection[type[Operation]]
) -> Iterator[tuple[Operation, FuncOp]]:
    """Operations of exactly these classes and their functions, in walk order."""
    # `isinstance` takes many times longer where a class is abstract.
    wanted = frozenset(classes)
    for function in functions_of(module):
        for op in function.walk():
            if type(op) in wanted:
                yield op, function


def lower_operations(
    module: ModuleOp, lowerings: Mapping[type[Operation], Lowering]
) -> None:
    """Replace every operation of the classes that are keys, outer ones first."""
    constants: dict[FuncOp, FunctionConstants] = {}
    for op, function in tuple(operations_of(module, lowerings)):
        if function not in constants:
            constants[function] = FunctionConstants(function)
        lowerings[type(op)](op, constants[function])


def replace_by_values(op: Operation, values: Sequence[SSAValue]) -> None:
    """Let values stand for an operation's results; unnamed ones take their names."""
    for result, value in zip(op.results, values, strict=True):
        if value.name_hint is None:
            value.name_hint = result.name_hint
        result.replace_all_uses_with(value)
    Rewriter.erase_op(op)


def replace_operation(op: Operation, new: Operation) -> None:
    """Put an operation in another's place, with its location, names and attributes."""
    block = op.parent
    assert block is not None
    new.location = op.location
    new.attributes.update(op.attributes)
    block.insert_op_before(new, op)
    replace_by_values(op, new.results)


def inline_block(block: Block, op: Operation) -> tuple[SSAValue, ...]:
    """Move a block's operations before `op`; the operands of its terminator."""
    target, terminator = op.parent, block.last_op
    assert target is not None
    assert terminator is not None
    for inner in tuple(block.ops):
        if inner is not terminator:
            inner.detach()
            target.insert_op_before(inner, op)
    values = tuple(terminator.operands)
    Rewriter.erase_op(terminator)
    return values
