"""The two plain exceptions of the machine model, and how several are told as one."""

import difflib
from collections.abc import Iterable


class MachineError(ValueError):
    """A machine description is wrong; the message names field, value and remedy."""


class SimulationError(RuntimeError):
    """A program broke a rule of the machine, or a byte count does not add up."""


def raise_all(problems: Iterable[str]) -> None:
    """Raise one MachineError that tells every problem, a line each; none is fine."""
    if told := "\n  ".join(problems):
        raise MachineError(told)


def near(name: str, valid: Iterable[str]) -> str:
    """` did you mean X?`, with a blank before it; "" where no name is near."""
    spelt = {word.lower(): word for word in valid}
    words = difflib.get_close_matches(name.lower(), spelt, n=1)
    return f" did you mean {spelt[words[0]]}?" if words else ""
