"""`tapeflow machine` prints what `--machine` reads."""

import pytest

import tapeflow
from hwmodel import PRESETS, load_machine, override


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_printed_is_the_machine(run, tmp_path, name):
    path = tmp_path / "mine.toml"
    result = run("machine", name)
    assert result.exit_code == 0
    path.write_text(result.output)
    assert load_machine(path) == PRESETS[name]


def test_changed_fields_are_printed(run, tmp_path):
    path = tmp_path / "mine.toml"
    changes = ("cache.ways=8", "datapath.latency_cycles.FADD_F64=5", "name='mine'")
    words = [word for change in changes for word in ("--set", change)]
    path.write_text(run("machine", "edge", *words).output)
    machine = PRESETS["edge"]
    for change in changes:
        machine = override(machine, change)
    assert load_machine(path) == machine


def test_an_unknown_machine_is_one_message(run):
    result = run("machine", "fare")
    assert result.exit_code != 0
    assert result.output.startswith(
        "tapeflow: error: there is no machine preset 'fare'"
    )


def test_the_version_is_the_commands():
    assert tapeflow.__version__.count(".") == 2
