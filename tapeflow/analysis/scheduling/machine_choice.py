"""Which loops to jam, by how much, and which to cut, by what they take on a datapath.

For each candidate the loop is run on the datapath (`loop_time.py`). Among candidates
that take about the same the shorter code counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.integers.estimates import IndexEstimates, trip_count
from tapeflow.analysis.ir.source_lines import line_of
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.scheduling.jam_choice import fits
from tapeflow.analysis.scheduling.jam_nests import Body, Problem
from tapeflow.analysis.scheduling.loop_time import cut_time, jammed_time, whole_time
from tapeflow.analysis.scheduling.stages import Stages

StageCount: TypeAlias = int | Literal["auto"]
"""Parts of an iteration at most; `auto` for what is usual."""
USUAL_STAGES = 2
MOST_STAGES = 4
"""Where a datapath tells what they are worth."""
JAMS = (2, 4, 8)
SURE_JAM = 4
"""Copies that are taken to find as many iterations, where the text does not tell."""
WORTH_LONGER = 1.03
"""Time over time of what has twice as many copies, of what is worth it."""
WORTH_JAMMING = 1.05
"""The same of one iteration after the other over copies."""
CUT_LOSES = 1.02
"""Time of a loop cut in two over that of the loop: from here on it stays."""


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
        """How many iterations side by side, and the cycles that saves in the run."""
        loop = body.nest.loop
        times = {1: self._jammed(body, 1)}
        for copies in JAMS:
            if not self._are_there(loop, copies) or not fits(body, copies):
                break
            times[copies] = self._jammed(body, copies)
        best = 1
        for copies, time in times.items():
            worth = WORTH_JAMMING if best == 1 else WORTH_LONGER
            if copies > 1 and time * worth <= times[best]:
                best = copies
        tried = ", ".join(
            f"{'*' if copies == best else ''}{copies}: {time:.1f}"
            for copies, time in times.items()
        )
        self.tell(f"{_named(loop)} side by side {tried} cycles")
        saved = self.estimates.runs(loop.body.block) * (times[1] - times[best])
        return best, saved

    def is_cut(self, loop: scf.ForOp, stages: Stages) -> bool:
        """Whether a loop is to run in two halves."""
        whole = whole_time(loop, self.datapath)
        halves = cut_time(loop, stages, self.datapath)
        is_cut = halves < whole * CUT_LOSES
        one, two = ("", "*") if is_cut else ("*", "")
        self.tell(f"{_named(loop)} {one}whole: {whole:.1f}, {two}cut: {halves:.1f} cycles")
        return is_cut

    def refused(self, problem: Problem, loop: scf.ForOp) -> None:
        """Tell that the iterations of a loop stay one after the other."""
        self.tell(f"{_named(loop)} one by one: {problem.reason}")

    def _are_there(self, loop: scf.ForOp, copies: int) -> bool:
        trips = trip_count(loop)
        if trips is not None:
            return trips >= copies
        return copies <= SURE_JAM or self.estimates.trips(loop) >= copies

    def _jammed(self, body: Body, copies: int) -> float:
        return jammed_time(body, copies, self.datapath, self.estimates.trips)


def _named(loop: scf.ForOp) -> str:
    line = line_of(loop.location)
    return "loop" if line is None else f"loop of line {line}"
