"""A benchmark program: an MLIR file, seeded inputs and an independent reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tapeflow.near_names import did_you_mean

Array: TypeAlias = NDArray[Any]
Inputs: TypeAlias = dict[str, Array]


PEER = "peer"
"""The size at which another differentiator was measured on the same computation
(`benchmarks/data/enzyme_tape.csv`); programs that it was not measured on lack it."""


class ProgramError(Exception):
    """An unknown program or size, inputs that do not fit, or a broken promise."""


@dataclass(frozen=True, slots=True)
class Program:
    """A scalar objective, written in MLIR and independently in NumPy.

    The MLIR file defines one function, named like the program, for every size.
    """

    name: str
    definition: str
    """One sentence: what the function computes."""
    wrt: tuple[int, ...]
    """Indices of the arguments to differentiate with respect to, ascending."""
    sizes: Mapping[str, Mapping[str, int]]
    """From size name to the keyword arguments of `draw`."""
    draw: Callable[..., tuple[Array, ...]]
    """`draw(rng, **sizes[size])`: the arguments in order, promises checked."""
    value_and_gradients: Callable[..., tuple[np.float64, tuple[Array, ...]]]
    """From the arguments to the objective and its gradients in the order of `wrt`.

    Leaves the arguments as they are. Complex arguments give a complex value, so
    that the complex-step derivative of the value can check the gradients.
    """

    @property
    def function(self) -> str:
        """Name of the function in the MLIR file."""
        return self.name

    @property
    def source_path(self) -> Path:
        """The MLIR file."""
        return Path(__file__).with_name(f"{self.name}.mlir")

    def make_inputs(self, size: str, seed: int = 0) -> Inputs:
        """Arguments `arg0`, `arg1`, ... of a size, equal for equal seeds.

        Scalars are 0-d arrays, index arguments are int64.
        Raises ProgramError for an unknown size.
        """
        if size == PEER and PEER not in self.sizes:
            raise ProgramError(
                f"{self.name} has no size 'peer': no measurement of another "
                f"differentiator is of this computation; valid: {', '.join(self.sizes)}"
            )
        if size not in self.sizes:
            message = unknown_name("size", size, tuple(self.sizes))
            raise ProgramError(f"{self.name}: {message}")
        arguments = self.draw(np.random.default_rng(seed), **self.sizes[size])
        return {f"arg{i}": np.asarray(a) for i, a in enumerate(arguments)}

    def reference(self, inputs: Inputs) -> tuple[np.float64, dict[int, Array]]:
        """Value and, by argument index, gradients shaped as the arguments.

        Raises ProgramError if an argument is missing.
        """
        names = [f"arg{i}" for i in range(len(inputs))]
        if missing := [name for name in names if name not in inputs]:
            raise ProgramError(f"{self.name}: inputs lack {', '.join(missing)}")
        arguments = [inputs[name] for name in names]
        value, gradients = self.value_and_gradients(*arguments)
        return value, dict(zip(self.wrt, gradients, strict=True))


def unknown_name(kind: str, name: str, valid: tuple[str, ...]) -> str:
    """The message for a name that is not among the valid ones, with a near match."""
    hint = did_you_mean(name, valid, mark="'")
    return f"unknown {kind} '{name}';{hint} valid: {', '.join(valid)}"


def draw_until_kept(
    draw: Callable[[], tuple[Array, ...]],
    broken_promise: Callable[..., str | None],
    attempts: int = 20,
) -> tuple[Array, ...]:
    """The first draw that keeps its promises.

    `broken_promise` takes the drawn arguments and says what is wrong with them, or
    None. Raises ProgramError with its last answer if every attempt fails.
    """
    reason = None
    for _ in range(attempts):
        arguments = draw()
        reason = broken_promise(*arguments)
        if reason is None:
            return arguments
    raise ProgramError(f"no suitable inputs in {attempts} draws: {reason}")
