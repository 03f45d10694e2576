"""A known mistake in the product."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A mistake, and the text that it replaces once in a file below `tapeflow/`."""

    name: str
    path: str
    right: str
    wrong: str
    needs: str = ""
    """A construct without which a program cannot show it, and is not run."""
    levels: bool = False
    """Whether it shows only after the passes below the abstract tape."""
