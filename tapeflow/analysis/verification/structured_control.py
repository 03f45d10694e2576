"""Verifies what xDSL leaves out of scf and affine: regions yield what is expected.

Every pass counts on it that a branch yields a value for each result, and a loop one for
each value that it carries.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from xdsl.dialects import affine, scf
from xdsl.ir import Attribute, Operation, Region
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.ir.walking import operations_in

Terminator: TypeAlias = scf.YieldOp | scf.ConditionOp | affine.YieldOp


def verify_control(module: Operation) -> None:
    """Check every loop, branch and region inside an operation.

    Raises `VerifyException` through `Operation.emit_error` at the first one at fault.
    """
    for op in operations_in(module):
        match op:
            case scf.IfOp() | scf.IndexSwitchOp():
                _verify_branches(op, scf.YieldOp)
            case affine.IfOp():
                _verify_branches(op, affine.YieldOp)
            case scf.ForOp():
                _verify_end(op, op.body, scf.YieldOp, op.result_types)
            case affine.ForOp() | affine.ParallelOp():
                _verify_end(op, op.body, affine.YieldOp, op.result_types)
            case scf.WhileOp():
                _verify_while(op)
            case scf.ExecuteRegionOp():
                _verify_taken(op, op.region, ())
                for block in op.region.blocks:
                    if isinstance(block.last_op, scf.YieldOp):
                        _verify_types(op, block.last_op, op.result_types)
            case _:
                pass


def _verify_branches(
    op: scf.IfOp | scf.IndexSwitchOp | affine.IfOp, terminator: type[Terminator]
) -> None:
    for region in op.regions:
        _verify_taken(op, region, ())
        _verify_end(op, region, terminator, op.result_types)


def _verify_while(op: scf.WhileOp) -> None:
    carried = [operand.type for operand in op.arguments]
    _verify_end(op, op.before_region, scf.ConditionOp, op.result_types)
    _verify_end(op, op.after_region, scf.YieldOp, carried)
    _verify_taken(op, op.before_region, carried)
    _verify_taken(op, op.after_region, op.result_types)


def _verify_taken(op: Operation, region: Region, types: Sequence[Attribute]) -> None:
    """The first block of a region takes what is passed to it."""
    found = region.blocks[0].arg_types if region.blocks else types
    if list(found) != list(types):
        _reject(
            op, f"takes {_shown(found)} where {_shown(types)} is passed to its block"
        )


def _verify_end(
    op: Operation,
    region: Region,
    terminator: type[Terminator],
    types: Sequence[Attribute],
) -> None:
    """The only block of a region ends by passing on values of these types."""
    if len(region.blocks) > 1:
        _reject(op, "takes one basic block in each of its regions")
    last = region.block.last_op if region.blocks else None
    if isinstance(last, terminator):
        _verify_types(op, last, types)
    elif types or last is not None:
        _reject(op, f"needs '{terminator.name}' at the end of each of its regions")


def _verify_types(op: Operation, last: Terminator, types: Sequence[Attribute]) -> None:
    values = last.args if isinstance(last, scf.ConditionOp) else last.arguments
    found = [value.type for value in values]
    if found != list(types):
        _reject(
            last, f"passes on {_shown(found)}, but '{op.name}' expects {_shown(types)}"
        )


def _shown(types: Iterable[Attribute]) -> str:
    return ", ".join(map(str, types)) or "nothing"


def _reject(op: Operation, message: str) -> None:
    op.emit_error(f"'{op.name}': {message}", VerifyException(message))
