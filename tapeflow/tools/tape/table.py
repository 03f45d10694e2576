"""The tape bill as tables for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from hwmodel import Machine
from tapeflow.analysis.tape_size.asymptotics import Asymptotics
from tapeflow.analysis.tape_size.bill import SavedValue
from tapeflow.analysis.tape_size.formula import SizeFormula
from tapeflow.backend.execute import Engine
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.tables import count, show
from tapeflow.tools.tape.report import (
    PolicyBill,
    Subject,
    TapeReport,
    bill_for,
    report_for,
)

NOT_STATED = "not stated"
WIDEST = 44
"""Characters of a name or a formula before it is wrapped."""


def show_tape(console: Console, report: TapeReport) -> None:
    """Print the whole bill."""
    chosen = report.chosen
    function = report.subject.signature.function
    if not chosen.bill.values:
        console.print(
            f"The gradient of @{function} needs no tape: nothing is saved (policy "
            f"{chosen.policy}).",
            highlight=False,
            soft_wrap=True,
        )
        show(console, [policies_table(report.policies)], _exchange(report))
        return
    heading = f"tape of @{function}, policy {chosen.policy}: {_total(chosen)}"
    values = _by_size(chosen)
    show(console, [values_table(chosen, values, heading)], reasons(values))
    console.print()
    tables = [policies_table(report.policies)]
    show(console, tables, [*notes_on(chosen), *_exchange(report)])


def beside_machine(bill: PolicyBill, machine: Machine) -> str | None:
    """The size of a tape beside the SRAM of a machine; None if it is not known."""
    if not bill.total_bytes or not machine.sram_bytes:
        return None
    ratio = bill.total_bytes / machine.sram_bytes
    return (
        f"On machine {machine.name} the tape is {ratio:.3g} times the SRAM of "
        f"{machine.sram_bytes:,} bytes."
    )


def _exchange(report: TapeReport) -> list[str]:
    """What the minimum cut took bytes and unknown loops to be worth."""
    pass_ = report.subject.exchange
    if pass_ is None:
        return []
    return [
        f"In min-cut a byte of tape is worth {pass_.operations_per_byte:g} additions "
        "(operations-per-byte), and a loop of unknown length counts as "
        f"{pass_.assumed_trips} iterations (assumed-trips)."
    ]


def show_tapes(
    console: Console,
    request: GradientRequest,
    pipelines: Sequence[FittedPipeline],
    engine: Engine,
) -> None:
    """Print the bill of a request once for each tape that the pipelines start from."""
    subjects: dict[str, Subject] = {}
    for pipeline in pipelines:
        subject = Subject.of_request(request, pipeline.passes)
        key = ",".join(
            str(pass_.spec(include_default=True)) for pass_ in subject.passes
        )
        subjects.setdefault(key, subject)
    for subject in subjects.values():
        report = report_for(subject, bill_for(subject), engine)
        show_tape(console, report)
        for warning in warnings_on(report.chosen):
            console.print(f"warning: {warning}", highlight=False, soft_wrap=True)


def _total(bill: PolicyBill) -> str:
    formula = bill.bill.peak
    number = bill.total_bytes
    if number is None or not formula.names:
        return f"{formula} bytes"
    if not formula.is_bound:
        return f"{number:,} bytes = {formula}"
    return f"{'at most ' if bill.profile is None else ''}{number:,} bytes, {formula}"


def _by_size(bill: PolicyBill) -> list[SavedValue]:
    """The saved values, the largest first where sizes are given."""
    return sorted(bill.bill.values, key=lambda value: -(bill.bytes_of(value) or 0))


def values_table(bill: PolicyBill, values: Sequence[SavedValue], heading: str) -> Table:
    """One numbered row a saved value."""
    table = _table(heading, leading=1)
    has_numbers = any(bill.bytes_of(value) is not None for value in values)
    table.add_column("", justify="right", no_wrap=True)
    if has_numbers:
        table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column("saved value", max_width=WIDEST, overflow="fold")
    table.add_column("bytes as formula", max_width=WIDEST, overflow="fold")
    if bill.profile is not None:
        table.add_column("lives for\noperations", justify="right", no_wrap=True)
    for number, value in enumerate(values, 1):
        numbers = [_bytes(bill, value)] if has_numbers else []
        lives = [_life(bill, value)] if bill.profile is not None else []
        what = f"{value.name}: {value.type}\n{_places(value)}"
        table.add_row(f"{number}", *numbers, what, str(value.peak), *lives)
    return table


def reasons(values: Sequence[SavedValue]) -> list[str]:
    """Why each value is saved and what else could be done, numbered as in the table."""
    return [f"{number}. {_why(value)}" for number, value in enumerate(values, 1)]


def _table(heading: str, leading: int = 0) -> Table:
    return Table(
        title=heading,
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        leading=leading,
    )


def _bytes(bill: PolicyBill, value: SavedValue) -> str:
    number, total = bill.bytes_of(value), bill.total_bytes
    if number is None:
        return "-"
    if not total:
        return f"{number:,}"
    share = number / total
    return f"{number:,}\n{'<1%' if 0 < share < 0.01 else f'{share:.0%}'}"


def _life(bill: PolicyBill, value: SavedValue) -> str:
    profile = bill.profile_of(value)
    if profile is None:
        return "-"
    return count(round(profile.mean_lifetime_operations))


def _places(value: SavedValue) -> str:
    """`line 12 (math.exp), read in 18, 19`"""
    line = "line ?" if value.line is None else f"line {value.line}"
    written = [n for n in value.written if n != value.line]
    return (
        f"{line} ({value.definition})"
        + (f", written in {_list(written)}" if written else "")
        + (f"\nread in {_list(value.read)}" if value.read else "")
    )


def _list(lines: Sequence[int]) -> str:
    """At most six lines, a dash for the rest."""
    shown = ", ".join(map(str, lines[:6]))
    return f"{shown}, ..." if len(lines) > 6 else shown


def _why(value: SavedValue) -> str:
    reason = value.reason or NOT_STATED
    again = ""
    if value.repeated_in:
        where = "loop in line" if len(value.repeated_in) == 1 else "loops in lines"
        again = (
            f"; saved again in each iteration of the {where} "
            f"{_list(value.repeated_in)}, where it does not change"
        )
    other = ""
    if value.alternative is not None:
        other = f"; else: {value.alternative}"
        if value.alternative_price is not None:
            other += f", {value.alternative_price:,.4g} operations an entry"
    return f"{reason}{again}{other}"


def policies_table(bills: Sequence[PolicyBill]) -> Table:
    """What each policy gives."""
    table = _table("what each policy would give")
    table.add_column("policy", no_wrap=True)
    table.add_column("tape bytes", justify="right", no_wrap=True)
    table.add_column("operations", justify="right", no_wrap=True)
    table.add_column("tape bytes as formula", max_width=2 * WIDEST, overflow="fold")
    for bill in bills:
        operations = None if bill.profile is None else bill.profile.operations
        table.add_row(
            str(bill.policy),
            _number(bill.total_bytes),
            _number(operations),
            str(bill.bill.peak),
        )
    return table


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def notes_on(bill: PolicyBill) -> list[str]:
    """Sentences below the tables."""
    data = _amount(bill.data_bytes, bill.bill.data)
    notes = [f"The program's own data: {data}."]
    share = bill.share_of_working_set
    if share is not None:
        notes[0] += f" The tape is {share:.0%} of the working set."
    if bill.pushed_bytes != bill.total_bytes:
        pushed = _amount(bill.pushed_bytes, bill.bill.pushed)
        notes.append(
            f"Written to the tape in all: {pushed}; loops that run forward and at "
            "once in reverse use its memory again."
        )
    notes += [f"note: {g}." for g in bill.bill.asymptotics if not g.is_of_arrays]
    return notes


def _amount(number: int | None, formula: SizeFormula) -> str:
    text = f"{formula} bytes"
    return text if number is None else f"{number:,} bytes ({formula})"


def warnings_on(bill: PolicyBill) -> list[str]:
    """What is probably not meant, and what should never be."""
    return [
        *(_cause(g, bill) for g in bill.bill.asymptotics if g.is_of_arrays),
        *bill.mismatches(),
    ]


def _cause(terms: Asymptotics, bill: PolicyBill) -> str:
    """How the tape grows, and the values that cause it."""
    causes = [
        f"{value.name} (line {value.line})"
        for value in bill.bill.values
        if terms.drives(value.peak)
    ]
    return f"{terms}, because of {', '.join(dict.fromkeys(causes))}"
