"""What the integer ops of arith and math compute, as expression texts.

Results wrap at their width and no op traps: division by zero gives all ones and its
remainder the dividend (the rule of RISC-V), and a shift by the width or more shifts
everything out. Promises that an operation does not overflow are not looked at. Only
sizes do not wrap: they are index values that are not negative, or the unsigned distance
of two, and what exceeds the greatest index is that.
"""

from dataclasses import dataclass
from typing import Literal

from xdsl.dialects import arith, math
from xdsl.ir import Operation


@dataclass(frozen=True)
class IntegerRule:
    """An expression text, and how it sees its operands."""

    text: str
    view: Literal["signed", "unsigned", "word", "stored"] = "signed"
    """As a number between -2**(n-1) and 2**(n-1)-1, as one between 0 and 2**n-1 (64
    bits: by its bits), as a word of bits that only its order matters of, or the way
    the engines hold it."""
    wraps: bool = True
    """Whether the value of `text` must be cut to the width of the result."""


INTEGER_RESULTS: dict[type[Operation], IntegerRule] = {
    arith.AddiOp: IntegerRule("{0} + {1}"),
    arith.SubiOp: IntegerRule("{0} - {1}"),
    arith.MuliOp: IntegerRule("{0} * {1}"),
    arith.DivSIOp: IntegerRule("divide_signed({0}, {1})"),
    arith.DivUIOp: IntegerRule("divide_unsigned({0}, {1})", "unsigned"),
    arith.FloorDivSIOp: IntegerRule("divide_floor({0}, {1})"),
    arith.CeilDivSIOp: IntegerRule("divide_ceil({0}, {1})"),
    arith.CeilDivUIOp: IntegerRule("divide_ceil_unsigned({0}, {1})", "unsigned"),
    arith.RemSIOp: IntegerRule("remainder_signed({0}, {1})"),
    arith.RemUIOp: IntegerRule("remainder_unsigned({0}, {1})", "unsigned"),
    arith.MinSIOp: IntegerRule("min({0}, {1})"),
    arith.MaxSIOp: IntegerRule("max({0}, {1})"),
    arith.MinUIOp: IntegerRule("select(below({0}, {1}), {0}, {1})", "stored", False),
    arith.MaxUIOp: IntegerRule("select(below({0}, {1}), {1}, {0})", "stored", False),
    arith.AndIOp: IntegerRule("{0} & {1}", "stored", False),
    arith.OrIOp: IntegerRule("{0} | {1}", "stored", False),
    arith.XOrIOp: IntegerRule("{0} ^ {1}", "stored", False),
    arith.ShLIOp: IntegerRule("shift_left({0}, {1}, {bits})"),
    arith.ShRUIOp: IntegerRule("shift_right_zero({0}, {1}, {bits})"),
    arith.ShRSIOp: IntegerRule("shift_right_sign({0}, {1}, {bits})"),
    math.AbsIOp: IntegerRule("abs({0})"),
    math.CountLeadingZerosOp: IntegerRule("leading_zeros({0}, {bits})"),
    math.CountTrailingZerosOp: IntegerRule("trailing_zeros({0}, {bits})"),
    math.CtPopOp: IntegerRule("ones({0}, {bits})"),
    math.IPowIOp: IntegerRule("integer_power({0}, {1})"),
}
"""Ops with one result, of the operands' type."""

SIZE_BITS = 64

SIZE_RESULTS: dict[type[Operation], IntegerRule] = {
    arith.AddiOp: IntegerRule("add_sizes({0}, {1})", wraps=False),
    arith.SubiOp: IntegerRule("size_between({1}, {0})", wraps=False),
    arith.MuliOp: IntegerRule("multiply_sizes({0}, {1})", wraps=False),
    arith.CeilDivUIOp: IntegerRule("divide_sizes({0}, {1})", wraps=False),
}
"""Operations marked as arithmetic of sizes: they stop at 2**63 - 1.

A quotient by 0 is 0: a loop with step 0, which is refused, takes no room before.
"""

ONE_BIT_RESULTS: dict[type[Operation], IntegerRule] = {
    arith.MinSIOp: IntegerRule("{0} | {1}", "stored", False),
    arith.MaxSIOp: IntegerRule("{0} & {1}", "stored", False),
    arith.MinUIOp: IntegerRule("{0} & {1}", "stored", False),
    arith.MaxUIOp: IntegerRule("{0} | {1}", "stored", False),
}
"""What the order of truth values comes down to; true is -1 where it has a sign."""

EXTENDED_HIGH: dict[type[Operation], IntegerRule] = {
    arith.MulSIExtendedOp: IntegerRule("high_product({0}, {1}, {bits})"),
    arith.MulUIExtendedOp: IntegerRule(
        "high_product_unsigned({0}, {1}, {bits})", "unsigned"
    ),
}
"""The upper half of a product twice as wide as its factors."""

INTEGER_COMPARISONS: tuple[IntegerRule, ...] = (
    IntegerRule("{0} == {1}", "stored"),
    IntegerRule("{0} != {1}", "stored"),
    IntegerRule("{0} < {1}"),
    IntegerRule("{0} <= {1}"),
    IntegerRule("{0} > {1}"),
    IntegerRule("{0} >= {1}"),
    IntegerRule("below({0}, {1})", "word"),
    IntegerRule("not below({1}, {0})", "word"),
    IntegerRule("below({1}, {0})", "word"),
    IntegerRule("not below({0}, {1})", "word"),
)
"""By the predicate's number: eq ne slt sle sgt sge ult ule ugt uge."""


def viewed(text: str, bits: int, view: str) -> str:
    """An operand's text the way a rule sees it."""
    if view == "stored" or (view != "unsigned" and bits > 1):
        return text
    if bits == 1:
        return f"(-int({text}))" if view == "signed" else f"int({text})"
    return text if bits == 64 else f"({text} & {2**bits - 1})"


def wrapped(bits: int, text: str) -> str:
    """The value of `text` cut to a width; one bit gives a truth value."""
    return f"(({text}) & 1) != 0" if bits == 1 else f"wrap({text}, {bits})"


def integer_text(rule: IntegerRule, bits: int, operands: int) -> str:
    """The expression of a rule at a width, with `{0}` ... for the operands."""
    views = [viewed(f"{{{i}}}", bits, rule.view) for i in range(operands)]
    text = rule.text.format(*views, bits=bits)
    return wrapped(bits, text) if rule.wraps else text
