"""Both models on one program: what each counts, and how far they are apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from hwmodel import Machine

from .model import simulate
from .recorder import record_program


@dataclass(frozen=True)
class Comparison:
    """One program at one pipeline."""

    program: str
    pipeline: str
    nodes: int
    compiled: Mapping[str, int]
    """What `hwmodel` counts."""
    by_event: Mapping[str, int]

    @property
    def counts(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Those of `hwmodel`, then those of the event-driven model."""
        return self.compiled, self.by_event

    def error(self, counter: str) -> float:
        """By how much of the event-driven model's count `hwmodel` is above it."""
        reference = self.by_event.get(counter, 0)
        difference = self.compiled[counter] - reference
        return difference / max(1, reference)


def compare(program: str, size: str, pipeline: str, machine: Machine) -> Comparison:
    """Record a program and run its trace through the event-driven model."""
    recording = record_program(program, size, pipeline, machine)
    return Comparison(
        program,
        pipeline,
        len(recording.trace.nodes),
        recording.counters.as_dict(),
        simulate(recording.trace, recording.machine),
    )
