"""Index values that no run brings near the ends of 64 bits.

What counts up from a small number in small steps takes centuries to get to 2**63, so
sums with it need no guard. Nothing of the kind is known of numbers from memory and of
arguments: a loop may begin at 2**63 - 4.
"""

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Block, SSAValue

from tapeflow.analysis.integers.intervals import integer_width
from tapeflow.analysis.ir.constants import constant_of

_SMALL = 1 << 20
"""Steps and numbers in the text up to this size are small."""
_NARROW = 32
"""Bits of types that hold only small numbers."""
_DEEPEST = 8
"""Sums of sums that are looked into."""


def is_small(value: SSAValue) -> bool:
    """Whether a value is a number in the text that is near 0."""
    number = constant_of(value)
    return number is not None and abs(number) <= _SMALL


def is_narrow(value: SSAValue) -> bool:
    """Whether the type of a value holds only numbers that are near 0."""
    width = integer_width(value.type)
    return width is not None and width <= _NARROW


def stays_in_range(value: SSAValue, depth: int = _DEEPEST) -> bool:
    """Whether a value is far from the ends of 64 bits in every run that ends.

    It is a small number, has a narrow type, is an extent, counts up from such a value
    in small steps, or is the sum or the difference of two of them.
    """
    if is_small(value) or is_narrow(value):
        return True
    if depth == 0:
        return False
    owner = value.owner
    if isinstance(owner, Block):
        loop = owner.parent_op()
        if not isinstance(loop, scf.ForOp) or value is not owner.args[0]:
            return False
        return is_small(loop.step) and stays_in_range(loop.lb, depth - 1)
    if isinstance(owner, memref.DimOp):
        return True
    if isinstance(owner, arith.AddiOp | arith.SubiOp | arith.IndexCastOp):
        return all(stays_in_range(operand, depth - 1) for operand in owner.operands)
    return False
