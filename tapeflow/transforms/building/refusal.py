"""Refuse a program once, with all its problems and their places."""

from collections.abc import Iterable, Sequence
from typing import NoReturn

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException

from tapeflow.analysis.ir.levels import Level, misplaced
from tapeflow.analysis.source.affine_problems import Problem


def refuse(op: Operation, message: str, also: Iterable[Problem] = ()) -> NoReturn:
    """Refuse a program for a problem of `op`, other problems below it.

    Raises:
        DiagnosticException: always.
    """
    lines = [message]
    for other, text in also:
        where = other.location
        place = ""
        if isinstance(where, FileLineColLoc):
            place = f"{where.filename.data}:{where.line.data}:{where.column.data}: "
        lines.append(f"{place}also: {text}")
    message = "\n".join(lines)
    op.emit_error(message, PassFailedException(message))


def refuse_all(problems: Sequence[Problem]) -> None:
    """Refuse a program with all its problems; none is fine.

    Raises:
        DiagnosticException: there is a problem.
    """
    if problems:
        (op, first), *others = problems
        refuse(op, first, others)


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
    if problem is not None:
        refuse(*problem)
