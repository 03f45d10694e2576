"""How long iterations side by side take, on a window that sees some operations ahead.

A machine looks at the next operations of a program and begins each as soon as its
operands are there, a few in a cycle. The model runs a loop's body a few times so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.operation_costs import latency
from tapeflow.analysis.scheduling.jam_nests import Body, Run

_WINDOW = 64
"""Operations in sight, of the source: about half of what a machine sees, since each
comes with what its derivative needs."""
_WIDTH = 4
"""Operations that begin in a cycle."""
_ROUNDS = 3
"""Runs of the body; the last one counts."""


def cycles_of_iteration(body: Body, copies: int) -> float:
    """Of a loop without loops inside, whose copies run part by part."""
    model = _Window(body, copies)
    ends = [model.run() for _ in range(_ROUNDS)]
    return (ends[-1] - ends[-2]) / copies


@dataclass
class _Window:
    body: Body
    copies: int
    late: dict[tuple[SSAValue, int], float] = field(
        default_factory=dict[tuple[SSAValue, int], float]
    )
    """When a value of a copy is there."""
    retired: list[float] = field(default_factory=list[float])
    """When an operation and all before it were done, in order of the program."""

    def run(self) -> float:
        """Run all copies once; when they are done."""
        for part in self.body.nest.parts:
            assert isinstance(part, Run)
            for copy in range(self.copies):
                for op in part.operations:
                    if not copy or not self.body.is_shared(op):
                        self.do(op, copy)
        self.hand_on()
        return self.retired[-1] if self.retired else 0.0

    def do(self, op: Operation, copy: int) -> None:
        """Run an operation; of a branch, what it holds in the first case."""
        for inner in _leaves(op):
            self.issue(inner, copy)
        if isinstance(op, scf.IfOp):
            for result, value in zip(op.results, _ends(op), strict=True):
                self.late[result, copy] = self.when(value, copy)

    def issue(self, op: Operation, copy: int) -> None:
        cycles, number = latency(op), len(self.retired)
        ready = max((self.when(v, copy) for v in op.operands), default=0.0)
        if cycles:
            seen = self.retired[number - _WINDOW] if number >= _WINDOW else 0.0
            end = max(ready, seen, number / _WIDTH) + cycles
            last = self.retired[-1] if self.retired else 0.0
            self.retired.append(max(last, end))
        else:
            end = ready
        self.late |= {(result, copy): end for result in op.results}

    def when(self, value: SSAValue, copy: int) -> float:
        if value in self.body.uniform:
            copy = 0
        if (value, copy) not in self.late and copy:
            following = self.following(value)
            if following is not None:
                return self.when(following, copy - 1)
        return self.late.get((value, copy), 0.0)

    def following(self, value: SSAValue) -> SSAValue | None:
        """What the copy before hands on, of a carried value."""
        block = self.body.nest.loop.body.block
        for number, argument in enumerate(block.args[1:]):
            if argument is value and number not in self.body.apart:
                return yielded(block)[number]
        return None

    def hand_on(self) -> None:
        block = self.body.nest.loop.body.block
        ends = [
            [self.when(value, copy) for value in yielded(block)]
            for copy in range(self.copies)
        ]
        for number, argument in enumerate(block.args[1:]):
            if number in self.body.apart:
                for copy in range(self.copies):
                    self.late[argument, copy] = ends[copy][number]
            else:
                self.late[argument, 0] = ends[-1][number]


def _leaves(op: Operation) -> Iterator[Operation]:
    if not op.regions:
        yield op
        return
    for inner in op.regions[0].walk():
        if not inner.regions and not isinstance(inner, scf.YieldOp):
            yield inner


def _ends(branch: scf.IfOp) -> tuple[SSAValue, ...]:
    return tuple(yielded(branch.true_region.block))
