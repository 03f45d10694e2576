"""Commands of the documentation that name the places of a program's regions."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PLACED = sorted(
    {
        line.strip()
        for page in PAGES
        for line in page.read_text().splitlines()
        if re.match(r"    tapeflow bench .*places=", line)
    }
)


def test_there_are_such_commands() -> None:
    assert PLACED


@pytest.mark.parametrize("line", PLACED)
def test_a_program_has_as_many_regions_as_its_command_names(run, line):
    _, *words = shlex.split(line, comments=True)
    result = run(*words, "--size", "tiny")
    assert result.exit_code == 0, result.output
