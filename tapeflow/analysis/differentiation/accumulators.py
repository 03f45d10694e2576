"""Loop-carried sums: values whose adjoint is the same in every iteration.

If a loop only adds to a carried value, d(result)/d(value) is 1 at every iteration, so
the adjoint of the result is known to each of them before the loop has run.
"""

from xdsl.dialects import arith, scf
from xdsl.ir import SSAValue


def is_accumulator(loop: scf.ForOp, position: int) -> bool:
    """Whether a loop does nothing with a carried value but add to it and yield it."""
    value: SSAValue = loop.body.block.args[1 + position]
    while True:
        uses = tuple(value.uses)
        if len(uses) != 1:
            return False
        (use,) = uses
        match use.operation:
            case scf.YieldOp() as terminator:
                return terminator.parent_op() is loop and use.index == position
            case arith.AddfOp() as addition:
                value = addition.result
            case arith.SubfOp() as subtraction if use.index == 0:
                value = subtraction.result
            case scf.ForOp() as inner if use.index >= 3:
                if not is_accumulator(inner, use.index - 3):
                    return False
                value = inner.results[use.index - 3]
            case _:
                return False
