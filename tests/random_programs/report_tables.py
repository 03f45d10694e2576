"""The report for people: a summary, then what needs a look, then what passes always.

It fits a terminal of 80 columns; names of constructs stay on one line.
"""

from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from .report import LEAST_PASSED, Report, Row


def show(console: Console, report: Report) -> None:
    """Print everything that the report says."""
    for line in _summary(report):
        console.print(line, markup=False, highlight=False)
    mixed = {name: row for name, row in report.rows.items() if not row.always_passes}
    if mixed:
        console.print()
        console.print(_table(mixed, report.every.refused))
    reasons = {
        "programs refused because": report.every.refused,
        "programs that single pipelines refused because": report.pipelines_refused,
        "rings not proved": _unproved(report),
    }
    for heading, counted in reasons.items():
        if counted:
            console.print(f"\n{heading}", markup=False)
            console.print(_counted(counted))
    always = {name: row for name, row in report.rows.items() if row.always_passes}
    if always:
        console.print("\nconstructs whose programs all pass, by programs drawn")
        console.print(_by_number(always))
    for line in _failures(report):
        console.print(line, markup=False, highlight=False)


def _summary(report: Report) -> list[str]:
    every, answers = report.every, Counter[str]()
    for verdict, times in report.rings.items():
        answers[verdict.answer] += times
    verdicts = ", ".join(f"{times:,} {what}" for what, times in answers.most_common())
    share = report.compared / max(1, report.elements)
    return [
        f"{every.drawn:,} programs drawn: {every.passed:,} passed, "
        f"{every.refused.total():,} refused, {every.failed:,} failed",
        f"{answers.total():,} rings" + (f": {verdicts}" if verdicts else ""),
        f"{share:.1%} of {report.elements:,} elements of gradients were compared "
        "with forward mode",
    ]


def _table(rows: Mapping[str, Row], reasons: Counter[str]) -> Table:
    """What fails comes first, then what is refused most often."""
    numbers = {
        reason: str(number)
        for number, (reason, _) in enumerate(reasons.most_common(), 1)
    }
    table = Table(box=None)
    table.add_column("construct", no_wrap=True)
    for name in ("drawn", "passed", "refused", "failed", "reason"):
        table.add_column(name, justify="right")

    def urgency(item: tuple[str, Row]) -> tuple[int, float, int, str]:
        name, row = item
        return -row.failed, -row.refused.total() / row.drawn, -row.drawn, name

    for name, row in sorted(rows.items(), key=urgency):
        counts = (row.drawn, row.passed, row.refused.total(), row.failed)
        why = next((numbers[reason] for reason, _ in row.refused.most_common(1)), "")
        table.add_row(name, *map(str, counts), why and f"({why})")
    return table


def _unproved(report: Report) -> Counter[str]:
    unproved = Counter[str]()
    for verdict, times in report.rings.items():
        if verdict.answer != "proved":
            unproved[f"{verdict.answer}: {verdict.reason}"] += times
    return unproved


def _counted(counted: Counter[str]) -> Table:
    """Each text with a number and how often it was counted, the most frequent first."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for number, (text, times) in enumerate(counted.most_common(), 1):
        table.add_row(f"  ({number})", str(times), text)
    return table


def _by_number(rows: Mapping[str, Row]) -> Table:
    """The constructs drawn equally often in one row, the most frequent first."""
    names: dict[int, list[str]] = {}
    for name, row in sorted(rows.items()):
        names.setdefault(row.drawn, []).append(name)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for drawn, alike in sorted(names.items(), reverse=True):
        table.add_row(f"  {drawn}", ", ".join(alike))
    return table


def _failures(report: Report) -> list[str]:
    lines: list[str] = [""]
    if report.failed_apart:
        lines.append(f"failed, of the constructs set apart: {report.failed_apart}")
    lines.append(f"failed: {sorted(report.failed) or 'none'}")
    if not report.passes_enough:
        lines.append(
            f"fewer than {LEAST_PASSED:.0%} of the programs pass: the generator "
            "draws too much that is refused or fails"
        )
    return lines
