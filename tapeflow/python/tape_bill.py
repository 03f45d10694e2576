"""What a gradient saves, as a table that prints by itself."""

from dataclasses import dataclass, field
from io import StringIO

from rich.console import Console

from tapeflow.python.specialisation import Specialisation
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.tape.report import (
    Subject,
    TapeReport,
    abstract_tape_passes,
    bill_for,
    report_for,
)
from tapeflow.tools.tape.table import show_tape

WIDTH = 88
"""Columns of the table where it is printed as text."""


@dataclass(frozen=True)
class ShownBill:
    """The bill of a gradient's tape."""

    report: TapeReport = field(repr=False)

    @property
    def total_bytes(self) -> int | None:
        """The most on the tape at a time; None where sizes are not known."""
        return self.report.chosen.total_bytes

    @property
    def total_formula(self) -> str:
        """The same as a formula of the function's sizes."""
        return str(self.report.chosen.bill.peak)

    def __str__(self) -> str:
        text = StringIO()
        show_tape(Console(file=text, width=WIDTH), self.report)
        return text.getvalue().rstrip()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        console = Console(record=True, width=WIDTH, file=StringIO())
        show_tape(console, self.report)
        return console.export_html(inline_styles=True)


def bill_of(
    special: Specialisation,
    wrt: tuple[int, ...],
    request: GradientRequest | None,
    pipeline: FittedPipeline,
) -> ShownBill:
    """The bill of a gradient; with a request also counted by a run."""
    passes = abstract_tape_passes(pipeline.passes)
    if request is not None:
        subject = Subject.of_request(request, pipeline.passes)
    else:
        special.signature.require_differentiable(wrt)
        special.signature.require_objective()
        subject = Subject(
            special.source.module,
            special.context,
            special.signature,
            wrt,
            (),
            passes,
            None,
            {},
        )
    return ShownBill(report_for(subject, bill_for(subject), "compiled"))
