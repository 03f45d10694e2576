"""One function that compiled Python may call."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Builtin:
    """Static types, and LLVM instructions over `%0`, `%1`, ..., ending in `ret`."""

    parameters: tuple[str, ...]
    result: str
    body: str
    declarations: tuple[str, ...] = ()
    """LLVM declarations the body needs."""
    uses: tuple[str, ...] = ()
    """Other builtins the body calls."""
