"""What follows from the rows of the tape placements: factors, means, reasons."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from arms import FAIR, FREE, LIFTS, PLACED, Setting, lift_label

from tapeflow.tools.result_row import Row

CYCLES = ("cycles",)
DRAM = ("dram_read_bytes", "dram_write_bytes")
ENERGY = ("onchip_energy_pj",)
LOSES_BELOW = 0.98
"""Speed-up over fair-baseline below which an arm counts as a loser."""
NAMED_FROM = 0.25
"""Share of a loss that a restriction has to explain to be named as the reason."""


@dataclass(frozen=True)
class Results:
    """The rows of one setting by program and arm."""

    setting: Setting
    rows: Mapping[tuple[str, str], Row]

    def ran(self, program: str, arm: str) -> Row | None:
        """The row; None for one that was refused or not run."""
        row = self.rows.get((program, arm))
        return row if row is not None and row["error"] is None else None

    @property
    def programs(self) -> list[str]:
        """All programs in order."""
        return list(dict.fromkeys(program for program, _ in self.rows))

    def tape_bytes(self, program: str) -> int:
        """Most bytes on the tape at a time, behind the cache."""
        row = self.ran(program, FAIR)
        return row["tape_bytes"] if row else 0

    def with_tape(self, more_than: int = 0) -> list[str]:
        """The programs whose tape exceeds so many bytes."""
        return [p for p in self.programs if self.tape_bytes(p) > more_than]

    def refusals(self) -> Iterator[tuple[str, str, str]]:
        """Program, arm and reason of what was refused."""
        for (program, arm), row in self.rows.items():
            if row["error"] is not None:
                yield program, arm, str(row["error"])


def factor(base: Row | None, row: Row | None, keys: Sequence[str]) -> float | None:
    """A sum of figures of the base over that of a run: above 1 the run is better.

    None where one of them is not known.
    """
    if base is None or row is None:
        return None
    if any(each[key] is None for each in (base, row) for key in keys):
        return None
    own = sum(row[key] for key in keys)
    return sum(base[key] for key in keys) / own if own else None


def hidden_share(row: Row) -> float | None:
    """Share of the cycles of DMA that are not noticed; None where nothing moves."""
    busy = row["dma_busy_cycles"]
    return 1 - row["dma_exposed_cycles"] / busy if busy else None


def geometric_mean(factors: Sequence[float]) -> float | None:
    """None of nothing."""
    return math.exp(fmean(map(math.log, factors))) if factors else None


def arithmetic_mean(factors: Sequence[float]) -> float | None:
    """None of nothing."""
    return fmean(factors) if factors else None


def factors(
    results: Results, programs: Sequence[str], arm: str, keys: Sequence[str], base: str
) -> list[float]:
    """Those of the programs at which both arms ran."""
    found = (
        factor(results.ran(program, base), results.ran(program, arm), keys)
        for program in programs
    )
    return [each for each in found if each is not None]


def distance_covered(
    results: Results, programs: Sequence[str], arm: str
) -> float | None:
    """Share of the way from fair-baseline to a free tape, in logarithms of cycles.

    The logarithms are summed over the programs before they are divided.
    """
    pairs = [
        (gain, ceiling)
        for program in programs
        for fair in (results.ran(program, FAIR),)
        for gain in (factor(fair, results.ran(program, arm), CYCLES),)
        for ceiling in (factor(fair, results.ran(program, FREE), CYCLES),)
        if gain is not None and ceiling is not None
    ]
    whole = sum(math.log(ceiling) for _, ceiling in pairs)
    return sum(math.log(gain) for gain, _ in pairs) / whole if whole > 0 else None


def losers(results: Results) -> list[tuple[str, str]]:
    """Programs and arms whose placement loses against fair-baseline."""
    return [
        (program, arm)
        for program in results.with_tape()
        for arm in PLACED
        for gain in factors(results, [program], arm, CYCLES, FAIR)
        if gain < LOSES_BELOW
    ]


@dataclass(frozen=True)
class Loss:
    """Why an arm loses on a program, as far as it was measured."""

    speed_up: float
    """Over fair-baseline: below 1."""
    more_operations: float
    """Share of the operations of fair-baseline."""
    regained: Mapping[str, float | None]
    """Share of the loss that is gone without a restriction; None if refused."""
    is_cached: bool

    @property
    def reason(self) -> str:
        """In words."""
        if self.is_cached:
            return "in the cache, in another layout than that of fair-baseline"
        known = {lift: share for lift, share in self.regained.items() if share}
        lift = max(known, key=lambda lift: known[lift], default=None)
        if lift is not None and known[lift] >= NAMED_FROM:
            return _REASONS[lift]
        return f"none of these alone; {self.more_operations:+.1%} operations"


_REASONS = {
    "ports": "too few ports for each memory",
    "cache": "the cache is smaller",
    "scratchpad": "the scratchpad is too small",
    "DMA set-up": "set-up of the DMA",
}


def loss(results: Results, program: str, arm: str) -> Loss:
    """What was measured of one of `losers`."""
    loser, fair = results.ran(program, arm), results.ran(program, FAIR)
    assert loser is not None and fair is not None
    lost = loser["cycles"] - fair["cycles"]
    regained: dict[str, float | None] = {}
    for lift in LIFTS:
        lifted = results.ran(program, lift_label(arm, lift))
        gained = None if lifted is None else loser["cycles"] - lifted["cycles"]
        regained[lift] = None if gained is None else gained / lost
    return Loss(
        fair["cycles"] / loser["cycles"],
        loser["operations"] / fair["operations"] - 1,
        regained,
        not loser["scratchpad_bytes"],
    )
