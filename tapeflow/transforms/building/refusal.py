"""Refuse a program once, with all its problems and their places."""

from collections.abc import Sequence

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.utils.exceptions import PassFailedException

from tapeflow.analysis.ir.levels import Level, misplaced
from tapeflow.analysis.source.affine_problems import Problem


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


def require_level(
    module: ModuleOp, name: str, *levels: Level, takes_source: bool = False
) -> None:
    """Refuse a module in which a pass has nothing to do since it is at another level.

    The pass is for the first of `levels`, and the others are in order, too, as is a
    gradient whose tape is empty.

    Raises:
        DiagnosticException: tells the level, and which passes lead to the first one.
    """
    problem = misplaced(module, name, levels, takes_source=takes_source)
    refuse([] if problem is None else [problem])
