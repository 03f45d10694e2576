"""Loops whose iterations are cut in two, so that each half runs beside its neighbours'.

scf.if %some {                                   // %lower < %upper
  ...                                            // early half of the first
  scf.for %i = %second to %upper step %c1 {...}  // early ones, each beside a late
  ...                                            // late half of the last
}
"""

from xdsl.dialects import arith, scf
from xdsl.ir import SSAValue

from tapeflow.analysis.balance.facts import Staged
from tapeflow.analysis.ir.constants import constant_of

_SIGNED_LESS = 2


def staged_loop(kernel: scf.ForOp) -> Staged | None:
    """What a loop is the middle of, by its bounds; the halves may still not fit it."""
    branch, block = kernel.parent_op(), kernel.parent
    if not isinstance(branch, scf.IfOp) or branch.true_region.blocks[0] is not block:
        return None
    test, second = branch.cond.owner, kernel.lb.owner
    if not isinstance(test, arith.CmpiOp) or not isinstance(second, arith.AddiOp):
        return None
    if test.predicate.value.data != _SIGNED_LESS or test.rhs is not kernel.ub:
        return None
    if constant_of(kernel.step) != 1:
        return None
    lower: SSAValue = test.lhs
    if not (second.lhs is lower and constant_of(second.rhs) == 1):
        return None
    return Staged(branch, kernel, lower)
