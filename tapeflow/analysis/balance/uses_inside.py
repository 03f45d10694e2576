"""Whether a value plays a part only where some loop runs."""

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import ancestors


def is_used_inside(value: SSAValue, is_loop: Callable[[Operation], bool]) -> bool:
    """Whether all that depends on a value stands in the bodies of some loops.

    Arithmetic outside of them counts as what is done with its result.
    """
    pending, seen = [value], {value}
    while pending:
        for use in pending.pop().uses:
            user = use.operation
            if any(is_loop(holder) for holder in ancestors(user)):
                continue
            if user.regions or not user.results or not is_side_effect_free(user):
                return False
            new = [result for result in user.results if result not in seen]
            seen.update(new)
            pending += new
    return True
