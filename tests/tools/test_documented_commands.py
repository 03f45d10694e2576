"""Every command of README and docs does what it says, at a small size."""

import contextlib
import math
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tapeflow.tools.opt.command import main as tapeflow_opt

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
TOOLS = ("tapeflow", "tapeflow-opt")
SYNOPSIS = re.compile(r" \.\.\. | \[-")
"""What stands for many commands is none."""
SMALLER = {"paper": "tiny", "small": "tiny", "all": "nn"}


def blocks(page: Path) -> Iterator[list[str]]:
    """The commands of each indented block, one a line, variables put in."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for block in re.findall(r"(?:^    .*\n)+", text, flags=re.MULTILINE):
        lines = re.sub(r"\\\n\s*", " ", block).splitlines()
        variables: dict[str, str] = {}
        commands: list[str] = []
        for line in lines:
            name, is_set, value = line.strip().partition("=")
            if is_set and name.isupper():
                variables[f"${name}"] = "".join(shlex.split(value))
                continue
            for variable, text_ in variables.items():
                line = line.replace(variable, text_)
            if line.split()[0] in TOOLS and not SYNOPSIS.search(line):
                commands.append(line.strip())
        if commands:
            yield commands


BLOCKS = [
    pytest.param(commands, id=f"{page.name}-{number}")
    for page in PAGES
    for number, commands in enumerate(blocks(page))
]


def test_there_are_many():
    assert sum(len(commands) for page in PAGES for commands in blocks(page)) > 25


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A directory with the files that the commands read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tapeflow").symlink_to(ROOT / "tapeflow")
    right = (DATA / "squares.mlir").read_text().replace("@squares", "@f")
    wrong = (DATA / "cut.mlir").read_text().replace("@cut", "@f")
    (tmp_path / "FILE.mlir").write_text(right)
    (tmp_path / "WRONG.mlir").write_text(wrong)
    np.savez("IN.npz", arg0=np.array([1.0, 2.0]), arg1=np.array(3.0))
    np.savez("WRONG.npz", arg0=np.array(0.3))
    script = tmp_path / "still-of-interest.sh"
    script.write_text('#!/bin/sh\ngrep -q fptosi "$1"\n')
    script.chmod(0o755)
    return tmp_path


def smaller(words: list[str]) -> list[str]:
    """The same command on little data, and `reduce` on a program that is wrong."""
    command = words[0]
    words = [SMALLER.get(word, word) for word in words]
    if command == "bench":
        options = next(i for i, word in enumerate(words) if word.startswith("-"))
        size = [] if "--size" in words else ["--size", "tiny"]
        words = [*words[:2], *words[options:], *size]  # of several programs the first
    if command == "reduce":
        files = {
            "FILE.mlir": "WRONG.mlir",
            "IN.npz": "WRONG.npz",
            "in.npz": "WRONG.npz",
        }
        words = [files.get(word, word) for word in words]
    return words


@pytest.mark.parametrize("commands", BLOCKS)
def test_a_block_of_commands(run, workplace, capsys, commands):
    for command in commands:
        tool, *words = shlex.split(command, comments=True)
        output = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if output else words
        if tool == "tapeflow-opt":
            with contextlib.suppress(SystemExit):
                tapeflow_opt(words)
            written = capsys.readouterr()
            assert written.err == "" and "func.func" in written.out, command
            continue
        result = run(*smaller(words))
        assert result.exit_code == 0, f"{command}\n{result.output}"
        if output:
            (workplace / output).write_text(result.stdout)


BLOCK = re.compile(r"```python\n(.*?)```(?:\n```text\n(.*?)```)?", re.S)


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """The Python of a page, and what it prints where that stands below."""
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_a_page_runs(page: Path, tmp_path: Path, capsys) -> None:
    for number, (code, printed) in enumerate(blocks_of(page)):
        path = tmp_path / f"block{number}.py"
        path.write_text(code)
        runpy.run_path(str(path))
        assert printed in ("", capsys.readouterr().out)


def test_the_library_example(capsys, tmp_path: Path):
    _, (code, _) = blocks_of(ROOT / "README.md")
    exec(compile(code, "README.md", "exec"), {})
    value, rest = capsys.readouterr().out.split("[")
    gradient, cycles = rest.split("]")
    state, slopes = 0.0, []
    for x in np.linspace(0.0, 1.0, 1000):
        state = math.tanh(state + x)
        slopes.append(1 - state * state)
    assert float(value) == pytest.approx(state)
    expected = np.cumprod(slopes[:-4:-1])[::-1]
    assert [*map(float, gradient.split())] == pytest.approx(expected, abs=1e-8)
    assert cycles.endswith(" cycles\n")
