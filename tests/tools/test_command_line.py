"""What holds of every command's options: once each, bytes in units, no `-`."""

import importlib
import json

import click
import pytest

from tapeflow.tools.byte_count import bytes_of
from tapeflow.tools.command_line import Command, FileName
from tapeflow.tools.main import COMMANDS


def command_of(name: str) -> click.Command:
    return importlib.import_module(f"tapeflow.tools.{name}.command").command


def options_of(name: str) -> list[click.Option]:
    params = command_of(name).params
    return [option for option in params if isinstance(option, click.Option)]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_overwrites_itself(run, name):
    assert isinstance(command_of(name), Command)
    for option in options_of(name):
        if option.is_flag or option.multiple:
            continue
        for first in option.opts:
            result = run(name, first, "1", option.opts[-1], "2")
            assert result.exit_code == 2
            assert f"Error: {option.opts[-1]} is given twice\n" in result.stderr


def test_what_may_be_repeated_is(run):
    sets = ["--set", "cache.ways=2", "--set", "cache.ports=1"]
    result = run("machine", "fair", *sets)
    assert "ways = 2" in result.stdout and "ports = 1" in result.stdout


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("4096", 4096),
        ("16k", 16384),
        ("16K", 16384),
        ("16KiB", 16384),
        (" 1M ", 2**20),
        ("2GiB", 2**31),
        ("16kB", None),
        ("16ib", None),
        ("1.5k", None),
        ("-1", None),
        ("1 k", None),
        ("\u0661", None),
        ("", None),
    ],
)
def test_bytes(text, number):
    assert bytes_of(text) == number


def test_a_size_that_is_none_is_told(run, source):
    asked = ["tape", source("squares"), "--wrt", "0", "--fail-if-tape-exceeds"]
    message = " ".join(run(*asked, "16kB").stderr.split())
    assert "'16kB' is not a number of bytes such as 16384, 16k" in message
    assert "0 is less than 1" in run("bench", "nn", "--sram-bytes", "0").stderr


def test_the_machine_takes_bytes_in_units(run):
    result = run("machine", "fair", "--set", "cache.capacity_bytes=4k")
    assert "capacity_bytes = 4096" in result.stdout
    result = run("machine", "fair", "--set", "cache.ways=4k")
    assert result.exit_code == 1


def test_pipelines_take_bytes_in_units(run, tmp_path):
    """In options of passes and in fields of the machine, with quotes or without."""
    rows = tmp_path / "rows.json"
    asked = ("baseline{cache.capacity_bytes=4k}", "layers{capacity-bytes='1KiB'}")
    asked = (*asked, "streams{places=stream scratchpad.capacity_bytes=1k}")
    words = (word for pipeline in asked for word in ("--pipeline", pipeline))
    result = run("bench", "pathfinder", "--size", "tiny", *words, "--json", rows)
    assert result.exit_code == 0, result.stderr
    cached, layers, streams = json.loads(rows.read_text())
    assert cached["cache_bytes"] == 4096 and layers["scratchpad_bytes"] == 1024
    assert streams["scratchpad_bytes"] == 1024
    result = run("bench", "nn", "--pipeline", "baseline{cache.capacity_bytes=4kB}")
    assert "cache.capacity_bytes is '4kB'; it must be a whole number" in result.stderr


FILES = [
    (name, option.opts[-1])
    for name in COMMANDS
    for option in options_of(name)
    if isinstance(option.type, FileName)
]


@pytest.mark.parametrize(("name", "option"), FILES)
def test_a_dash_names_no_file(run, name, option):
    result = run(name, option, "-")
    assert result.exit_code == 2
    message = " ".join(result.stderr.split())
    assert f"'{option}': - is no file name here; standard input is /dev/s" in message


@pytest.mark.parametrize("name", ["grad", "check", "tape", "reduce"])
def test_a_dash_names_no_program(run, name):
    assert "- is no file name here" in run(name, "-", "--wrt", "0").stderr


@pytest.mark.parametrize(
    ("name", "instead"),
    [("bench", "standard input is /dev/stdin"), ("machine", "ending in .toml")],
)
def test_a_dash_is_no_name(run, name, instead):
    message = " ".join(run(name, "-").stderr.split())
    assert "- is no file name here; " in message and instead in message


def test_a_file_of_that_name_can_be_named(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("inputs", "nn", "--size", "tiny", "-o", "./-").exit_code == 0
    assert (tmp_path / "-").exists()
