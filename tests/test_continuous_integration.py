"""What continuous integration runs is there, by day and by night."""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
SIZED = ("TAPEFLOW_TESTS=full", "TAPEFLOW_LIT_FORKS=0")


def targets(workflow: Path) -> Iterator[str]:
    """The targets of make that a workflow names, for each value of a matrix."""
    text = workflow.read_text()
    for target in re.findall(r"- run: make (.+)", text):
        variable = re.search(r"\$\{\{ matrix\.(\w+) \}\}", target)
        if variable is None:
            yield target
            continue
        (values,) = re.findall(rf"{variable[1]}: \[(.*)\]", text)
        for value in values.split(", "):
            yield target.replace(variable[0], value)


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile, variables put in."""
    (lines,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    for name, value in re.findall(r"^(\w+) :?= (.*)$", MAKEFILE, re.MULTILINE):
        lines = lines.replace(f"$({name})", value)
    return [line.strip() for line in lines.splitlines()]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_makes_what_there_is(workflow: Path):
    rules = set(re.findall(r"^([\w -]+):(?!=)", MAKEFILE, re.MULTILINE))
    known = {name for rule in rules for name in rule.split()}
    asked = list(targets(workflow))
    assert asked
    assert set(asked) <= known


def test_a_night_runs_every_test_in_full_and_the_long_searches():
    assert "nightly" in {target for path in WORKFLOWS for target in targets(path)}
    first, *searches = recipe("nightly")
    assert first == f"{' '.join(SIZED)} $(MAKE) test"
    assert len(searches) == 2
    for search in searches:
        _, _, module, *options = shlex.split(search)
        command = importlib.import_module(f"{module}.__main__").main
        assert isinstance(command, click.Command)
        context = command.make_context(module, options)
        assert context.params["count"] > 1000


@pytest.mark.parametrize("setting", SIZED)
def test_something_heeds_what_a_night_sets(setting: str):
    name, _, _ = setting.partition("=")
    readers = [ROOT / "tests/sizes.py", ROOT / "filecheck/lit.cfg.py"]
    assert any(f'"{name}"' in path.read_text() for path in readers)
