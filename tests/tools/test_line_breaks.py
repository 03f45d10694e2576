"""Messages come in lines that fit the terminal; what the user wrote stays whole."""

import sys

import pytest

from tapeflow.tools.line_breaks import in_lines

PATH = "some directory/and in it another one/whose names have blanks/program one.mlir"


@pytest.fixture
def words(run, monkeypatch):
    """Runs the command with words that are also those of the process."""

    def run_command(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["tapeflow", *arguments])
        return run(*arguments)

    return run_command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("bench", "nn", "--prefetcher", "x"),
            "known: none, next-line, stride,",
        ),
        (("bench", "nn", "--json", "-"), "- is no file name here; standard input is"),
        (("list", "x"), "'x' is not one of 'programs', 'machines', 'pipelines',"),
        (("check", "x", "--seed", "y"), "'y' is not a valid integer"),
        (("bench", "x", "y/x.mlir"), "give one file alone, or names of benchmark"),
    ],
)
def test_usage_errors_fit_80_columns(words, arguments, message):
    result = words(*arguments)
    assert result.exit_code == 2
    assert max(map(len, result.stderr.splitlines())) <= 80
    assert message in " ".join(result.stderr.split())


def test_the_terminal_says_how_wide(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = words("bench", "nn", "--json", "-").stderr.splitlines()[-1]
    assert told.startswith("Error: ") and told.endswith("standard output /dev/stdout")
    monkeypatch.setenv("COLUMNS", "60")
    lines = words("bench", "nn", "--json", "-").stderr.splitlines()
    assert 50 < max(map(len, lines)) <= 60


@pytest.mark.parametrize("name", [PATH, PATH.replace(" ", "_")])
def test_a_file_name_is_never_broken(words, name):
    assert f"Error: {name}\n  needs --wrt: the arguments" in words("bench", name).stderr
    asked = ("grad", name, "--wrt", "0", f"--inputs={name}", "--trace-cycles", name)
    assert f"'{name}'" in words(*asked).stderr


def test_help_for_no_words_is_no_error(words):
    assert "Commands:" in words().output and "Error" not in words().output


def test_lines_of_their_own_stay():
    text = f"one\n  {'x' * 90} y\n{'a ' * 60}"
    first, excerpt, *filled = in_lines(text, width=80).split("\n")
    assert (first, excerpt) == ("one", f"  {'x' * 90} y")
    assert max(map(len, filled)) <= 80 and len(filled) == 2
