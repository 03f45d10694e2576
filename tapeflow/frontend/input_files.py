"""Opens files that a user names; says what it waits for, where that is a pipe."""

import os
import select
import stat
import sys
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tapeflow.near_names import near_names

PATIENCE = 2.0
"""Seconds after which a wait is told."""


def open_input(path: Path) -> BinaryIO:
    """The contents of a file, which can be sought in, a pipe's included.

    Raises `OSError`.
    """
    if not stat.S_ISFIFO(path.stat().st_mode):
        return path.open("rb")
    # Opened so that a named pipe without a writer does not block before it is told.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        if not poll.poll(1000 * PATIENCE):
            tell_wait(path, "writes to")
            poll.poll()
        os.set_blocking(pipe.fileno(), True)
        return BytesIO(pipe.read())


def no_such_file(path: Path) -> str:
    """The message for a file that there is not, with one beside it of a near name."""
    try:
        beside = path.parent.glob(f"*{path.suffix}")
        names = {other.stem: other for other in beside}
    except OSError:
        return "no such file"
    near = near_names(path.stem, names)
    hint = f"; did you mean {names[near[0]]}?" if near else ""
    return f"no such file{hint}"


def tell_wait(path: Path, verb: str) -> None:
    """Say that a pipe needs somebody at its other end."""
    print(
        f"waiting until somebody {verb} the pipe {path}; Ctrl-C ends it",
        file=sys.stderr,
        flush=True,
    )
