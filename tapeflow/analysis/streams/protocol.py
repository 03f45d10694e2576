"""Walks a function with the state of every ring and checks each access and transfer.

Wherever loops and branches meet, nothing is assumed of a ring but that its cursor is in
some slot, behind some number of records of the tile. That the values which carry the
cursor there do say so is shown each time: they do before a loop, and if they do at the
begin of an iteration, they do at its end. So every step is checked for all iterations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.balance.facts import TapeFacts, tapes_inside
from tapeflow.analysis.ir.control_flow import edges_from, yielded
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.chunk_loops import chunks_around, trip_limits
from tapeflow.analysis.streams.cursor_forms import Form
from tapeflow.analysis.streams.cursor_roles import CursorRoles, Role
from tapeflow.analysis.streams.cursor_values import (
    CursorValues,
    Fills,
)
from tapeflow.analysis.streams.ring_state import (
    RingState,
    asked_about,
    can_be,
    refined,
)
from tapeflow.analysis.streams.staged_loops import staged_loop
from tapeflow.analysis.streams.steps import (
    ProtocolBroken,
    StreamSteps,
    ring_of,
    ring_users,
)
from tapeflow.dialects import spm, stream

States = dict[SSAValue, RingState]
_TRANSFERS = (
    stream.EnqueueOp,
    stream.AcquireOp,
    stream.PrefetchOp,
    stream.DequeueOp,
    spm.DrainOp,
    spm.FillOp,
)


def check_protocol(function: FuncOp) -> TapeFacts:
    """Check the steps of all rings of a function."""
    return _Walk(function).run()


class _Walk:
    def __init__(self, function: FuncOp):
        self._function = function
        self._values = CursorValues()
        self._facts = TapeFacts(users=ring_users(function))
        self._inside = tapes_inside(self._facts.users)
        self._roles = CursorRoles(self._values, function)
        self._steps = StreamSteps(self._values, self._facts)
        self._states: States = {}

    def run(self) -> TapeFacts:
        self._block(self._function.body.block)
        return self._facts

    def _block(self, block: Block) -> None:
        for op in block.ops:
            match op:
                case spm.AllocateOp():
                    self._begin(op)
                case scf.ForOp():
                    self._for(op)
                case scf.WhileOp():
                    self._while(op)
                case scf.IfOp():
                    self._if(op)
                case _ if op.regions:
                    self._opaque(op)
                case _:
                    self._step(op)

    def _begin(self, op: spm.AllocateOp) -> None:
        self._states[op.ring] = RingState.fresh(op.ring, op.ring.type)
        self._facts.begin(op, op.ring, op.capacity if op.growing is None else None)

    def _step(self, op: Operation) -> None:
        ring = ring_of(op)
        if ring is None or ring not in self._states:
            return
        state = self._states[ring]
        try:
            match op:
                case spm.StoreOp():
                    state = self._steps.store(op, state)
                case spm.LoadOp():
                    state = self._steps.load(op, state)
                case stream.ReloadOp():
                    state = self._steps.reload(op, state)
                case _ if isinstance(op, _TRANSFERS):
                    state = self._steps.transfer(op, state)
                case _:
                    message = f"{op.name} is not a transfer; lower it first"
                    raise ProtocolBroken("not provable", message)
        except ProtocolBroken as broken:
            self._fail(ring, broken, op)
            return
        self._states[ring] = state

    def _fail(self, ring: SSAValue, broken: ProtocolBroken, op: Operation) -> None:
        self._facts.fail(ring, broken.answer, broken.reason, op)
        self._states.pop(ring, None)

    def _unknown(self, ring: SSAValue, reason: str, op: Operation) -> None:
        self._fail(ring, ProtocolBroken("not provable", reason), op)

    def _opaque(self, op: Operation) -> None:
        for ring in self._touched(op):
            self._unknown(ring, f"{op.name} is not looked into", op)

    def _touched(self, op: Operation) -> list[SSAValue]:
        return [ring for ring in self._inside.get(op, ()) if ring in self._states]

    # Loops

    def _for(self, op: scf.ForOp) -> None:
        touched = self._enter(op)
        if not touched:
            return
        before = {ring: self._states[ring] for ring in touched}
        roles = self._roles.carried(
            op.iter_args, op.body.block.args[1:], self._states, touched
        )
        limits = trip_limits(op, self._values)
        staged = staged_loop(op)
        if staged is not None:
            self._facts.staged[op] = staged
        chunks = chunks_around(op, staged, self._values, self._states)
        if chunks is not None:
            self._facts.chunks[chunks[0]] = chunks[1]
        paces = {ring: _pace(before[ring], limits) for ring in touched}
        for ring, pace in paces.items():
            state = before[ring]
            if pace.change == 0:
                self._states[ring] = state.unknown()
            elif pace.change > 0:
                high = state.tile - 1 - pace.left
                self._states[ring] = state.within(state.least, high)
            else:
                self._states[ring] = state.within(1 + pace.left, state.most)
        self._roles.assume(op.body.block.args[1:], roles, self._states)
        first = {ring: self._states[ring] for ring in touched}
        self._block(op.body.block)
        self._show(op.body.block, roles, op)
        for ring, pace in paces.items():
            if pace.change and ring in self._states:
                self._keeps_pace(first[ring], self._states[ring], pace.change, op)
        for ring in touched:
            if ring not in self._states:
                continue
            state, pace = before[ring], paces[ring]
            if pace.change == 0:
                self._states[ring] = state.unknown()
            elif pace.change > 0:
                high = state.tile - pace.left
                self._states[ring] = state.within(state.least, high)
            else:
                self._states[ring] = state.within(pace.left, state.most)
        self._roles.assume(op.results, roles, self._states)

    def _keeps_pace(
        self, first: RingState, last: RingState, pace: int, op: Operation
    ) -> None:
        change = forms.add(last.fill, first.fill, -1)
        if first.start != last.start or change is None or change.constant != pace:
            self._unknown(
                first.ring,
                "the loop's trip count is bounded by the records of the current tile, "
                "but it does not use exactly one of them an iteration",
                op,
            )

    def _while(self, op: scf.WhileOp) -> None:
        touched = self._enter(op)
        if not touched:
            return
        roles = self._roles.carried(
            op.arguments, op.before_region.block.args, self._states, touched
        )
        for ring in touched:
            self._states[ring] = self._states[ring].unknown()
        before, after = op.before_region.block, op.after_region.block
        self._roles.assume(before.args, roles, self._states)
        self._block(before)
        assert before.last_op is not None
        for edge in edges_from(before.last_op):
            for source, target in edge.pairs:
                if self._roles.is_part(source):
                    self._values.put(target, self._values.of(source))
        leaving = {ring: self._states[ring] for ring in touched if ring in self._states}
        self._block(after)
        self._show(after, roles, op)
        for ring in tuple(leaving):
            if ring in self._states:
                self._states[ring] = leaving[ring]

    def _enter(self, op: Operation) -> list[SSAValue]:
        """The rings a loop uses that it finds ready for use."""
        for ring in self._touched(op):
            state = self._states[ring]
            if state.stored:
                self._unknown(ring, "a record is not complete before the loop", op)
        return self._touched(op)

    def _show(self, block: Block, roles: dict[int, Role], op: Operation) -> None:
        """At the end of an iteration the carried values are the cursor's again."""
        last = block.last_op
        assert last is not None
        for ring in self._touched(op):
            state = self._states[ring]
            if state.stored:
                self._unknown(ring, "an iteration ends with a record not complete", op)
            elif state.moving:
                self._unknown(
                    ring, "an iteration ends while a tile moves: wait for it", op
                )
        for position, role in roles.items():
            ring, name, _ = role
            if ring not in self._states:
                continue
            value = last.operands[position]
            if not self._roles.is_in_role(value, role, self._states[ring]):
                self._unknown(
                    ring,
                    f"the loop carries another {name} than an iteration leaves",
                    last,
                )

    # Branches

    def _if(self, op: scf.IfOp) -> None:
        touched = self._touched(op)
        if not touched:
            return
        condition = self._values.condition(op.cond)
        asked = asked_about(condition, self._states)
        entry = {ring: self._states[ring] for ring in touched}
        if asked is not None:
            entry[asked.ring] = asked
        ends: list[tuple[States, Sequence[SSAValue]]] = []
        for region, taken in ((op.true_region, True), (op.false_region, False)):
            failed = self._facts.failures
            self._states |= {r: s for r, s in entry.items() if r not in failed}
            state = asked_about(condition, self._states)
            if not can_be(condition, taken, state):
                self._facts.dead |= set(region.blocks)
                continue
            if isinstance(condition, Fills) and state is not None:
                self._states[state.ring] = refined(condition, taken, state)
            values: Sequence[SSAValue] = ()
            if region.blocks:
                self._block(region.block)
                values = yielded(region.block)
            left = {r: self._states[r] for r in touched if r in self._states}
            ends.append((left, values))
        self._states |= entry
        if not ends:
            return
        for ring in self._inside[op]:
            self._states.pop(ring, None)
        for ring in touched:
            self._meet(ring, ends, op)

    def _meet(
        self,
        ring: SSAValue,
        ends: list[tuple[States, Sequence[SSAValue]]],
        op: scf.IfOp,
    ) -> None:
        if ring in self._facts.failures:
            return
        (one_states, one_values), (other_states, other_values) = ends[0], ends[-1]
        one, other = one_states[ring], other_states[ring]
        if one.stored.keys() != other.stored.keys():
            self._states[ring] = one
            self._unknown(ring, "one branch alone leaves a record not complete", op)
            return
        least, most = min(one.least, other.least), max(one.most, other.most)
        if one.is_same_place(other):
            joined = one
        elif one.start == other.start:
            joined = one.within(least, most)
        else:
            joined = one.unknown()
        joined = replace(
            joined,
            least=least,
            most=most,
            stored=one.stored_or(other),
            popped=one.popped_or(other),
            moving=one.moving or other.moving,
        )
        self._states[ring] = joined
        for result, *values in zip(op.results, one_values, other_values, strict=True):
            self._roles.join(result, values, (one, other), joined)


@dataclass(frozen=True)
class _Pace:
    """How a loop fills or empties a tile that bounds its trip count."""

    change: int
    """1 where the tile has room for a record an iteration, -1 where it has a record to
    give for each, 0 where neither is known."""
    left: int = 0
    """Records for which there is room besides, or that there are besides."""


def _pace(state: RingState, limits: frozenset[Form]) -> _Pace:
    if state.fill.constant is not None:
        return _Pace(0)
    for change, records in ((1, state.room), (-1, state.fill)):
        spans = (forms.add(records, limit, -1) for limit in limits)
        left = [span.constant for span in spans if span is not None]
        known = [number for number in left if number is not None and number >= 0]
        if known:
            return _Pace(change, max(known))
    return _Pace(0)
