"""Mistakes of users: each ends in one message with place, cause and next step.

The tables beside this file say what somebody did and what the message has to name.
They were written before any message was seen; what a reader of the documentation would
expect decides, not what is printed today.
"""

import io
import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapeflow.tools.opt import command as opt

TABLES = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted(Path(__file__).parent.glob("*.toml"))
}
ROWS: list[dict[str, Any]] = [
    row for table in TABLES.values() for row in table.get("mistake", ())
]
COMMANDS = [pytest.param(row, id=row["did"]) for row in ROWS if "run" in row]
SNIPPETS = [pytest.param(row, id=row["did"]) for row in ROWS if "python" in row]


@pytest.fixture
def room(tmp_path, monkeypatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _furnish(room: Path, table: Mapping[str, Any]) -> None:
    """Write the texts and arrays of a table into the working directory."""
    for name, text in table.get("files", {}).items():
        (room / name).write_text(text)
    for name, arrays in table.get("arrays", {}).items():
        made = _made(arrays)
        if isinstance(made, dict):
            np.savez(room / name, allow_pickle=True, **made)
        else:
            np.save(room / name, made)


def _made(array: Any) -> Any:
    """What an expression of NumPy says, or each of a table of them."""
    if isinstance(array, dict):
        return {name: np.asarray(_made(text)) for name, text in array.items()}
    return eval(array, dict(vars(np)))


def _contents(room: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(room)): path.read_bytes() if path.is_file() else b""
        for path in room.rglob("*")
    }


def _check_names(message: str, row: Mapping[str, Any]) -> None:
    """The message has the words for place, cause and next step, and no others."""
    missing = {
        part: words
        for part in ("place", "cause", "next")
        if (words := [word for word in row[part] if word not in message])
    }
    assert not missing, f"not in the message: {missing}\n{message}"
    for word in ("Traceback", "internal error", *row.get("never", ())):
        assert word not in message


@pytest.mark.parametrize("row", COMMANDS)
def test_command_says_place_cause_and_next_step(row, room, run, capsys, monkeypatch):
    _furnish(room, TABLES["shared"])
    _furnish(room, row)
    before = _contents(room)

    exit_code, printed, message = _run_shell(row["run"], run, capsys, monkeypatch)

    assert exit_code != 0
    assert printed == ""
    assert len(re.findall(r"(?im)^([^\s]+: )?error: ", message)) == 1, message
    _check_names(message, row)
    assert _contents(room) == before


def _run_shell(line: str, run, capsys, monkeypatch) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of commands in a pipe."""
    line, _, source = line.partition(" < ")
    result = (0, Path(source).read_text() if source else "", "")
    for command in line.split(" | "):
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(result[1].encode()))
        )
        name, *words = shlex.split(command)
        result = _run_opt(words, capsys) if name == "tapeflow-opt" else _run(words, run)
    return result


def _run_opt(words: list[str], capsys) -> tuple[int, str, str]:
    code = 0
    try:
        opt.main(words)
    except SystemExit as end:
        assert isinstance(end.code, int)
        code = end.code
    return code, *capsys.readouterr()


def _run(words: list[str], run) -> tuple[int, str, str]:
    result = run(*words)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("row", SNIPPETS)
def test_library_says_place_cause_and_next_step(row, room):
    _furnish(room, TABLES["shared"])
    before = _contents(room)
    names: dict[str, Any] = {}
    exec(TABLES["python"]["common"], names)

    with pytest.raises(Exception) as caught:
        exec(row["python"], names)

    assert caught.type.__name__ == row["raises"]
    _check_names(str(caught.value), row)
    assert _contents(room) == before


def test_list_is_long_enough():
    assert len({row["did"] for row in ROWS}) >= 40
