"""The command `tapeflow` itself: help without delay, errors in one message."""

import importlib
import subprocess
import sys

import pytest

from tapeflow.tools.main import COMMANDS


def test_help_lists_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    for name, sentence in COMMANDS.items():
        assert name in result.stdout and sentence in result.stdout


def test_help_imports_no_compiler():
    heavy = "{'numba', 'numpy', 'xdsl', 'hwmodel'}"
    code = (
        "import sys; from tapeflow.tools.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"sys.exit(bool({heavy} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    command = importlib.import_module(f"tapeflow.tools.{name}.command").command
    assert command.name == name
    assert all(option.help for option in command.params if option.opts[0][0] == "-")


def test_version(run):
    assert run("--version").stdout.startswith("tapeflow, version ")


def test_unknown_command(run):
    result = run("grade")
    assert result.exit_code == 2
    assert "No such command 'grade'" in result.stderr


def test_traceback_is_shown_on_request(run, tmp_path):
    result = run("--traceback", "inputs", "logsumex", "-o", tmp_path / "in.npz")
    assert result.exception is not None
    assert "did you mean 'logsumexp'?" in str(result.exception)
