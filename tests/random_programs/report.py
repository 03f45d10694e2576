"""What a run over many programs found, construct by construct."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from .compare import Outcome
from .levels import RingVerdict
from .runner import Finding

LEAST_PASSED = 0.9
"""A generator whose programs are refused more often tests too little."""


@dataclass
class Row:
    """The programs that have one construct."""

    drawn: int = 0
    passed: int = 0
    failed: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    """Why the others were."""

    @property
    def always_passes(self) -> bool:
        return self.passed == self.drawn


@dataclass
class Report:
    """Counts findings; those that have a construct of `apart` do not count as wrong."""

    apart: Collection[str] = ()
    every: Row = field(default_factory=Row)
    """All programs."""
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    rings: Counter[RingVerdict] = field(default_factory=Counter[RingVerdict])
    pipelines_refused: Counter[str] = field(default_factory=Counter[str])
    """Why single pipelines refused what passed otherwise."""
    failed: list[int] = field(default_factory=list[int])
    failed_apart: list[int] = field(default_factory=list[int])
    compared: int = 0
    elements: int = 0
    done: set[int] = field(default_factory=set[int])

    def add(self, finding: Finding) -> None:
        """Count one more program."""
        self.done.add(finding.seed)
        rows = [self.rows.setdefault(name, Row()) for name in finding.constructs]
        for row in (self.every, *rows):
            self._count(row, finding)
        match finding.answered:
            case Outcome(status="passed") as outcome:
                self.pipelines_refused.update(outcome.reasons)
                self.rings.update(outcome.rings)
                self.compared += outcome.compared
                self.elements += outcome.elements
            case Outcome():
                pass
            case _:
                is_apart = not finding.constructs.isdisjoint(self.apart)
                (self.failed_apart if is_apart else self.failed).append(finding.seed)

    def _count(self, row: Row, finding: Finding) -> None:
        row.drawn += 1
        match finding.answered:
            case Outcome(status="passed"):
                row.passed += 1
            case Outcome(reasons=reasons):
                row.refused.update(reasons[:1])
            case _:
                row.failed += 1

    @property
    def passes_enough(self) -> bool:
        """Whether so many of the programs pass that the generator is worth its time."""
        judged = self.every.drawn - len(self.failed_apart)
        return self.every.passed >= LEAST_PASSED * judged

    def next_seed(self, first: int) -> int:
        """The first program not done."""
        while first in self.done:
            first += 1
        return first
