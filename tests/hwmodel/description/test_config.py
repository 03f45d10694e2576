"""Presets by name, TOML files and overrides, and one plain error for each mistake."""

from pathlib import Path

import pytest

from hwmodel import (
    PRESETS,
    MachineError,
    changes_of,
    load_machine,
    override,
    preset,
)

COMPLETE = """
name = "own"
clock_hz = 500e6
[datapath]
window = 32
issue_width = 2
integer_units = 2
float_units = 1
latency_cycles = { FADD_F64 = 3 }
[cache]
capacity_bytes = 4096
ways = 4
line_bytes = 32
hit_latency_cycles = 1
mshrs = 4
ports = 1
[scratchpad]
capacity_bytes = 512
ports = 1
latency_cycles = 1
[dma]
setup_cycles = 5
burst_bytes = 64
channels = 1
requests_in_flight = 4
[dram]
technology = "LPDDR4-3200"
row_hit_ns = 40
closed_ns = 58
conflict_ns = 76
bandwidth_gb_per_s = 12.8
banks = 8
row_bytes = 4096
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "machine.toml"
    path.write_text(text)
    return path


def test_presets_by_name():
    assert load_machine("fair") == preset("fair")
    with pytest.raises(
        MachineError, match="no machine preset 'fast'.*edge, fair, hbm, salam, wide"
    ):
        load_machine("fast")
    with pytest.raises(
        MachineError, match="no machine preset 'fast'.*edge, fair, hbm, salam, wide"
    ):
        preset("fast")


def test_a_file_may_start_from_a_preset(tmp_path: Path):
    text = 'base = "fair"\nname = "small"\n[cache]\ncapacity_bytes = 4096\n'
    text += "[datapath.latency_cycles]\nFADD_F64 = 3\n[scratchpad]\nlatency_cycles = 2"
    machine = load_machine(written(tmp_path, text))
    assert (machine.name, machine.cache.capacity_bytes) == ("small", 4096)
    assert machine.cache.ways == preset("fair").cache.ways
    assert machine.datapath.latency_cycles == (("FADD_F64", 3),)
    assert machine.scratchpad.latency_cycles == 2


def test_a_file_may_say_everything(tmp_path: Path):
    machine = load_machine(written(tmp_path, COMPLETE))
    assert machine.cache.sets == 32
    assert machine.period_ns == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cache = [", "is not valid TOML"),
        (
            'base = "fair"\n[cache]\ncapacity_bytes = 32k\n',
            "column 20); numbers are written without suffix here",
        ),
        ('base = "fair"\n[cache]\ncapacity_bytes = "3k"', "'3k'; it must be a whole"),
        ('base = "fair"\n[cache]\ncapacity_bytes = "3KiB"', "; write 3072"),
        ('base = "fair"\nclock_hz = "1G"', "a number greater than 0"),
        (
            'base = "fair"\n[cash]\n',
            "no field 'cash'; did you mean cache? fields: name, clock_hz,",
        ),
        ('base = "fair"\n[cache]\nsize = 1', "no field 'size' in cache; fields: cap"),
        ('base = "fair"\ncache = 3', "cache is 3; it must be a table"),
        ('base = "mine"', "no machine preset 'mine'"),
        ("base = 3", "base is 3"),
        ('base = "fair"\n[cache]\nways = "two"', "cache.ways is 'two'"),
        ('base = "fair"\n[datapath]\nlatency_cycles = 3', "must be a table of op"),
        ('name = "x"', "missing: clock_hz, datapath, cache"),
        (COMPLETE.replace("mshrs = 4\n", ""), "missing: cache.mshrs"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, message: str):
    path = written(tmp_path, text)
    with pytest.raises(MachineError) as mistake:
        load_machine(path)
    assert message in str(mistake.value)
    assert str(path) in str(mistake.value)


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(MachineError, match="No such file"):
        load_machine(tmp_path / "missing.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MachineError, match="UTF-8"):
        load_machine(binary)


def test_overrides():
    machine = override(preset("fair"), "cache.capacity_bytes=16384")
    assert machine.cache.capacity_bytes == 16384
    assert override(machine, "dram.technology=DDR3-1600").dram.technology == "DDR3-1600"
    assert override(machine, "clock_hz = 2e9").clock_hz == 2e9
    absent = override(machine, "scratchpad.capacity_bytes=0")
    assert absent.sram_bytes == 16384
    faster = override(machine, "datapath.latency_cycles.FEXP_F64=3")
    assert faster.datapath.latency_cycles == (("FEXP_F64", 3),)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("cache.capacity_bytes", "section.field=value"),
        ("cache.capacity=1", "no field 'capacity' in cache"),
        ("cash.capacity_bytes=1", "no field 'cash'"),
        ("cache.capacity_bytes=lots", "cache.capacity_bytes is 'lots'"),
        ("cache=1", "cache is 1; it must be a table"),
        ("cache.ways.x=1", "cache.ways is {'x': 1}"),
        ("cache.ways=-1", "cache.ways is -1"),
    ],
)
def test_mistakes_in_overrides(assignment: str, message: str):
    with pytest.raises(MachineError) as mistake:
        override(preset("fair"), assignment)
    assert message in str(mistake.value)


def test_operation_tables_merge_by_name():
    machine = override(preset("fair"), "datapath.interval_cycles.FDIV_F64=4")
    machine = override(machine, "datapath.interval_cycles.FADD_F64=2")
    expected = (("FDIV_F64", 4), ("FADD_F64", 2))
    assert machine.datapath.interval_cycles == expected
    with pytest.raises(MachineError, match="datapath.interval_cycles is 4; it must be"):
        override(machine, "datapath.interval_cycles=4")
    with pytest.raises(MachineError, match="interval_cycles.FADD_F64 is 0"):
        override(machine, "datapath.interval_cycles.FADD_F64=0")


def test_a_prefetcher_is_named_without_quotes():
    machine = override(preset("fair"), "cache.prefetcher=next-line")
    assert machine.cache.prefetcher == "next-line"


def test_what_differs_makes_the_machine_again():
    machine = PRESETS["edge"]
    changes = ("cache.ways=4", "datapath.latency_cycles.FADD_F64=7", "clock_hz=1e9")
    for change in changes:
        machine = override(machine, change)
    again = PRESETS["edge"]
    for change in changes_of(machine):
        again = override(again, change)
    assert again == machine
    assert changes_of(PRESETS["edge"]) == ()
