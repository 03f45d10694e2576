"""Let loops and branches carry more values than before.

scf.for ... iter_args(%a = %x) {       scf.for ... iter_args(%a = %x, %b = %y) {
  scf.yield %c                    ==>    scf.yield %c, %d
}                                      }

The bodies `take` further values and `hand_on` as many; then `with_carried` puts a new
operation around them.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.control_flow import LOOPS

ControlOp = TypeVar("ControlOp", bound=Operation)


def take(
    block: Block, types: Iterable[Attribute], names: Iterable[str | None]
) -> list[SSAValue]:
    """Further arguments of a block."""
    taken: list[SSAValue] = []
    for type_, name in zip(types, names, strict=True):
        argument = block.insert_arg(type_, len(block.args))
        argument.name_hint = name
        taken.append(argument)
    return taken


def hand_on(block: Block, values: Iterable[SSAValue]) -> None:
    """Let a block's terminator hand on further values."""
    terminator = block.last_op
    assert terminator is not None
    terminator.operands = (*terminator.operands, *values)


def with_carried(
    op: ControlOp, starts: Sequence[SSAValue], names: Iterable[str | None]
) -> ControlOp:
    """Replace a loop or branch whose blocks pass on further values behind the others.

    Args:
        starts: what a loop, whose blocks take them as arguments, has there at first; of
            a branch, values of the same types.
        names: hints for the further results.
    """
    carrying = type(op).create(
        operands=(*op.operands, *starts) if type(op) in LOOPS else op.operands,
        result_types=(*op.result_types, *(value.type for value in starts)),
        properties=op.properties,
        attributes=op.attributes,
        location=op.location,
        regions=[op.detach_region(region) for region in tuple(op.regions)],
    )
    Rewriter.insert_op(carrying, InsertPoint.before(op))
    hints = (*(result.name_hint for result in op.results), *names)
    for result, hint in zip(carrying.results, hints, strict=True):
        result.name_hint = hint
    for old, new in zip(op.results, carrying.results, strict=False):
        old.replace_all_uses_with(new)
    Rewriter.erase_op(op)
    return carrying
