"""What a run over many programs found, construct by construct."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from rich.table import Table

from .compare import Outcome
from .runner import Finding

LEAST_PASSED = 0.9
"""A generator whose programs are refused more often tests too little."""


@dataclass
class _Row:
    drawn: int = 0
    passed: int = 0
    failed: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Report:
    """Counts findings; those that have a construct of `apart` do not count as wrong."""

    apart: Collection[str] = ()
    rows: dict[str, _Row] = field(default_factory=dict[str, _Row])
    notes: Counter[str] = field(default_factory=Counter[str])
    """Refusals of single pipelines, and verdicts on rings."""
    failed: list[int] = field(default_factory=list[int])
    failed_apart: list[int] = field(default_factory=list[int])
    compared: int = 0
    elements: int = 0
    done: set[int] = field(default_factory=set[int])

    def add(self, finding: Finding) -> None:
        """Count one more program."""
        self.done.add(finding.seed)
        for construct in ("any program", *finding.constructs):
            self._count(self.rows.setdefault(construct, _Row()), finding)
        match finding.answered:
            case Outcome(status="passed") as outcome:
                self.notes.update([*outcome.reasons, *outcome.rings])
                self.compared += outcome.compared
                self.elements += outcome.elements
            case Outcome():
                pass
            case _:
                is_apart = not finding.constructs.isdisjoint(self.apart)
                (self.failed_apart if is_apart else self.failed).append(finding.seed)

    def _count(self, row: _Row, finding: Finding) -> None:
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
        every = self.rows.get("any program", _Row())
        judged = every.drawn - len(self.failed_apart)
        return every.passed >= LEAST_PASSED * judged

    def next_seed(self, first: int) -> int:
        """The first program not done."""
        while first in self.done:
            first += 1
        return first

    def table(self) -> Table:
        """One row a construct, the rarest last."""
        table = Table("construct", box=None)
        for name in ("drawn", "passed", "refused", "failed"):
            table.add_column(name, justify="right")
        table.add_column("most common reason of refusal")
        for construct, row in sorted(self.rows.items(), key=lambda r: -r[1].drawn):
            reason = next((r for r, _ in row.refused.most_common(1)), "")
            numbers = (row.drawn, row.passed, row.refused.total(), row.failed)
            table.add_row(construct, *map(str, numbers), reason)
        return table

    def lines(self) -> list[str]:
        """What is not in the table."""
        notes = [f"{times:6d}  {what}" for what, times in self.notes.most_common()]
        share = self.compared / max(1, self.elements)
        lines = [
            *notes,
            f"{share:.1%} of {self.elements} elements of gradients were compared "
            "with forward mode",
        ]
        if self.failed_apart:
            lines.append(f"failed, of the constructs set apart: {self.failed_apart}")
        lines.append(f"failed: {sorted(self.failed) or 'none'}")
        if not self.passes_enough:
            lines.append(
                f"fewer than {LEAST_PASSED:.0%} of the programs pass: the generator "
                "draws too much that is refused or fails"
            )
        return lines
