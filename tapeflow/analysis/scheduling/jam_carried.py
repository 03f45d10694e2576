"""Carried values that iterations side by side need before the one before has them.

Those that grow by the same in each iteration are known ahead, as the next free place of
a tape is to which an inner loop pushes; others keep iterations in their order.
"""

from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.scheduling.dependences import carried_number
from tapeflow.analysis.scheduling.jam_nests import Body, Nest, Problem

_OUTSIDE = -1
"""The part of what is known before the loop, in front of all others."""

Ahead: TypeAlias = dict[SSAValue, Polynomial]
"""Carried values that copies take before the copy before has computed them, with what
they grow by from iteration to iteration."""


def carried_ahead(body: Body, copies: int, forms: SubscriptForms) -> Ahead | Problem:
    """The carried values that iterations take before the one before has them."""
    loop = body.nest.loop
    places = _places(body.nest)
    values = yielded(loop.body.block)
    _, *arguments = loop.body.block.args
    known = [_OUTSIDE] * len(arguments)
    """By argument, the part behind which all iterations but the first have it."""
    for _ in range(1, copies):
        for number, value in enumerate(values):
            at = carried_number(value, loop)
            part = known[at] if at is not None else _place_of(value, places)
            known[number] = max(known[number], part)
    ahead: Ahead = {}
    for number, argument in enumerate(arguments):
        if number in body.apart:
            continue
        early = _early_use(argument, known[number], places, loop)
        if early is not None:
            growth = forms.growth(loop, number)
            if growth is None or not isinstance(argument.type, IndexType):
                reason = "a carried value is taken before the iteration before has it"
                return Problem(reason, early)
            ahead[argument] = growth
    return ahead


def _early_use(
    argument: SSAValue,
    known: int,
    places: dict[Operation | None, tuple[int, bool]],
    loop: scf.ForOp,
) -> Operation | None:
    """A use of a carried value in a part in which it is not known yet."""
    for use in argument.uses:
        top = loop.body.block.find_ancestor_op_in_block(use.operation)
        at, is_run = places.get(top, (known, True))
        if at < known or (at == known and not is_run):
            return use.operation
    return None


def _places(nest: Nest) -> dict[Operation | None, tuple[int, bool]]:
    """By operation of the body but its end, the part it is in, and if that is a run."""
    found: dict[Operation | None, tuple[int, bool]] = {}
    for number, part in enumerate(nest.parts):
        if isinstance(part, Nest):
            found[part.loop] = number, False
        else:
            found |= dict.fromkeys(part.operations, (number, True))
    return found


def _place_of(value: SSAValue, places: dict[Operation | None, tuple[int, bool]]) -> int:
    """The part that computes a value."""
    owner = value.owner
    known = places.get(owner) if isinstance(owner, Operation) else None
    return _OUTSIDE if known is None else known[0]
