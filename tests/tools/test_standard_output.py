"""Where records go to standard output, nothing else is printed there."""

import csv
import importlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import pytest

from tapeflow.tools.command_line import FileName, OutputFile
from tapeflow.tools.main import COMMANDS

READ = {"inputs", "seeds", "keep", "file"}
"""The parameters that are files and are not written."""
BENCH = ["bench", "logsumexp", "--size", "tiny", "--pipeline", "baseline,regions"]


def started(words: Sequence[object], **streams) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tapeflow", *map(str, words)]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **streams)


def printed(*words: object) -> tuple[bytes, str]:
    """What a command writes to standard output and to standard error."""
    result = started([*words], stdout=subprocess.PIPE)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout, result.stderr.decode()


@pytest.fixture
def asked(source, arrays) -> list[object]:
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    return [source("squares"), "--wrt", "0,1", "--inputs", inputs]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_written_is_known_as_such(name):
    command = importlib.import_module(f"tapeflow.tools.{name}.command").command
    for parameter in command.params:
        if isinstance(parameter.type, FileName):
            is_written = isinstance(parameter.type, OutputFile)
            assert is_written == (parameter.name not in READ), parameter.name
        else:
            assert not isinstance(parameter.type, click.Path)


def test_rows_of_bench():
    rows, told = printed(*BENCH, "--json", "/dev/stdout")
    assert [row["pipeline"] for row in json.loads(rows)] == ["baseline", "regions"]
    assert "agree bit for bit in all pipelines" in told
    lines, told = printed(*BENCH, "--csv", "/dev/stdout")
    table = csv.DictReader(io.StringIO(lines.decode(), newline=""))
    assert [row["pipeline"] for row in table] == ["baseline", "regions"]
    assert "agree bit for bit in all pipelines" in told


def test_figures_of_gradients(asked):
    bill, told = printed("tape", *asked, "--json", "/dev/stdout")
    assert json.loads(bill) and "tape" in told
    for option, verdict in (("--seed=1", "directions agree"), ("--each-pass", "bit")):
        figures, told = printed("check", *asked, option, "--json", "/dev/stdout")
        assert json.loads(figures)["agrees"] is True and verdict in told
    output = ("--output", "/dev/null")
    row, told = printed("grad", *asked, *output, "--json", "/dev/stdout")
    assert json.loads(row)["cycles"] > 0 and "value = 15.75" in told


def test_arrays():
    words = ("inputs", "nn", "--size", "tiny", "-o")
    data, told = printed(*words, "/dev/stdout")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert told.startswith("tapeflow grad ")


def test_a_file_that_standard_output_is(tmp_path: Path):
    path = tmp_path / "rows.json"
    with path.open("wb") as file:
        result = started([*BENCH, "--json", path], stdout=file)
    assert result.returncode == 0 and json.loads(path.read_text())
    assert b"agree bit for bit" in result.stderr


def test_elsewhere_all_is_printed_as_ever(tmp_path):
    table, told = printed(*BENCH, "--json", tmp_path / "rows.json")
    assert b"agree bit for bit" in table and "agree" not in told


def test_two_kinds_of_records_are_too_much():
    words = [*BENCH, "--json", "/dev/stdout", "--csv", "/dev/stdout"]
    result = started(words, stdout=subprocess.PIPE)
    assert result.returncode == 1 and result.stdout == b""
    assert b"--csv /dev/stdout would overwrite the output of --json" in result.stderr
