"""What the table of tape placements measures: settings, arms, and lifted restrictions.

Every arm of a setting has the same SRAM and the same ports in all, and chooses the
best of the same prefetchers. What breaks this on purpose (the ideal scratchpad, a
restriction lifted from a loser, the comparison with unequal ports) says its memories
in its text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tapeflow.tools.gradient_request import read_machine
from tapeflow.tools.pipelines.on_machine import Target
from tapeflow.tools.pipelines.sram_budget import SramBudget, total_ports
from tapeflow.tools.result_row import Row

BASELINE, FAIR, FREE = "baseline", "fair-baseline", "free-tape"
STREAMED = "streams{places=stream}"
DECIDED, TUNED = "streams", "tuned-streams"
IDEAL = "ideal scratchpad"
STAGES = ("regions", "layers", STREAMED, DECIDED, TUNED)
"""The ways of the tape, each including the one before."""
PLACED = (STREAMED, DECIDED, TUNED)
"""The stages of which losers are looked into."""
ATTRIBUTION = {
    "streamed, 1 slot": "streams{places=stream slots=1}",
    "streamed, 2 slots": STREAMED,
    "streamed, 4 slots": "streams{places=stream slots=4}",
    "streamed, no reuse at the turn-around": (
        "streams{places=stream turn-around-reuse=false}"
    ),
    "in the cache as soa": "streams{places=soa}",
    "in the cache as padded-soa": "streams{places=padded-soa}",
    "in the cache as aos": "streams{places=aos}",
}
"""What each part of `streams` does alone."""
LARGE_SCRATCHPAD_BYTES = 1 << 20
UNEQUAL_MACHINE = "salam"
UNEQUAL_CACHE_BYTES = 16384
_CACHE = f"cache.capacity_bytes={UNEQUAL_CACHE_BYTES} cache.ports=1"
_ALONE = "scratchpad.capacity_bytes=0 scratchpad.ports=0 scratchpad.banks=0"
_BESIDE = "scratchpad.capacity_bytes=1024 scratchpad.ports=1"
POLICIES = ("min-cut", "save-all")


@dataclass(frozen=True)
class Setting:
    """A machine with SRAM and ports for every arm; None for what the arms say."""

    machine: str
    sram_bytes: int | None = None

    @property
    def ports(self) -> int:
        """Memory ports in all."""
        return total_ports(read_machine(self.machine, ()))

    @property
    def target(self) -> Target:
        """The machine and the totals."""
        machine = read_machine(self.machine, ())
        if self.sram_bytes is None:
            return Target(machine)
        return Target(machine, SramBudget(self.sram_bytes, self.ports))

    @property
    def heading(self) -> str:
        """In words, with the prefetchers that arms choose from."""
        words = [f"machine {self.machine}"]
        if self.sram_bytes is not None:
            words.append(f"{self.sram_bytes:,} bytes of SRAM and {self.ports} ports")
        words.append("prefetcher: best of none and stride 1, 2, 4, chosen by each arm")
        return ", ".join(words)


UNEQUAL = Setting(UNEQUAL_MACHINE)


@dataclass(frozen=True)
class Experiment:
    """One program at one arm in one setting."""

    program: str
    setting: Setting
    label: str
    """What the tables call the arm."""
    text: str
    """The arm as `tapeflow bench --pipeline` takes it."""

    @property
    def target(self) -> Target:
        """Without totals for an arm that says its memories itself."""
        if "cache." in self.text:
            return Setting(self.setting.machine).target
        return self.setting.target


def ideal_text(setting: Setting) -> str:
    """Full cache and all ports, beside a scratchpad for all tape with as many ports."""
    return (
        f"streams{{places=stream cache.capacity_bytes={setting.sram_bytes} "
        f"cache.ports={setting.ports} scratchpad.ports={setting.ports} "
        f"scratchpad.banks=0 scratchpad.capacity_bytes={LARGE_SCRATCHPAD_BYTES}}}"
    )


def main_arms(setting: Setting) -> dict[str, str]:
    """Label and text of the arms of the main table, and of what they consist of."""
    equal = (BASELINE, FAIR, *STAGES, FREE)
    return {
        **{name: name for name in equal},
        IDEAL: ideal_text(setting),
        **ATTRIBUTION,
    }


def unequal_arms(policy: str) -> dict[str, str]:
    """A cache with one port alone, and the same beside a scratchpad with another."""
    return {
        f"cache, {policy}": f"baseline{{policy={policy} {_CACHE} {_ALONE}}}",
        f"streamed, {policy}": (
            f"streams{{policy={policy} places=stream {_CACHE} {_BESIDE}}}"
        ),
        f"decided, {policy}": f"streams{{policy={policy} {_CACHE} {_BESIDE}}}",
    }


LIFTS = ("ports", "cache", "scratchpad", "DMA set-up")
"""The restrictions that are lifted from a loser, one at a time."""


def lifted_arms(label: str, loser: Row, setting: Setting) -> dict[str, str]:
    """The loser's own placement with one restriction lifted at a time.

    Empty for one that is in the cache: it has no memory less than what it lost against.
    """
    if not loser["scratchpad_bytes"]:
        return {}
    own = {
        "cache.capacity_bytes": loser["cache_bytes"],
        "cache.ports": loser["cache_ports"],
        "scratchpad.capacity_bytes": loser["scratchpad_bytes"],
        "scratchpad.ports": loser["scratchpad_ports"],
    }
    lifts: dict[str, Mapping[str, int | None]] = {
        "ports": {"cache.ports": setting.ports, "scratchpad.ports": setting.ports},
        "cache": {"cache.capacity_bytes": setting.sram_bytes},
        "scratchpad": {"scratchpad.capacity_bytes": LARGE_SCRATCHPAD_BYTES},
        "DMA set-up": {"dma.setup_cycles": 0},
    }
    places = f'places="{loser["places"]}"'
    return {
        lift_label(label, lift): f"streams{{{places} {_words({**own, **lifts[lift]})}}}"
        for lift in LIFTS
    }


def lift_label(label: str, lift: str) -> str:
    """What the run of a loser with a restriction lifted is called."""
    return f"{label}, lifted: {lift}"


def _words(fields: Mapping[str, int | None]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())
