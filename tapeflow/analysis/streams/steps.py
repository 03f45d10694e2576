"""One access or transfer of a ring: may it happen in its state, and what follows?"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.balance.facts import Answer, Pop, Push, TapeFacts
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_forms import Form
from tapeflow.analysis.streams.cursor_values import CursorValues
from tapeflow.analysis.streams.ring_state import RingState
from tapeflow.dialects import spm, stream

Access: TypeAlias = spm.StoreOp | spm.LoadOp
Transfer: TypeAlias = (
    stream.EnqueueOp
    | stream.AcquireOp
    | stream.PrefetchOp
    | stream.DequeueOp
    | spm.DrainOp
    | spm.FillOp
)


class ProtocolBroken(Exception):
    """A step that the state of a ring does not allow, or not provably."""

    def __init__(self, answer: Answer, reason: str):
        super().__init__(reason)
        self.answer: Answer = answer
        self.reason = reason


@dataclass
class StreamSteps:
    """The steps of one function."""

    values: CursorValues
    facts: TapeFacts

    def store(self, op: spm.StoreOp, state: RingState) -> RingState:
        """One field of the record behind the last."""
        offset = self._offset(op.address, state.address)
        if offset != 0:
            raise _misplaced("store", offset, state)
        if state.most >= state.tile:
            raise _broken(
                state.least >= state.tile,
                "the store may go behind the end of the tile: its "
                f"{state.tile} records may be stored and no test sends it off",
            )
        if state.moving:
            raise ProtocolBroken("refuted", _store_too_early(state))
        stored = {**state.stored, op.field.data: op.value}
        if len(stored) < len(state.type.fields):
            return replace(state, stored=stored, popped=None)
        known = {at: value for at, value in stored.items() if value is not None}
        self.facts.pushes[op] = Push(op.memory, known)
        return state.pushed()

    def load(self, op: spm.LoadOp, state: RingState) -> RingState:
        """One field of the last record, which the first such load takes off."""
        if state.moving:
            raise ProtocolBroken("refuted", _load_too_early(state))
        offset = self._offset(op.address, state.address)
        if state.popped is not None and offset == 0:
            state.popped.loads.append((op.field.data, op.value))
            return state
        if offset != -state.stride:
            below = None if offset is None else offset + state.stride
            raise _misplaced("load", below, state)
        if state.stored:
            raise ProtocolBroken(
                "refuted", "a record is read while only part of it is stored"
            )
        if state.least < 1:
            raise _broken(
                state.most < 1,
                "the load goes before the begin of the tile: all its records may be "
                "used up and no test fetches the tile before",
            )
        pop = self.facts.pops[op] = Pop(op.memory, [(op.field.data, op.value)])
        return state.after(pop)

    def transfer(self, op: Transfer, state: RingState) -> RingState:
        """A tile begins to move, or the program waits until it has."""
        verb = op.name.split(".")[1]
        offset = self._offset(op.start, state.start)
        if offset != 0:
            raise _broken(
                offset is not None,
                f"{verb} names another slot than that of the current tile"
                + ("" if offset is None else f": it is {offset} bytes off"),
            )
        match op:
            case stream.EnqueueOp() | spm.DrainOp():
                state = _leave(state, verb)
            case stream.PrefetchOp() | spm.FillOp():
                state = _give_up(state, verb)
                self.facts.fetches[op] = op.ring
            case _:
                pass
        if isinstance(op, stream.AcquireOp | stream.DequeueOp):
            self.values.put(op.slot, state.start)
        if isinstance(op, stream.EnqueueOp | stream.PrefetchOp):
            return state
        return replace(state, moving="")

    def reload(self, op: stream.ReloadOp, state: RingState) -> RingState:
        """All tiles on chip leave as far as they are written, and come again."""
        offset = self._offset(op.end, state.address)
        if offset != 0:
            raise _misplaced("reload", offset, state)
        if state.stored or state.moving:
            raise ProtocolBroken("refuted", "reload of a tile that is not ready for it")
        return replace(state, moving="arriving", popped=None)

    def _offset(self, address: SSAValue, expected: Form) -> int | None:
        difference = forms.add(self.values.of(address), expected, -1)
        return None if difference is None else _constant(difference)


def _constant(form: Form) -> int | None:
    """A number that the form may be and that is not 0, or 0 if it always is."""
    if form.terms:
        return None
    return next((number for number in form.numbers if number), 0)


def _leave(state: RingState, verb: str) -> RingState:
    if state.stored:
        raise ProtocolBroken(
            "refuted", f"{verb} of a tile whose last record is not complete"
        )
    if state.least < state.tile:
        raise _broken(
            state.most < state.tile,
            f"{verb} of a tile that is not full: it may hold {state.least} of "
            f"{state.tile} records",
        )
    if state.moving:
        raise ProtocolBroken(
            "refuted", f"{verb} of a tile that is {state.moving} already"
        )
    return state.next_tile()


def _give_up(state: RingState, verb: str) -> RingState:
    if state.most > 0:
        raise _broken(
            state.least > 0,
            f"{verb} into a tile that is not used up: it may hold {state.most} of "
            f"{state.tile} records",
        )
    if state.moving:
        raise ProtocolBroken(
            "refuted", f"{verb} into a slot whose tile is {state.moving}"
        )
    return state.previous_tile()


def _broken(is_certain: bool, reason: str) -> ProtocolBroken:
    return ProtocolBroken("refuted" if is_certain else "not provable", reason)


def _misplaced(what: str, offset: int | None, state: RingState) -> ProtocolBroken:
    if offset is None:
        return ProtocolBroken(
            "not provable",
            f"the address of the {what} does not follow from the ring's cursor",
        )
    return ProtocolBroken(
        "refuted",
        f"the {what} is {offset} bytes off the {'next' if what == 'store' else 'last'} "
        f"record, in records of {state.stride} bytes",
    )


def _store_too_early(state: RingState) -> str:
    """The first tile that meets another one in its slot."""
    slots, tile = state.type.slots.data, state.tile
    if state.moving == "leaving":
        return (
            f"record {slots * tile}, the first of tile {slots}, is stored to slot 0 "
            "while tile 0 may still be leaving it"
        )
    return "a record is stored to a slot while the tile before is arriving in it"


def _load_too_early(state: RingState) -> str:
    slots, tile = state.type.slots.data, state.tile
    if state.moving == "arriving":
        return (
            f"of {(slots + 1) * tile + 1} records or more, record {tile - 1} is read "
            "from slot 0 while tile 0 may still be arriving in it"
        )
    return "a record is read from a slot while a tile leaves it"


_RING_OPERANDS: dict[type[Operation], int] = {
    spm.StoreOp: 1,
    **dict.fromkeys((spm.LoadOp, spm.AdvanceOp, spm.RetreatOp), 0),
    **dict.fromkeys((spm.DrainOp, spm.FillOp, stream.ReloadOp), 0),
    **dict.fromkeys((stream.EnqueueOp, stream.AcquireOp), 0),
    **dict.fromkeys((stream.PrefetchOp, stream.DequeueOp), 0),
}


def ring_of(op: Operation) -> SSAValue | None:
    """The ring that an operation accesses or transfers."""
    position = _RING_OPERANDS.get(type(op))
    return None if position is None else op.operands[position]


def ring_users(function: FuncOp) -> dict[Operation, SSAValue]:
    """By operation that accesses or transfers one, the ring."""
    rings = ((op, ring_of(op)) for op in function.walk())
    return {op: ring for op, ring in rings if ring is not None}
