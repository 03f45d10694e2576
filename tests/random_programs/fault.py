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
    levels: tuple[str, ...] | None = None
    """The pipelines after whose passes it shows; none for the passes in front of them
    all, None if it shows at once."""
