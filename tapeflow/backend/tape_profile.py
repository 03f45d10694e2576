"""A run of a gradient at the abstract tape, with counts of what it saved."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tapeflow.backend.execute import DEFAULT_ENGINE, Engine, execute
from tapeflow.backend.gradient import CompiledGradient
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.signature import find_function
from tapeflow.transforms.tape.profile_tape import Slot, profile_tape, slot_of


@dataclass(frozen=True)
class StackProfile:
    """What went through one stack."""

    pushes: int
    peak_entries: int
    """The most entries at a time."""
    distinct_entries: int
    """Pushes less those of a value that a loop around them does not change."""
    lifetime_operations: int
    """Operations executed between push and pop, summed over the entries."""
    digest: int
    """Equal for stacks that were pushed equal bits in equal order."""

    @property
    def mean_lifetime_operations(self) -> float:
        """Operations between push and pop of one entry; 0 without entries."""
        return self.lifetime_operations / self.pushes if self.pushes else 0.0


@dataclass(frozen=True)
class TapeProfile:
    """What one run saved."""

    operations: int
    """Operations executed, forward and reverse, constants apart."""
    stacks: tuple[StackProfile, ...]
    """In the order of the stacks in the gradient function."""


def run_profiled(
    compiled: CompiledGradient,
    inputs: Mapping[str, Array],
    seeds: Mapping[str, Array] | None = None,
    engine: Engine = DEFAULT_ENGINE,
) -> TapeProfile:
    """Run a gradient whose tape still consists of stacks; it stays as it is.

    Raises:
        RequestError: an array is missing or does not fit.
        ExecutionError: the program cannot run.
    """
    module = compiled.module.clone()
    function = find_function(module, compiled.function)
    profile = np.zeros(profile_tape(function), np.int64)
    call = compiled.bind(inputs, seeds)
    execute(module, compiled.function, [*call.operands, profile], None, engine)
    first = slot_of(0, Slot.PUSHES)
    rows = profile[first:].reshape(-1, len(Slot)).tolist()
    return TapeProfile(int(profile[0]), tuple(map(_stack_profile, rows)))


def _stack_profile(row: list[int]) -> StackProfile:
    return StackProfile(
        pushes=row[Slot.PUSHES],
        peak_entries=row[Slot.PEAK],
        distinct_entries=row[Slot.DISTINCT],
        lifetime_operations=row[Slot.LIFETIME],
        digest=row[Slot.DIGEST],
    )
