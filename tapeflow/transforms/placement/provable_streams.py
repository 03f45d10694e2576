"""Which regions of a function would not be proved safe on chip."""

from collections.abc import Iterator, Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.streams.check import check_streams
from tapeflow.dialects.tape import AllocateOp, is_tiled
from tapeflow.transforms.building.copies import copy_with_callees
from tapeflow.transforms.streams.assign_scratchpad import AssignScratchpadPass

MOST_ROUNDS = 3
"""How often regions are left behind the cache before all of a function are."""
_NUMBER = "tape.number"


def unprovable_regions(
    function: FuncOp, context: Context, passes: Sequence[ModulePass]
) -> dict[int, str]:
    """Put a copy of a function on chip, and check it.

    A copy for which there is no room has no such regions: the passes that put the
    function itself on chip tell why not.

    Args:
        passes: what puts regions that say where they live on chip.

    Returns:
        By number of the region, in the order of their allocations, what is not
        provable. That may be due to another region that is not provable. What is
        refuted is not meant: it would be as wrong behind the cache.
    """
    copied, module = copy_with_callees(function)
    for number, region in enumerate(_regions(copied)):
        region.attributes[_NUMBER] = IntegerAttr(number, i64)
    numbers: list[int] = []
    try:
        for pass_ in passes:
            if isinstance(pass_, AssignScratchpadPass):
                numbers = [
                    _number(one) for one in _regions(copied) if is_tiled(one.tape)
                ]
            pass_.apply(context, module)
    except DiagnosticException:
        return {}
    # Rings stand where the regions stood.
    verdicts = zip(numbers, check_streams(copied, function), strict=True)
    return {n: one.reason for n, one in verdicts if one.answer == "not provable"}


def _regions(function: FuncOp) -> Iterator[AllocateOp]:
    return (op for op in function.walk() if isinstance(op, AllocateOp))


def _number(region: AllocateOp) -> int:
    attribute = region.attributes[_NUMBER]
    assert isinstance(attribute, IntegerAttr)
    return attribute.value.data
