"""Several files appear together or not at all."""

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tapeflow.tools.interruption import Stopped, exit_code_of, signals_raised
from tapeflow.tools.output_files import OutputError, is_standard_output, write_outputs


def writes(text: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(text)

    return write


def fails(error: BaseException) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    return write


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Two files, the first of which exists."""
    (tmp_path / "a").write_bytes(b"old")
    return [tmp_path / "a", tmp_path / "b"]


def is_untouched(paths: list[Path]) -> bool:
    return paths[0].read_bytes() == b"old" and os.listdir(paths[0].parent) == ["a"]


def test_all_are_written(paths):
    paths[0].chmod(0o640)
    write_outputs(dict.fromkeys(paths, writes(b"new")))
    assert [path.read_bytes() for path in paths] == [b"new", b"new"]
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o640
    assert sorted(os.listdir(paths[0].parent)) == ["a", "b"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped(15), ValueError()])
def test_none_is_written_if_one_cannot_be_made(paths, error):
    with pytest.raises(type(error)):
        write_outputs({paths[0]: writes(b"new"), paths[1]: fails(error)})
    assert is_untouched(paths)


def test_none_is_written_if_the_disk_is_full(paths):
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OutputError, match="b: cannot be written: No space"):
        write_outputs({paths[0]: writes(b"new"), paths[1]: fails(full)})
    assert is_untouched(paths)


def test_none_is_written_if_a_device_is_full(paths):
    with pytest.raises(OutputError, match="/dev/full: cannot be written: No space"):
        write_outputs({path: writes(b"new") for path in (*paths, Path("/dev/full"))})
    assert is_untouched(paths)


def test_a_device_gets_nothing_if_a_file_cannot_be_made(paths):
    reading, writing = os.pipe()
    device = Path(f"/dev/fd/{writing}")
    with pytest.raises(ValueError):
        write_outputs({device: writes(b"new"), paths[0]: fails(ValueError())})
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read() == b""


@pytest.mark.parametrize("has_links", [True, False])
def test_none_is_written_if_one_cannot_be_renamed(paths, monkeypatch, has_links):
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    new = paths[0].with_name("new")
    in_the_way = paths[1]

    def write_and_block(file: BinaryIO) -> None:
        file.write(b"new")
        in_the_way.mkdir()

    files = {paths[0]: writes(b"new"), new: writes(b"new"), paths[1]: write_and_block}
    with pytest.raises(OutputError, match="b: cannot be written: Is a directory"):
        write_outputs(files)
    in_the_way.rmdir()
    assert is_untouched(paths)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_all_are_renamed(paths, monkeypatch, number):
    rename = Path.replace

    def rename_and_signal(self: Path, target: Path) -> Path:
        moved = rename(self, target)
        signal.raise_signal(number)
        return moved

    monkeypatch.setattr(Path, "replace", rename_and_signal)
    with pytest.raises(KeyboardInterrupt) as interrupt, signals_raised():
        write_outputs(dict.fromkeys(paths, writes(b"new")))
    assert exit_code_of(interrupt.value) == 128 + number
    assert [path.read_bytes() for path in paths] == [b"new", b"new"]
    assert sorted(os.listdir(paths[0].parent)) == ["a", "b"]


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_raised():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_standard_output_is_known(tmp_path):
    assert is_standard_output(Path("/dev/stdout"))
    assert not is_standard_output(tmp_path / "new")
