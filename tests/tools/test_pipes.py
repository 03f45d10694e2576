"""A pipe without anybody at its other end is waited for, but not in silence."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import BinaryIO

import pytest

from tapeflow.frontend import input_files
from tapeflow.frontend.input_files import open_input
from tapeflow.tools.array_files import read_arrays
from tapeflow.tools.output_files import write_outputs


def write_text(file: BinaryIO) -> None:
    file.write(b"text")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def test_a_wait_for_a_writer_is_told(pipe, threads, capfd, monkeypatch):
    monkeypatch.setattr(input_files, "PATIENCE", 0.01)
    reader = threads.submit(lambda: open_input(pipe).read())
    sleep(0.3)
    pipe.write_bytes(b"text")
    assert reader.result() == b"text"
    waiting = f"waiting until somebody writes to the pipe {pipe}; Ctrl-C ends it\n"
    assert capfd.readouterr().err == waiting


def test_arrays_come_through_a_pipe(pipe, threads, arrays, capfd):
    written = threads.submit(pipe.write_bytes, arrays("in", arg0=[1.0]).read_bytes())
    assert read_arrays(pipe)["arg0"] == [1.0]
    assert written.result() and not capfd.readouterr().err


def test_a_wait_for_a_reader_is_told(pipe, threads, capfd):
    written = threads.submit(write_outputs, {pipe: write_text})
    sleep(0.3)
    assert pipe.read_bytes() == b"text"
    written.result()
    assert capfd.readouterr().err.startswith("waiting until somebody reads the pipe")


def test_a_reader_that_waits_gets_everything(pipe, threads, capfd):
    reader = threads.submit(pipe.read_bytes)
    sleep(0.3)
    write_outputs({pipe: write_text})
    assert reader.result() == b"text"
    assert not capfd.readouterr().err
