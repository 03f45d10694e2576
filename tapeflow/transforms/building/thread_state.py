"""Threads the state of each tape region through structured control flow.

A state is a tuple of values: the memory that holds the tape and, say, the address of
its next record. Rules rewrite the ops on a tape and tell which components they change:
of a growing tape also the memory, so that it too is carried where it may be replaced.
Loops and branches that hold such ops carry the changed components, and no others:

    scf.for %i = ... {                      scf.for %i = ... iter_args(%top = %c0) {
      tape.push %tape, %v      becomes        memref.store %v, %field[%top]
    }                                         %next = arith.addi %top, %c1
                                              scf.yield %next
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.dialects.tape import AllocateOp, BoundaryOp, PopOp, PushOp, ReserveOp
from tapeflow.dialects.tape_types import StackType
from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.refusal import refuse

State: TypeAlias = tuple[SSAValue, ...]
TapeOp: TypeAlias = AllocateOp | ReserveOp | PushOp | PopOp | BoundaryOp
Cell: TypeAlias = tuple[SSAValue, int]
"""A tape and the number of one component of its state."""

_CARRIERS = (scf.ForOp, scf.IfOp, scf.WhileOp)
"""What holds tape ops and can pass values on, as its last operands and results."""


@dataclass(frozen=True)
class StateRule:
    """What becomes of one class of ops on a tape."""

    rewrite: Callable[[Operation, State], State]
    """Emit what an op becomes before it, given the state there (empty for an
    allocation); return the state after it. The op itself is erased afterwards."""
    changes: Callable[[TapeOp], Iterable[int]] = lambda _: ()
    """The components that an op changes."""
    end: Callable[[Operation, State], None] | None = None
    """For an allocation: emit what ends the life of its tape, given the last state,
    before the terminator of its block."""


Rules: TypeAlias = Mapping[type[Operation], StateRule]


def thread_state(
    function: FuncOp,
    names: Sequence[str],
    rules: Rules,
    concerns: Callable[[SSAValue], bool],
) -> None:
    """Rewrite the ops on tape regions in a function by the rules.

    Args:
        names: hints for the first components of a state; others keep the hint of the
            value they had before.
        concerns: whether the rules are about a region; all others stay as they are.

    Raises:
        PassFailedException: a tape op without a rule, or control flow that is not scf.
    """
    _Threader(function, tuple(names), rules, concerns).run()


class _Threader:
    def __init__(
        self,
        function: FuncOp,
        names: tuple[str, ...],
        rules: Rules,
        concerns: Callable[[SSAValue], bool],
    ):
        self._function = function
        self._names = names
        self._rules = rules
        self._concerns = concerns
        self._carried: dict[Operation, dict[Cell, None]] = {}
        """For each op with tape ops inside, the components it changes, in order."""
        self._states: dict[SSAValue, list[SSAValue]] = {}
        self._done: list[Operation] = []

    def run(self) -> None:
        for op in self._function.walk():
            if self._is_concerned(op):
                self._find_carriers(op)
        for block in self._function.body.blocks:
            self._thread_block(block)
        for op in reversed(self._done):
            Rewriter.erase_op(op)

    def _is_concerned(self, op: Operation) -> TypeGuard[TapeOp]:
        if not isinstance(op, TapeOp):
            return False
        if isinstance(op.tape.type, StackType):
            refuse(op, "the tape is still an abstract stack; run form-regions first")
        return self._concerns(op.tape)

    def _find_carriers(self, op: TapeOp) -> None:
        """Note the changed components at all ops around `op` in its tape's block."""
        rule = self._rules.get(type(op))
        if rule is None:
            refuse(op, f"{op.name} has no place here; lower it by an earlier pass")
        if not isinstance(op.tape.owner, AllocateOp):
            refuse(op, "the tape must come from a tape.allocate of the same function")
        cells = [(op.tape, component) for component in rule.changes(op)]
        home = op.tape.owner.parent
        block = op.parent
        while block is not home:
            around = None if block is None else block.parent_op()
            if block is None or around is None or around is self._function:
                refuse(op, "the tape is allocated in a block that is not around this")
            carried = self._carried.setdefault(around, {})
            carried.update(dict.fromkeys(cells))
            block = around.parent
        while block is not None and (around := block.parent_op()) is not None:
            self._carried.setdefault(around, {})
            block = around.parent

    def _thread_block(self, block: Block) -> None:
        allocated: list[AllocateOp] = []
        for op in tuple(block.ops):
            if self._is_concerned(op):
                before = tuple(self._states.get(op.tape, ()))
                after = self._rules[type(op)].rewrite(op, before)
                self._states[op.tape] = list(after)
                self._done.append(op)
                if isinstance(op, AllocateOp):
                    allocated.append(op)
            elif op in self._carried:
                self._thread_control(op)
        for op in allocated:
            end = self._rules[AllocateOp].end
            if end is not None:
                end(op, tuple(self._states[op.tape]))

    def _thread_control(self, op: Operation) -> None:
        cells = tuple(self._carried[op])
        if not cells:
            for region in op.regions:
                for block in region.blocks:
                    self._thread_block(block)
            return
        if not isinstance(op, _CARRIERS):
            refuse(
                op,
                f"{op.name} holds tape operations but cannot carry a place on the "
                "tape; only scf.for, scf.if and scf.while can",
            )
        before = self._values(cells)
        for region in op.regions:
            if not region.blocks:
                end = scf.YieldOp()
                end.location = op.location
                region.add_block(Block([end]))
            if type(op) in LOOPS:
                types = [value.type for value in before]
                self._set(cells, take(region.block, types, self._hints(cells)))
            else:
                self._set(cells, before)
            self._thread_block(region.block)
            hand_on(region.block, self._values(cells))
        carrying = with_carried(op, before, self._hints(cells))
        self._set(cells, carrying.results[-len(before) :])

    def _values(self, cells: Sequence[Cell]) -> list[SSAValue]:
        return [self._states[tape][component] for tape, component in cells]

    def _set(self, cells: Sequence[Cell], values: Sequence[SSAValue]) -> None:
        for (tape, component), value in zip(cells, values, strict=True):
            self._states[tape][component] = value

    def _hints(self, cells: Sequence[Cell]) -> list[str | None]:
        named = len(self._names)
        return [
            self._names[component] if component < named else value.name_hint
            for (_, component), value in zip(cells, self._values(cells), strict=True)
        ]
