"""A machine of round numbers for hand-worked traces."""

from __future__ import annotations

import pytest

from hwmodel import (
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)

ROUND = Machine(
    name="round",
    clock_hz=1e9,
    datapath=Datapath(window=64, issue_width=0, integer_units=0, float_units=0),
    cache=Cache(
        capacity_bytes=512,
        ways=2,
        line_bytes=64,
        hit_latency_cycles=2,
        mshrs=4,
        ports=1,
    ),
    scratchpad=Scratchpad(capacity_bytes=512, ports=1, latency_cycles=1),
    dma=Dma(setup_cycles=10, burst_bytes=64, channels=1, requests_in_flight=4),
    dram=Dram(
        technology="DDR4-2400",
        row_hit_ns=20,
        closed_ns=30,
        conflict_ns=40,
        bandwidth_gb_per_s=16,
        banks=2,
        row_bytes=1024,
    ),
    energy=EnergyChoice(45, "itrs-hp", "lstp-cell/hp-peri"),
)
"""4 sets of 2 ways; the DRAM bus moves one line in 4 cycles."""


@pytest.fixture(scope="session")
def machine() -> Machine:
    """The machine of round numbers."""
    return ROUND
