"""What the reference engine works out once per block, not once per execution."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.interpreter import InterpreterFunctions
from xdsl.ir import Operation

from tapeflow.backend.semantics.micro_operations import Costs

Implementation = Callable[..., Any]
"""Of one op class: (functions, interpreter, op, operand values) to an OpImplResult."""


@dataclass(frozen=True, slots=True)
class Step:
    """One op of a block, with its values' places in the frame of its function."""

    op: Operation
    run: Implementation
    functions: InterpreterFunctions
    operands: tuple[int, ...]
    results: tuple[int, ...]
    costs: Costs | None
    """None for ops that keep time themselves, and without a machine."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """A block: its arguments, its ops, and what its terminator yields."""

    arguments: tuple[int, ...]
    steps: tuple[Step, ...]
    yielded: tuple[int, ...]


class Frame:
    """Values and ready times of one call, by place."""

    __slots__ = ("times", "values")

    def __init__(self, size: int):
        self.values: list[Any] = [None] * size
        self.times: list[int] = [0] * size
