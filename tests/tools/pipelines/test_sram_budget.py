"""Equal totals: the rule of the split, explicit splits, and totals that cannot be."""

import pytest

from hwmodel import MachineError, override, preset
from tapeflow.tools.pipelines.sram_budget import SramBudget, scratchpad_share_bytes

FAIR = preset("fair")
SALAM = preset("salam")


def memories(machine):
    cache, pad = machine.cache, machine.scratchpad
    return cache.capacity_bytes, pad.capacity_bytes, cache.ports, pad.ports


@pytest.mark.parametrize(
    ("sram_bytes", "share"),
    [(512, 256), (1024, 256), (2048, 512), (4096, 1024), (16384, 1024), (65536, 1024)],
)
def test_rule(sram_bytes, share):
    """51.7 ns x 19.2 GB/s are 992 bytes, so 1,024; at most a quarter, in whole sets."""
    assert scratchpad_share_bytes(FAIR, sram_bytes) == share
    split = SramBudget(sram_bytes).split(FAIR, frozenset())
    assert memories(split) == (sram_bytes - share, share, 2, 2)


def test_ports_are_halved():
    budget = SramBudget(ports=5)
    assert memories(budget.split(FAIR, frozenset()))[2:] == (3, 2)
    assert memories(budget.all_cache(FAIR)) == (16384, 0, 5, 0)


def test_arms_without_scratchpad_have_it_all():
    assert memories(SramBudget(4096, 2).all_cache(SALAM)) == (4096, 0, 2, 0)


def test_explicit_shares():
    """What is set stays, the other memory has the rest."""
    pad = override(FAIR, "scratchpad.capacity_bytes=2048")
    cache = override(FAIR, "cache.capacity_bytes=3072")
    ports = override(FAIR, "cache.ports=1")
    budget = SramBudget(8192, 4)
    explicit = budget.split(pad, {"scratchpad.capacity_bytes"})
    assert memories(explicit) == (6144, 2048, 2, 2)
    explicit = budget.split(cache, {"cache.capacity_bytes"})
    assert memories(explicit) == (3072, 5120, 2, 2)
    explicit = budget.split(ports, {"cache.ports"})
    assert memories(explicit) == (7168, 1024, 1, 3)


@pytest.mark.parametrize(
    ("budget", "explicit", "message"),
    [
        (SramBudget(1000), set(), "give 768 or 1024"),
        (SramBudget(ports=1), set(), "at least 2"),
        (SramBudget(256), set(), "cannot be split"),
        (SramBudget(300), set(), "give 256 or 512"),
        (SramBudget(512), {"scratchpad.capacity_bytes"}, "cannot be split"),
        (
            SramBudget(4096),
            {"cache.capacity_bytes", "scratchpad.capacity_bytes"},
            "are 16384 together, but the total is to be 4096",
        ),
    ],
)
def test_totals_that_cannot_be(budget, explicit, message):
    with pytest.raises(MachineError, match=message):
        budget.split(FAIR, explicit)


def test_a_cache_of_no_whole_sets():
    with pytest.raises(MachineError, match="give 768 or 1024"):
        SramBudget(1000).all_cache(FAIR)
