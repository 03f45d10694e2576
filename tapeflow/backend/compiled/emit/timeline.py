"""When each value of a function is ready, as slots of the event table.

The rules are those of `timing`: an op waits for its operands and for the control of
its region; loops and branches add what their conditions need. Ops that cost nothing
get no row: their results stand for the slots of their operands.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from xdsl.dialects import memref, scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from hwmodel import Operation as Kind
from tapeflow.analysis.ir.control_flow import decided_by, yielded
from tapeflow.backend.compiled.emit.event_table import NO_SLOT, Segment, Slots
from tapeflow.backend.semantics.micro_operations import UNKNOWN_RING, micro_operations
from tapeflow.dialects.spm import RingType
from tapeflow.dialects.tape_attributes import TAPE_FREE

_NOTHING: Slots = frozenset()
_ADD = int(Kind.INT_ADD)
_MOVE = int(Kind.MOVE)


@dataclass
class Timeline:
    """Ready times of one function, and the segment being written."""

    segment: Segment
    rings: Mapping[SSAValue, int]
    """Ring values to their numbers."""
    unpriced: Set[Operation] = frozenset()
    """What serves checks alone."""
    control: Slots = _NOTHING
    """When the region being written may run."""
    ready: dict[SSAValue, Slots] = field(default_factory=dict)
    _outer: list[Slots] = field(default_factory=list)
    _next_index: dict[Operation, int] = field(default_factory=dict)
    _copy_index: int = NO_SLOT

    def of(self, values: Sequence[SSAValue]) -> Slots:
        """The slots the latest of some values is in."""
        return frozenset().union(*(self.ready[value] for value in values))

    def take_segment(self) -> list[str] | None:
        """The words of the event for what was written since the last one."""
        return self.segment.take()

    def operation(self, op: Operation, addresses: Sequence[str]) -> None:
        """Write the micro-operations of an op; accesses take the addresses in order.

        Raises:
            ExecutionError: the op has no machine cost.
        """
        remaining = list(addresses)
        done: list[int] = []
        costs = () if op in self.unpriced else micro_operations(op)
        for micro in costs:
            operands = self.of([op.operands[i] for i in micro.operands])
            sources = self.control | operands | {done[i] for i in micro.earlier}
            aux = self._ring(op) if micro.aux == UNKNOWN_RING else micro.aux
            done.append(self.segment.table.new_slot())
            address = remaining.pop(0) if micro.has_address else None
            self.segment.row(micro.kind, done[-1], sources, address, aux)
        result = frozenset({done[-1]}) if done else self.of(op.operands)
        self.ready |= dict.fromkeys(op.results, result)

    def _ring(self, op: Operation) -> int:
        rings = (v for v in (*op.operands, *op.results) if isinstance(v.type, RingType))
        return self.rings[next(rings)]

    def share(self, values: Sequence[SSAValue], sources: Sequence[SSAValue]) -> None:
        """Values that are ready when others are."""
        for value, source in zip(values, sources, strict=True):
            self.ready[value] = self.ready[source]

    def _one_slot(self, slots: Slots) -> Slots:
        """The same time in at most one slot."""
        if len(slots) <= 1:
            return slots
        joined = self.segment.table.new_slot()
        self.segment.move(joined, slots)
        return frozenset({joined})

    def _carry(self, values: Sequence[SSAValue], first: Sequence[SSAValue]) -> None:
        """Give loop-carried values slots of their own, set to their first values."""
        for value, source in zip(values, first, strict=True):
            slot = self.segment.table.new_slot()
            self.segment.move(slot, self.ready[source])
            self.ready[value] = frozenset({slot})

    def _moves(
        self, values: Sequence[SSAValue], sources: Sequence[SSAValue]
    ) -> list[tuple[int, Slots]]:
        pairs = zip(values, sources, strict=True)
        return [(min(self.ready[v]), self.ready[s]) for v, s in pairs]

    def _enter(self, control: Slots) -> None:
        self._outer.append(self.control)
        self.control = control

    def _leave(self) -> None:
        self.control = self._outer.pop()

    def enter_for(self, loop: scf.ForOp) -> None:
        """Before the loop: its body waits for bounds and step."""
        bounds = self.of((loop.lb, loop.ub, loop.step))
        control = self._one_slot(self.control | bounds)
        index, *carried = loop.body.block.args
        self._carry((index, *carried), (loop.lb, *loop.iter_args))
        self._enter(control)

    def begin_iteration(self, loop: scf.ForOp) -> None:
        """Compare the index with the bound, and increment it."""
        sources = self.control | self.ready[loop.body.block.args[0]]
        following = self.segment.table.new_slot()
        self._next_index[loop] = following
        kind = _MOVE if TAPE_FREE in loop.attributes else _ADD
        self.segment.row(kind, NO_SLOT, sources)
        self.segment.row(kind, following, sources)

    def end_iteration(self, loop: scf.ForOp) -> None:
        """The next index and the yielded values become the loop-carried ones."""
        index, *carried = loop.body.block.args
        following = (min(self.ready[index]), frozenset({self._next_index.pop(loop)}))
        moves = self._moves(carried, yielded(loop.body.block))
        self.segment.end_region([following, *moves])

    def leave_for(self, loop: scf.ForOp) -> None:
        """Results are what the loop carried last."""
        self._leave()
        self.share(loop.res, loop.body.block.args[1:])

    def enter_while(self, loop: scf.WhileOp) -> None:
        """Before the loop: a slot for its control, which each condition delays."""
        control = self.segment.table.new_slot()
        self.segment.move(control, self.control)
        self._carry(loop.before_region.block.args, loop.arguments)
        self._enter(frozenset({control}))

    def end_before(self, loop: scf.WhileOp) -> None:
        """What comes after the condition waits for it."""
        (condition,), passed = decided_by(loop), yielded(loop.before_region.block)
        self.segment.move(min(self.control), self.control | self.ready[condition])
        self.share(loop.after_region.block.args, passed)
        for result, forwarded in zip(loop.res, passed, strict=True):
            self.ready[result] = self.ready[forwarded] | self.control

    def end_after(self, loop: scf.WhileOp) -> None:
        """The yielded values become the loop-carried ones."""
        before, after = loop.before_region.block, loop.after_region.block
        self.segment.end_region(self._moves(before.args, yielded(after)))

    def leave_while(self) -> None:
        """After the loop control is what it was."""
        self._leave()

    def enter_branches(self, op: Operation, condition: SSAValue) -> None:
        """Before a branch: what is inside waits for the condition."""
        control = self._one_slot(self.control | self.ready[condition])
        for result in op.results:
            self.ready[result] = frozenset({self.segment.table.new_slot()})
        self._enter(control)

    def end_branch(self, op: Operation, yielded: Sequence[SSAValue]) -> None:
        """A branch gives the results what it yields, not before the condition."""
        self.segment.end_region(
            [
                (target, sources if self._is_late(sources) else sources | self.control)
                for target, sources in self._moves(op.results, yielded)
            ]
        )

    def _is_late(self, slots: Slots) -> bool:
        """Whether the time cannot lie before control."""
        return any(self.segment.is_after(slot, self.control) for slot in slots)

    def leave_branches(self) -> None:
        """After the branches control is what it was."""
        self._leave()

    def enter_copy(self, copy: memref.CopyOp) -> None:
        """Before a copy: the index waits for both buffers."""
        self._copy_index = self.segment.table.new_slot()
        self.segment.move(self._copy_index, self.of(copy.operands))

    def copy_element(self, addresses: tuple[str, str], size_bytes: int) -> None:
        """Load and store one element, between byte addresses."""
        segment, index = self.segment, self._copy_index
        following, value = segment.table.new_slots(2)
        start = self.control | {index}
        segment.row(_ADD, NO_SLOT, start)
        segment.row(_ADD, following, start)
        segment.row(int(Kind.LOAD), value, start, addresses[0], size_bytes)
        waits = start | {value}
        segment.row(int(Kind.STORE), NO_SLOT, waits, addresses[1], size_bytes)
        segment.move(index, frozenset({following}))

    def enter_function(self, function: FuncOp) -> None:
        """A function that is called: its caller sets the slots."""
        slots = self.segment.table.function_slots(function)
        self.control = frozenset({slots.control})
        for argument, slot in zip(function.args, slots.parameters, strict=True):
            self.ready[argument] = frozenset({slot})

    def leave_function(self, function: FuncOp, returned: Sequence[SSAValue]) -> None:
        """Hand the ready times of the results to the caller."""
        slots = self.segment.table.function_slots(function)
        for target, value in zip(slots.results, returned, strict=True):
            self.segment.move(target, self.ready[value])

    def enter_call(self, callee: FuncOp, arguments: Sequence[SSAValue]) -> None:
        """Hand control and the ready times of the arguments to the function."""
        slots = self.segment.table.function_slots(callee)
        self.segment.move(slots.control, self.control)
        for target, value in zip(slots.parameters, arguments, strict=True):
            self.segment.move(target, self.ready[value])

    def leave_call(self, callee: FuncOp, results: Sequence[SSAValue]) -> None:
        """Keep the results' ready times: the next call overwrites the function's."""
        slots = self.segment.table.function_slots(callee)
        for source, value in zip(slots.results, results, strict=True):
            slot = self.segment.table.new_slot()
            self.segment.move(slot, frozenset({source}))
            self.ready[value] = frozenset({slot})
