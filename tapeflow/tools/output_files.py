"""Files written whole or not at all: beside the target first, then renamed."""

import contextlib
import errno
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from tapeflow.frontend.input_files import tell_wait

Writer: TypeAlias = Callable[[BinaryIO], None]


class OutputError(Exception):
    """A file that cannot be written."""


def check_outputs(outputs: Mapping[str, Path | None], inputs: tuple[Path, ...]) -> None:
    """Refuse what could not be written later, before any time is spent.

    `outputs` maps option names to paths; None stands for an option not given.

    Raises:
        OutputError: no such directory, not writable, named twice, or an input.
    """
    taken = {Path(os.path.realpath(path)): f"the input {path}" for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        _check_writable(path)
        target = _target(path)
        if target in taken and not _is_special(path):
            raise OutputError(f"{option} {path} would overwrite {taken[target]}")
        taken[target] = f"the output of {option}"


def _check_writable(path: Path) -> None:
    if str(path) == "-":
        raise OutputError("-: is no file name here; standard output is /dev/stdout")
    if path.is_dir():
        raise OutputError(f"{path}: is a directory; give a file name")
    writable = path if _is_special(path) else _target(path).parent
    if not writable.exists():
        raise OutputError(f"{path}: there is no directory {writable}")
    if not os.access(writable, os.W_OK):
        raise OutputError(f"{path}: {writable} is not writable")


def _target(path: Path) -> Path:
    """The file behind all links, which need not exist."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OutputError(f"{path}: is a link that leads back to itself")
    return target


def write_outputs(writers: Mapping[Path, Writer]) -> None:
    """Write all files, or none of them; a file that exists keeps its permissions.

    Raises:
        OutputError: with the path and the reason of the system.
    """
    finished: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, write in writers.items():
            finished.append((_write_beside(path, write), _target(path)))
        while finished:
            temporary, path = finished[0]
            if temporary != path:
                temporary.replace(path)
            del finished[0]
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        for temporary, path in finished:
            if temporary != path:
                temporary.unlink(missing_ok=True)


def _write_beside(path: Path, write: Writer) -> Path:
    """The file holding the contents: a new one beside the target, or a device."""
    target = _target(path)
    if _is_special(path):
        contents = io.BytesIO()  # a device cannot be sought in
        write(contents)
        with _opened(path) as device:
            device.write(contents.getvalue())
        return target
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        temporary.chmod(_mode(target))
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _opened(device: Path) -> BinaryIO:
    """Something to write to; opening a pipe waits until somebody reads it."""
    if not device.is_fifo():
        return device.open("wb")
    try:
        descriptor = os.open(device, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        tell_wait(device, "reads")
        return device.open("wb")
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "wb")


def _mode(target: Path) -> int:
    """The permissions of the existing file, else those the umask leaves."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _is_special(path: Path) -> bool:
    """A device or a pipe, which must be written to and not replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()
