"""Refuse a program once, with all its problems and their places."""

from collections.abc import Sequence

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.utils.exceptions import PassFailedException

from tapeflow.analysis.affine_problems import Problem


def refuse(problems: Sequence[Problem]) -> None:
    """Report problems, the first at its place and the others below; none is fine.

    Raises:
        DiagnosticException: there is a problem.
    """
    if not problems:
        return
    op, first = problems[0]
    lines = [first]
    for other, text in problems[1:]:
        where = other.location
        place = ""
        if isinstance(where, FileLineColLoc):
            place = f"{where.filename.data}:{where.line.data}:{where.column.data}: "
        lines.append(f"{place}also: {text}")
    message = "\n".join(lines)
    op.emit_error(message, PassFailedException(message))
