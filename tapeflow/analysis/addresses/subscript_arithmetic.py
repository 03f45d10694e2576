"""Which operations compute nothing but subscripts that are checked."""

from collections.abc import Callable

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, Use
from xdsl.traits import is_side_effect_free


def subscript_arithmetic(
    function: FuncOp, is_checked: Callable[[Use], bool]
) -> set[Operation]:
    """The arithmetic all of whose results are used, and by such operations alone.

    Args:
        is_checked: whether a use is a subscript that is there to be checked.
    """
    found: set[Operation] = set()
    # Users come behind what they use, so one way back sees them first.
    for op in reversed([*function.walk()]):
        uses = [use for result in op.results for use in result.uses]
        if (
            uses
            and not op.regions
            and op.dialect_name() == "arith"
            and is_side_effect_free(op)
            and all(use.operation in found or is_checked(use) for use in uses)
        ):
            found.add(op)
    return found
