"""How to choose between saving a value and computing it again."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

PolicyName: TypeAlias = Literal["min-cut", "save-all", "recompute"]


@dataclass(frozen=True)
class TapePolicy:
    """A choice of what goes on the tape.

    `save-all` saves every needed value that is not at hand for one cheap operation,
    `recompute` computes again whatever can be, `min-cut` takes the cheapest mixture.
    """

    name: PolicyName = "min-cut"
    operations_per_byte: float = 1.0
    """Additions that are worth as much as writing and reading a byte of tape."""
    assumed_trips: int = 64
    """Iterations assumed of a loop whose trip count is not a constant."""
