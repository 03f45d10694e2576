"""Cycles of a loop's iteration on a datapath: as it is, cut in two, or jammed.

A loop is run on the datapath from its cache, without values, until several windows of
operations are booked. What its last iterations add is what an iteration takes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from xdsl.dialects import memref, scf
from xdsl.ir import Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.machine.runs import Copy, Known, Run
from tapeflow.analysis.scheduling.jam_nests import Body, Nest
from tapeflow.analysis.scheduling.jam_nests import Run as Part
from tapeflow.analysis.scheduling.stages import Stages
from tapeflow.dialects.record import LINE_BYTES

WINDOWS = 4
"""Windows of operations that are booked."""
MOST_BOOKED = 512
"""Operations that are booked, at most, but for `LEAST_ITERATIONS`."""
LEAST_ITERATIONS = 4
MOST_TRIPS = 4, 2, 1
"""Iterations that are run of a loop inside, of one inside that, and of deeper ones;
what more of them take is as much each."""


def whole_time(loop: scf.ForOp, datapath: Datapath) -> float:
    """Cycles of an iteration of a loop without loops inside."""
    return _Single(loop, datapath).time(None)


def cut_time(loop: scf.ForOp, stages: Stages, datapath: Datapath) -> float:
    """The same of one whose early half runs beside the late one before it."""
    return _Single(loop, datapath).time(stages)


class _Single:
    """A loop without loops inside."""

    def __init__(self, loop: scf.ForOp, datapath: Datapath):
        self._block = loop.body.block
        self._operations = tuple(self._block.ops)[:-1]
        self._datapath = datapath
        self._run = Run(datapath)

    def time(self, stages: Stages | None) -> float:
        order = self._operations
        late = frozenset[Operation]()
        if stages is not None:
            starts = stages.starts
            order = sorted((*stages.late, *stages.early), key=starts.__getitem__)
            late = frozenset(stages.late)
        # The iteration before the first: carried values are there at the beginning.
        first = Copy()
        for value in yielded(self._block):
            first.define(value, Known(0, (0, 0)))
        copies = [first, self._next(first, 0)]

        def iterate() -> None:
            copies.append(self._next(copies[-1], len(copies) - 1))
            before, current = copies[-2], copies[-1]
            for op in order:
                self._run.execute(op, before if op in late else current)

        return steady_time(iterate, self._run, self._datapath)

    def _next(self, before: Copy, number: int) -> Copy:
        """The next iteration; its carried values are found when they are asked for."""
        counter, *carried = self._block.args
        following = _Iteration(
            before, dict(zip(carried, yielded(self._block), strict=True))
        )
        known = before.find(counter)
        ready = self._run.count(0 if known is None else known.ready)
        following.define(counter, Known(ready, (0, number)))
        return following


class _Iteration(Copy):
    """A copy whose carried values are what the one before passes on."""

    def __init__(self, before: Copy, passed: dict[SSAValue, SSAValue]):
        super().__init__()
        self._before: Copy = before
        self._passed = passed

    def find(self, value: SSAValue) -> Known | None:
        known = super().find(value)
        if known is None and value in self._passed:
            known = self._before.find(self._passed[value])
            if known is not None:
                self.define(value, known)
        return known


def jammed_time(
    body: Body, copies: int, datapath: Datapath, trips: Callable[[scf.ForOp], float]
) -> float:
    """Cycles of an iteration of an outer loop of which so many run side by side.

    Of what leaves inner loops, and what they add to in memory, it is taken that later
    passes see to it.
    """
    return _Jammed(body, copies, datapath, trips).time() / copies


class _Jammed:
    """Copies of a body beside each other."""

    def __init__(
        self,
        body: Body,
        copies: int,
        datapath: Datapath,
        trips: Callable[[scf.ForOp], float],
    ):
        self._body = body
        self._datapath = datapath
        self._trips = trips
        self._number = copies
        self._leaving, self._free = _what_leaves(body)
        self._iteration_times: dict[scf.ForOp, float] = {}
        self._start()

    def _start(self) -> None:
        """Begin a run of its own."""
        self._run = Run(self._datapath, self._free, reuses=True)
        self._shared = Copy()
        self._copies = [Copy(self._shared) for _ in range(self._number)]
        self._beyond = 0.0
        """Cycles of what is not run, in an iteration."""

    def time(self) -> float:
        """Cycles of an iteration of the outer loop."""
        pending, nests = [self._body.nest], list[Nest]()
        while pending:
            nests.append(pending.pop())
            pending += (part for part in nests[-1].parts if isinstance(part, Nest))
        for nest in reversed(nests):
            # Inner loops come first.
            self._iteration_times[nest.loop] = self._steady(nest)
        return self._iteration_times[self._body.nest.loop]

    def _steady(self, nest: Nest) -> float:
        """Cycles of an iteration of one of its loops."""
        self._start()
        counter = nest.loop.body.block.args[0]
        is_outer = nest is self._body.nest
        settled = frozenset[Operation]() if is_outer else self._leaving[nest.loop]
        ready = iteration = 0

        def iterate() -> None:
            nonlocal ready, iteration
            self._beyond = 0.0
            ready = self._run.count(ready)
            if is_outer:
                for copy in self._copies:
                    copy.define(counter, Known(ready, (0, iteration)))
                    iteration += 1
            else:
                self._iterate(nest, ready, iteration, settled)
                self._carry(nest.loop)
                iteration += 1
                return
            self._run.begin()
            self._emit(nest.parts, settled, 0)

        return steady_time(iterate, self._run, self._datapath) + self._beyond

    def _iterate(
        self, nest: Nest, ready: int, trip: int, settled: frozenset[Operation]
    ) -> None:
        self._shared.define(nest.loop.body.block.args[0], Known(ready, (0, trip)))
        self._run.begin()
        self._emit(nest.parts, settled, 1)
        touched = self._run.touched_lines() * LINE_BYTES
        # What has no room is pushed out, and comes anew in each iteration.
        excess = max(0, touched - self._datapath.cache_bytes)
        self._beyond += excess / self._datapath.dram_bytes_per_cycle

    def _emit(
        self,
        parts: Iterable[Part | Nest],
        settled: frozenset[Operation],
        depth: int,
    ) -> None:
        """Book the parts of a body for all copies, but for what has left its loop."""
        for part in parts:
            if isinstance(part, Nest):
                self._loop(part, depth)
                self._run.begin()
                continue
            for number, copy in enumerate(self._copies):
                for op in part.operations:
                    is_shared = self._body.is_shared(op)
                    if op not in settled and not (number and is_shared):
                        self._run.execute(op, self._shared if is_shared else copy)

    def _loop(self, nest: Nest, depth: int) -> None:
        loop = nest.loop
        self._hand_on(loop.iter_args, loop.body.block.args[1:])
        trips = max(0, round(self._trips(loop)))
        shown = min(trips, MOST_TRIPS[min(depth, len(MOST_TRIPS) - 1)])
        ready = 0
        for trip in range(shown):
            ready = self._run.count(ready)
            settled = self._leaving[loop] if trip else frozenset[Operation]()
            self._iterate(nest, ready, trip, settled)
            self._carry(loop)
        self._hand_on(yielded(loop.body.block), loop.results)
        self._beyond += (trips - shown) * self._iteration_times[loop]

    def _carry(self, loop: scf.ForOp) -> None:
        self._hand_on(yielded(loop.body.block), loop.body.block.args[1:])

    def _hand_on(self, values: Sequence[SSAValue], to: Sequence[SSAValue]) -> None:
        for copy in self._copies:
            known = [self._run.known(value, copy) for value in values]
            for value, end in zip(to, known, strict=True):
                copy.define(value, end)


def _what_leaves(
    body: Body,
) -> tuple[dict[scf.ForOp, frozenset[Operation]], frozenset[Operation]]:
    """By inner loop, what leaves it; and accesses that become registers."""
    leaving: dict[scf.ForOp, frozenset[Operation]] = {}
    registers: set[Operation] = set()
    written = {access.memory for access in body.accesses if access.writes}
    memory = {access.op: access.memory for access in body.accesses}
    pending = [*body.nest.parts]
    while pending:
        nest = pending.pop()
        if not isinstance(nest, Nest):
            continue
        pending += nest.parts
        varying: set[SSAValue] = {*nest.loop.body.block.args}
        for op in nest.loop.body.walk():
            varying.update(op.results)
        settled: set[Operation] = set()
        fixed: dict[object, list[Operation]] = defaultdict(list)
        moving: set[object] = set()
        for op in nest.operations():
            is_fixed = varying.isdisjoint(op.operands)
            if isinstance(op, memref.LoadOp | memref.StoreOp):
                is_placed = varying.isdisjoint(op.indices)
                if memory[op] not in written:
                    is_fixed = is_fixed and isinstance(op, memref.LoadOp)
                else:
                    (
                        fixed[memory[op]].append(op)
                        if is_placed
                        else moving.add(memory[op])
                    )
                    is_fixed = False
            elif not is_side_effect_free(op) or op.regions:
                is_fixed = False
            if is_fixed:
                settled.add(op)
                varying.difference_update(op.results)
        leaving[nest.loop] = frozenset(settled)
        for of, ops in fixed.items():
            if of not in moving:
                registers.update(ops)
    return leaving, frozenset(registers)


def steady_time(iterate: Callable[[], None], run: Run, datapath: Datapath) -> float:
    """Cycles that an iteration adds, once there have been many."""
    enough = min(WINDOWS * datapath.window, MOST_BOOKED)
    ends: list[int] = []
    while run.bookings.operations < enough or len(ends) < LEAST_ITERATIONS:
        iterate()
        ends.append(run.bookings.retired)
        if len(ends) >= MOST_BOOKED:
            break
    half = len(ends) // 2
    return (ends[-1] - ends[half - 1]) / (len(ends) - half)
