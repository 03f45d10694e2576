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


def unknown(what: str, name: str, valid: Iterable[str], kind: str) -> str:
    """The message for a name that there is not: the near one, else all valid ones."""
    spelt = {word.lower(): word for word in valid}
    near = difflib.get_close_matches(name.lower(), spelt, n=1)
    hint = f" did you mean {spelt[near[0]]}?" if near else ""
    return f"there is no {what} {name!r};{hint} {kind}: {', '.join(spelt.values())}"
