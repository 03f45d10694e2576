"""How to choose between saving a value and getting it back in another way."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

PolicyName: TypeAlias = Literal["min-cut", "save-all", "recompute"]

POLICY = "tape.policy"
"""Attribute of a function or loop: the policy for what is computed inside; or of a
request, in place of the function's."""


@dataclass(frozen=True)
class TapePolicy:
    """A choice of what goes on the tape.

    `save-all` saves every needed value that is not at hand for one cheap operation,
    `recompute` saves as few bytes as possible, `min-cut` takes the cheapest mixture.
    """

    name: PolicyName = "min-cut"
    operations_per_byte: float = 8.0
    """Additions that are worth as much as writing and reading a byte of tape."""
    assumed_trips: int = 64
    """Iterations assumed of a loop whose trip count is not a constant."""


POLICIES: tuple[PolicyName, ...] = get_args(PolicyName)
POLICY_MEANINGS: dict[PolicyName, str] = {
    "min-cut": "The cheapest mixture of saving and getting back, by a minimum cut.",
    "save-all": "Save what is not at hand for a load or one cheap operation.",
    "recompute": "The fewest bytes, whatever it costs to get values back.",
}


def own_policy(op: Operation) -> PolicyName | None:
    """The policy that an operation asks for itself, if it is a valid one."""
    asked = op.attributes.get(POLICY)
    if isinstance(asked, StringAttr):
        return next((name for name in POLICIES if name == asked.data), None)
    return None
