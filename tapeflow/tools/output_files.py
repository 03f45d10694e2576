"""Files written whole or not at all: beside the target first, then renamed."""

import errno
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from tapeflow.frontend.input_files import tell_wait
from tapeflow.tools.interruption import signals_put_off

Writer: TypeAlias = Callable[[BinaryIO], None]


class OutputError(Exception):
    """A file that cannot be written."""


def check_outputs(outputs: Mapping[str, Path | None], inputs: tuple[Path, ...]) -> None:
    """Refuse what could not be written later, before any time is spent.

    `outputs` maps option names to paths; None stands for an option not given.

    Raises:
        OutputError: no such directory, not writable, named twice, or an input.
    """
    read = {Path(os.path.realpath(path)): f"the input {path}" for path in inputs}
    written: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        _check_writable(option, path)
        target = _target(path)
        # A terminal may be read and written.
        taken = written if _is_special(path) else read | written
        if target in taken and target != Path(os.devnull):
            raise OutputError(
                f"{option} {path} would overwrite {taken[target]}; give it another name"
            )
        written[target] = f"the output of {option}"


def _check_writable(option: str, path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{option} {path}: is a directory; give a file name")
    writable = path if _is_special(path) else _target(path).parent
    if not writable.exists():
        raise OutputError(
            f"{option} {path}: there is no directory {writable}; make it with "
            f"'mkdir -p {path.parent}'"
        )
    if not os.access(writable, os.W_OK):
        raise OutputError(f"{option} {path}: {writable} is not writable")


def _target(path: Path) -> Path:
    """The file behind all links, which need not exist."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OutputError(f"{path}: is a link that leads back to itself")
    return target


def is_standard_output(path: Path) -> bool:
    """Whether what is printed would get in between what a file gets."""
    try:
        return path.samefile("/dev/stdout")
    except OSError:
        return False


def write_outputs(writers: Mapping[Path, Writer]) -> None:
    """Write all files, or none of them; a file that exists keeps its permissions.

    All contents are made before the first file changes. What goes to a device or a pipe
    cannot be taken back, so it goes there next; then the files are renamed, which no
    signal interrupts.

    Raises:
        OutputError: with the path and the reason of the system.
    """
    beside: dict[Path, Path] = {}
    """New contents by target."""
    path = Path()
    try:
        sent: dict[Path, bytes] = {}
        for path, write in writers.items():
            if _is_special(path):
                contents = io.BytesIO()  # a device cannot be sought in
                write(contents)
                sent[path] = contents.getvalue()
            else:
                _write_beside(path, write, beside)
        for path, contents in sent.items():
            with _opened(path) as device:
                device.write(contents)
        with signals_put_off():
            _rename_all(beside)
    except OSError as error:
        name = error.filename2 or path
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from None
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)


def _write_beside(path: Path, write: Writer, beside: dict[Path, Path]) -> None:
    """Write a new file beside the target, and enter it in `beside`."""
    target = _target(path)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(descriptor, "wb") as file:
        beside[target] = Path(name)
        write(file)
    beside[target].chmod(_mode(target))


def _rename_all(beside: Mapping[Path, Path]) -> None:
    """Put each file in its target's place; where one cannot be, all are as before."""
    earlier: dict[Path, Path | None] = {}
    """Where the former contents of a target are; None if it had none."""
    try:
        for target, temporary in beside.items():
            is_alone = len(beside) == 1  # then there is nothing to take back
            earlier[target] = None if is_alone else _kept(target, temporary)
            temporary.replace(target)
    except OSError:
        for target, kept in earlier.items():
            if kept is not None:
                kept.replace(target)  # leaves both where both are the same file
                kept.unlink(missing_ok=True)
            elif not beside[target].exists():
                target.unlink()
        raise
    for kept in filter(None, earlier.values()):
        kept.unlink()


def _kept(target: Path, temporary: Path) -> Path | None:
    """A second name for what a target holds; None if it is no file."""
    if not target.is_file():
        return None
    kept = temporary.with_name(f"{temporary.name}.old")
    try:
        kept.hardlink_to(target)
    except OSError:  # there are file systems without
        target.rename(kept)
    return kept


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
