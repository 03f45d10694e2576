"""Where to cut an iteration in two, so that the next one can begin at the cut.

What runs early, before the late half of the iteration before, must not depend on it:
no early operation takes a result of a late one, or a carried value that one computes,
and memory that the loop writes is touched by one half only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import BlockArgument, Operation

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.operation_costs import latency
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.dependences import (
    LoopDependences,
    carried_number,
    find_dependences,
)

LEAST_OPERATIONS = 8
"""A shorter body is not worth a copy before and one behind the loop."""
LEAST_ITERATIONS = 2
"""Of fewer, none meets the one before."""
WORTH = 0.85
"""Of the cycles of a whole iteration, the most that the longer half may take."""
CUTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Shares of an iteration's cycles at which a cut is tried."""


@dataclass(frozen=True)
class Stages:
    """The early and the late half of an iteration, in program order."""

    early: tuple[Operation, ...]
    late: tuple[Operation, ...]
    early_carried: tuple[int, ...]
    """Numbers of the carried values that the early half computes."""
    late_carried: tuple[int, ...]
    starts: dict[Operation, int]
    """The cycle at which an operation could start, counted from that of its half."""


def cut_loop(loop: scf.ForOp, buffers: Buffers) -> Stages | None:
    """The cut that leaves the shorter halves; None where none is worth it."""
    span = constant_span(loop)
    if constant_of(loop.step) != 1 or (span is not None and span < LEAST_ITERATIONS):
        return None
    dependences = find_dependences(loop, buffers)
    if dependences is None or len(dependences.operations) < LEAST_OPERATIONS:
        return None
    return _Cutter(loop, dependences).best()


def constant_span(loop: scf.ForOp) -> int | None:
    """How far apart the bounds of a loop are; None if they are not in the text."""
    lower, upper = constant_of(loop.lb), constant_of(loop.ub)
    return None if lower is None or upper is None else upper - lower


class _Cutter:
    def __init__(self, loop: scf.ForOp, dependences: LoopDependences):
        self._loop = loop
        self._all = dependences
        self._yields = yielded(loop.body.block)
        self._after: dict[Operation, list[Operation]] = defaultdict(list)
        self._takers: dict[int, list[Operation]] = defaultdict(list)
        for op in dependences.operations:
            for earlier in dependences.before[op]:
                self._after[earlier].append(op)
            for value in dependences.operands[op]:
                number = carried_number(value, loop)
                if number is not None:
                    self._takers[number].append(op)

    def best(self) -> Stages | None:
        operations = self._all.operations
        starts = self._starts(operations)
        whole = _length(starts)
        found: list[tuple[int, Stages]] = []
        for cut in CUTS:
            late, late_carried = self._late_half(starts, cut * whole)
            early = [op for op in operations if op not in late]
            if not early:
                continue
            halves = early, [op for op in operations if op in late]
            times = [self._starts(half) for half in halves]
            carried = range(len(self._yields))
            stages = Stages(
                tuple(halves[0]),
                tuple(halves[1]),
                tuple(n for n in carried if n not in late_carried),
                tuple(n for n in carried if n in late_carried),
                times[0] | times[1],
            )
            found.append((max(map(_length, times)), stages))
        length, stages = min(found, key=lambda pair: pair[0], default=(whole, None))
        return stages if length <= WORTH * whole else None

    def _starts(self, operations: Collection[Operation]) -> dict[Operation, int]:
        """First cycles, nothing but the dependences among these operations counted."""
        starts: dict[Operation, int] = {}
        for op in operations:
            ready = [
                starts[earlier] + max(latency(earlier), 1)
                for earlier in self._all.before[op]
                if earlier in starts
            ]
            starts[op] = max(ready, default=0)
        return starts

    def _late_half(
        self, starts: dict[Operation, int], cut: float
    ) -> tuple[set[Operation], set[int]]:
        """What starts behind the cut, and all that has to be late with it."""
        late: set[Operation] = set()
        late_carried: set[int] = set()
        groups: set[frozenset[Operation]] = set()
        self._spread([op for op, start in starts.items() if start >= cut], late, groups)
        while carried := set(self._carried_by(late, late_carried)) - late_carried:
            late_carried |= carried
            self._spread([op for n in carried for op in self._takers[n]], late, groups)
        return late, late_carried

    def _spread(
        self,
        work: list[Operation],
        late: set[Operation],
        groups: set[frozenset[Operation]],
    ) -> None:
        """Add operations to the late half, with all that has to be late with them.

        Args:
            groups: the accesses to one memory that are late already.
        """
        while work:
            op = work.pop()
            if op in late:
                continue
            late.add(op)
            work += self._after[op]
            for group in self._all.changing[op]:
                if group not in groups:
                    groups.add(group)
                    work += group

    def _carried_by(
        self, late: set[Operation], late_carried: set[int]
    ) -> Iterable[int]:
        """The carried values whose next ones late operations or values decide."""
        for number, value in enumerate(self._yields):
            passed_on = carried_number(value, self._loop)
            if passed_on in late_carried or (
                not isinstance(value, BlockArgument) and value.owner in late
            ):
                yield number


def _length(starts: dict[Operation, int]) -> int:
    return max((start + latency(op) for op, start in starts.items()), default=0)
