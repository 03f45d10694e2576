"""Tells once that the machine model is being compiled, which takes a while.

The model logs each kernel that it finds in no cache on disk, with Python's `logging`;
to listen, it need not be imported.
"""

import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

_LOGGER = logging.getLogger("hwmodel.compilation")
NOTICE = "compiling the machine model, once (about a minute) ..."


class _Notice(logging.Handler):
    """Says the notice on standard error at the first record."""

    def __init__(self, is_first: Callable[[], bool]):
        super().__init__()
        self._is_first = is_first
        self._is_told = False

    def emit(self, record: logging.LogRecord) -> None:
        if self._is_told:
            return
        self._is_told = True
        if self._is_first():
            over_progress = "\r\x1b[2K" if sys.stderr.isatty() else ""
            print(f"{over_progress}{NOTICE}", file=sys.stderr, flush=True)


def tell_compilation(is_first: Callable[[], bool] = lambda: True) -> logging.Handler:
    """From now on, tell it in this process.

    Args:
        is_first: whether no other process of the same command has told it.
    """
    handler = _Notice(is_first)
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    return handler


@contextmanager
def compilation_told() -> Generator[None]:
    """Within, a compilation is told."""
    handler = tell_compilation()
    try:
        yield
    finally:
        _LOGGER.removeHandler(handler)
