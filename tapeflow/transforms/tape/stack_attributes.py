"""What is said of a stack that takes the place of several: names, reasons, prices."""

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import Float64Type, FloatAttr, StringAttr
from xdsl.ir import Attribute

from tapeflow.dialects.tape import StackOp

REASON = "tape.reason"
"""Attribute of a stack: why its value is saved."""
ALTERNATIVE = "tape.alternative"
"""Attribute of a stack: the cheapest way to do without it."""
ALTERNATIVE_PRICE = "tape.alternative_price"
"""Attribute of a stack: what that costs."""

_PREFIX = "tape_"
_NAMED = 3
"""Names that are told; the others are counted."""


def joined_name(hints: Iterable[str | None]) -> str | None:
    """`a_and_b` of `tape_a` and `tape_b`; names that are equal are told once."""
    names = [*dict.fromkeys(hint.removeprefix(_PREFIX) for hint in hints if hint)]
    more = len(names) - _NAMED
    if more > 0:
        names = [*names[:_NAMED], f"{more}_more"]
    return "_and_".join(names) or None


def stack_name(name: str | None) -> str | None:
    """The name of the stack that holds what has this name."""
    return name and f"{_PREFIX}{name}"


def describe_same(target: StackOp, stacks: Sequence[StackOp]) -> None:
    """Let one stack stand for several that hold the same values."""
    _describe(target, stacks)
    reasons = _texts(stacks, REASON)
    if reasons:
        target.attributes[REASON] = StringAttr("; ".join(dict.fromkeys(reasons)))


def describe_packed(target: StackOp, stacks: Sequence[StackOp]) -> None:
    """Let one stack stand for several whose values it holds side by side.

    To do without it means to do without each of them.
    """
    describe_same(target, stacks)
    alternatives = _texts(stacks, ALTERNATIVE)
    if alternatives:
        target.attributes[ALTERNATIVE] = StringAttr("; ".join(alternatives))
    prices = [stack.attributes.get(ALTERNATIVE_PRICE) for stack in stacks]
    price = _sum_of(prices)
    if price is not None:
        target.attributes[ALTERNATIVE_PRICE] = price


def _describe(target: StackOp, stacks: Sequence[StackOp]) -> None:
    for stack in stacks:
        for name, value in stack.attributes.items():
            target.attributes.setdefault(name, value)
    target.tape.name_hint = stack_name(
        joined_name(stack.tape.name_hint for stack in stacks)
    )


def _texts(stacks: Iterable[StackOp], name: str) -> list[str]:
    attributes = (stack.attributes.get(name) for stack in stacks)
    return [text.data for text in attributes if isinstance(text, StringAttr)]


def _sum_of(prices: Sequence[Attribute | None]) -> Attribute | None:
    """The sum of numbers or the list of texts; None where there is neither."""
    numbers = [price.value.data for price in prices if isinstance(price, FloatAttr)]
    if numbers:
        return FloatAttr(sum(numbers), Float64Type())
    texts = [price.data for price in prices if isinstance(price, StringAttr)]
    return StringAttr("; ".join(texts)) if texts else None
