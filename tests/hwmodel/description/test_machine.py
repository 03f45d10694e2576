"""Machine descriptions: presets, equal totals, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from hwmodel import PRESETS, Machine, MachineError, preset
from hwmodel.engine.initial_state import make_parameters


def test_presets_have_16_kilobytes_and_the_small_one_4():
    for name, machine in PRESETS.items():
        assert machine.name == name
        assert machine.sram_bytes == (4 if name == "edge" else 16) * 1024
        assert machine.scratchpad.capacity_bytes == 1024
        assert machine.cache.prefetcher == "none"


def test_presets_take_their_memory_from_the_table():
    assert preset("edge").dram.technology == "LPDDR4-3200"
    hbm = preset("hbm").dram
    assert (hbm.bandwidth_gb_per_s, hbm.banks, hbm.row_cycle_ns) == (256, 256, 48)
    assert make_parameters(preset("fair")).row_cycle == 46


def test_nanoseconds_become_cycles():
    fair, salam = (make_parameters(preset(name)) for name in ("fair", "salam"))
    assert (fair.row_hit, fair.closed, fair.conflict) == (38, 52, 66)
    assert (salam.row_hit, salam.closed, salam.conflict) == (4, 5, 7)
    # 19.2 B/cycle: 3 lines of 64 bytes in 10 cycles; 192 B/cycle: 3 lines a cycle.
    assert (fair.turns, fair.turn_cycles) == (3, 10)
    assert (salam.turns, salam.turn_cycles) == (3, 1)


@pytest.mark.parametrize(
    ("name", "ports"), [("fair", 4), ("salam", 2), ("wide", 8), ("edge", 2), ("hbm", 8)]
)
def test_a_baseline_gets_all_bytes_and_ports(name: str, ports: int):
    machine = preset(name)
    baseline = machine.without_scratchpad()
    assert baseline.sram_bytes == machine.sram_bytes
    assert baseline.cache.capacity_bytes == machine.sram_bytes
    assert baseline.cache.ports == ports
    assert (baseline.scratchpad.capacity_bytes, baseline.scratchpad.ports) == (0, 0)
    assert baseline.without_scratchpad() == baseline


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("cache", {"ways": 0}, "cache.ways is 0; it must be a whole number of at least 1"),
    ("cache", {"ways": 2.5}, "cache.ways is 2.5"),
    ("cache", {"line_bytes": 48}, "cache.line_bytes is 48; it must be a power of two"),
    ("cache", {"capacity_bytes": 1000}, "a multiple of ways x line_bytes = 256"),
    ("cache", {"capacity_bytes": -256}, "cache.capacity_bytes is -256"),
    (
        "cache",
        {"prefetcher": "psychic"},
        "prefetcher is 'psychic'; it must be one of none, next-line, stride, markov",
    ),
    ("cache", {"prefetch_degree": 0}, "cache.prefetch_degree is 0"),
    ("cache", {"prefetch_degree": 17}, "at most 16 lines"),
    ("cache", {"stride_entries": 3}, "a power of two"),
    ("cache", {"markov_entries": 0}, "cache.markov_entries is 0"),
    (
        "cache",
        {"capacity_bytes": 0, "prefetcher": "stride"},
        "'none' as there is no cache",
    ),
    ("cache", {"mshrs": 300}, "cache.mshrs is 300; it must be at most 255"),
    ("cache", {"ports": True}, "cache.ports is True"),
    ("scratchpad", {"capacity_bytes": -8}, "scratchpad.capacity_bytes is -8"),
    ("scratchpad", {"capacity_bytes": 100}, "a multiple of 8"),
    ("scratchpad", {"banks": 3}, "a power of two"),
    ("scratchpad", {"banks": 32}, "at most 16, or 0 for one array"),
    ("scratchpad", {"banks": "many"}, "scratchpad.banks is 'many'"),
    ("dram", {"row_cycle_ns": -1}, "dram.row_cycle_ns is -1"),
    ("scratchpad", {"ports": 0}, "scratchpad.ports is 0"),
    ("dma", {"burst_bytes": 32}, "dma.burst_bytes is 32; it must be a multiple of"),
    ("dma", {"channels": 0}, "dma.channels is 0"),
    ("dram", {"banks": 3}, "dram.banks is 3; it must be a power of two"),
    ("dram", {"bandwidth_gb_per_s": 0}, "dram.bandwidth_gb_per_s is 0"),
    ("dram", {"closed_ns": float("nan")}, "dram.closed_ns is nan"),
    ("dram", {"closed_ns": 99}, "between row_hit_ns and conflict_ns"),
    ("dram", {"technology": "DDR9"}, "one of DDR3-1600, DDR4-2400"),
    ("datapath", {"window": 0}, "datapath.window is 0"),
    ("datapath", {"issue_width": 999}, "at most 255, or 0 for unlimited"),
    ("datapath", {"latency_cycles": (("FADD", 1),)}, "one of INT_ADD, INT_MUL"),
    ("energy", {"technology_nm": 7}, "energy.technology_nm is 7; it must be one of 45"),
]


@pytest.mark.parametrize(("component", "changes", "message"), REFUSED)
def test_nonsense_is_refused(component: str, changes: dict[str, Any], message: str):
    with pytest.raises(MachineError) as refused:
        replace(getattr(preset("fair"), component), **changes)
        machine = preset("fair")
        part = replace(getattr(machine, component), **changes)
        replace(machine, **{component: part})
    assert message in str(refused.value)


@pytest.mark.parametrize("clock_hz", [0, -1e9, float("inf"), "fast"])
def test_a_clock_must_run(machine: Machine, clock_hz: Any):
    with pytest.raises(MachineError, match="clock_hz"):
        replace(machine, clock_hz=clock_hz)
