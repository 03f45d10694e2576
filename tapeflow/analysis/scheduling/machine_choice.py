"""Which loops to jam, by how much, and which to cut, by what they take on a datapath.

For each candidate the loop is run on the datapath (`loop_time.py`). Among candidates
that take about the same the shorter code counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.ir.source_lines import line_of
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.scheduling.jam_choice import choose_factor, fits
from tapeflow.analysis.scheduling.jam_nests import Body, Problem
from tapeflow.analysis.scheduling.loop_time import cut_time, jammed_time, whole_time
from tapeflow.analysis.scheduling.stages import Stages

ANY_DATAPATH = "none"
"""The word for no datapath in particular."""
THE_MACHINES = "machine"
"""The word for that of the machine which the program runs on: tools know it."""
StageCount: TypeAlias = int | Literal["auto"]
"""Parts of an iteration at most; `auto` for what is usual."""
USUAL_STAGES = 2
MOST_STAGES = 4
"""Where a datapath tells what they are worth."""
JAMS = (2, 4, 8)
SURE_JAM = 4
"""Copies that are taken to find as many iterations, where the text does not tell."""
SMALL_CACHE = 8192
"""Bytes of a cache in which loads often miss, which is not in the estimate, and the
less the more copies share them. There it chooses only fewer copies than are usual, and
only where these promise `WORTH_FEWER`."""
WORTH_FEWER = 1.1
WORTH_OTHERS = 1.02
"""Time of the usual number of copies over that of another, of what is worth it."""
FIRST_CUT = 0.9
"""Time of a loop over that of its halves, of what is worth it: drains at the end of
short loops, and operations that wait for memory, are not in the estimate, and both are
on the side of the cut."""
ANOTHER_CUT = 1.02
"""The same of a loop that has been cut."""


@dataclass(frozen=True)
class LoopChoice:
    """Chooses for the loops of one function, and tells about it."""

    datapath: Datapath
    estimates: IndexEstimates
    tell: Callable[[str], None]
    """Takes a line about each loop."""

    @staticmethod
    def of(
        function: FuncOp,
        datapath: Datapath,
        sizes: Mapping[str, int],
        assumed_trips: int,
        tell: Callable[[str], None],
    ) -> "LoopChoice":
        """The choice for a function whose sizes are known in part."""
        estimates = IndexEstimates(function, sizes, assumed_trips)
        return LoopChoice(datapath, estimates, tell)

    def copies(self, body: Body) -> tuple[int, float]:
        """How many iterations side by side, and what that is worth.

        It is worth the cycles saved in the whole run, or, for small caches, as much as
        without machine.
        """
        loop = body.nest.loop
        usual, faster = choose_factor(body)
        is_small = self.datapath.cache_bytes < SMALL_CACHE
        most = usual if is_small else JAMS[-1]
        times = {1: self._jammed(body, 1)}
        for copies in JAMS:
            if copies > most or not self._are_there(loop, copies):
                break
            if not fits(body, copies):
                break
            times[copies] = self._jammed(body, copies)
        trips = self._trips(loop)
        if trips is not None:
            times = {copies: _mean(times, copies, trips) for copies in times}
        best = _best(times, usual, WORTH_FEWER if is_small else WORTH_OTHERS)
        tried = ", ".join(
            f"{'*' if copies == best else ''}{copies}: {time:.1f}"
            for copies, time in times.items()
        )
        self.tell(f"{_named(loop)}, side by side {tried}")
        saved = self.estimates.runs(loop.body.block) * (times[1] - times[best])
        return best, faster if is_small else saved

    def is_cut(self, loop: scf.ForOp, stages: Stages, *, again: bool) -> bool:
        """Whether a loop, or one that has been cut already, is to run in two halves."""
        whole = whole_time(loop, self.datapath)
        halves = cut_time(loop, stages, self.datapath)
        is_cut = whole >= halves * (ANOTHER_CUT if again else FIRST_CUT)
        one, two = ("", "*") if is_cut else ("*", "")
        self.tell(f"{_named(loop)}, {one}whole: {whole:.1f}, {two}in two: {halves:.1f}")
        return is_cut

    def refused(self, problem: Problem, loop: scf.ForOp) -> None:
        """Tell that the iterations of a loop stay one after the other."""
        self.tell(f"{_named(loop)}, one by one: {problem.reason}")

    def _are_there(self, loop: scf.ForOp, copies: int) -> bool:
        trips = self._trips(loop)
        if trips is not None:
            return trips >= copies
        return copies <= SURE_JAM or self.estimates.trips(loop) >= copies

    def _trips(self, loop: scf.ForOp) -> int | None:
        """Iterations, where bounds and sizes tell; None of a guess."""
        bounds = (loop.lb, loop.ub)
        if any(self.estimates.value(bound) is None for bound in bounds):
            return None
        return round(self.estimates.trips(loop))

    def _jammed(self, body: Body, copies: int) -> float:
        return jammed_time(body, copies, self.datapath, self.estimates.trips)


def _best(times: Mapping[int, float], usual: int, worth: float) -> int:
    """The fewest copies that take about the least time, if that is worth it."""
    usual = max(copies for copies in times if copies <= usual)
    least = min(times.values())
    if times[usual] < worth * least:
        return usual
    return next(n for n, time in times.items() if time <= WORTH_OTHERS * least)


def _mean(times: Mapping[int, float], copies: int, trips: int) -> float:
    """Cycles of an iteration where what is left goes by fewer and fewer copies."""
    total, left = 0.0, trips
    while copies >= 1 and left:
        together = left // copies * copies
        total += together * times[copies]
        left -= together
        copies //= 2
    return total / max(trips, 1)


def _named(loop: scf.ForOp) -> str:
    line = line_of(loop.location)
    return "loop" if line is None else f"loop of line {line}"
