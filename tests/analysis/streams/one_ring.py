"""A ring for two records a slot, whose steps are tried one after the other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.balance.facts import TapeFacts
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_forms import Form
from tapeflow.analysis.streams.cursor_values import CursorValues
from tapeflow.analysis.streams.ring_state import RingState
from tapeflow.analysis.streams.steps import StreamSteps, Transfer, ring_of
from tapeflow.dialects import spm, stream
from tests.analysis.conftest import Parse

RING = "!spm.ring<[f64, f64], tile 2, slots {}, base 0>"
"""Records of 16 bytes; the slots begin at bytes 0, 64, ..."""
OPERATIONS = {
    "store": "spm.store %a, %ring[%n] field 0",
    "store rest": "spm.store %b, %ring[%n] field 1",
    "load": "%v = spm.load %ring[%n] field 0",
    "load rest": "%v = spm.load %ring[%n] field 1",
    "enqueue": "stream.enqueue %ring, %n",
    "acquire": "%v = stream.acquire %ring, %n",
    "prefetch": "stream.prefetch %ring, %n",
    "dequeue": "%v = stream.dequeue %ring, %n",
    "reload": "stream.reload %ring, %n",
    "drain": "spm.drain %ring, %n",
    "fill": "spm.fill %ring, %n",
}
BLOCKING = ("drain", "fill")
"""Only rings of one slot have them."""
STATES: dict[str, Callable[[RingState], RingState]] = {
    "empty": lambda ring: ring,
    "one": lambda ring: ring.pushed(),
    "full": lambda ring: ring.pushed().pushed(),
    "some": lambda ring: ring.within(0, 2),
    "part": lambda ring: replace(ring, stored={0: None}),
    "leaving": lambda ring: ring.next_tile(),
    "arriving": lambda ring: ring.previous_tile(),
    "one, arriving": lambda ring: replace(ring.pushed(), moving="arriving"),
}


def allocated(parse: Parse, slots: int, then: str = "") -> tuple[SSAValue, Operation]:
    """A ring, and the operation behind its allocation."""
    type_ = RING.format(slots)
    then = f"{then} : {type_}" if then else ""
    program = parse(f"%ring = spm.allocate %c8 : {type_}\n{then}")
    following = program.op("ring").next_op
    assert following is not None
    return program["ring"], following


class OneRing:
    """A ring in a state."""

    def __init__(self, parse: Parse, state: str, slots: int = 2):
        self._parse, self._slots = parse, slots
        self.values, self.facts = CursorValues(), TapeFacts()
        self._steps = StreamSteps(self.values, self.facts)
        ring, _ = allocated(parse, slots)
        assert isinstance(ring.type, spm.RingType)
        self.state = STATES[state](RingState.fresh(ring, ring.type))

    def step(self, verb: str, off: int | Form | None = 0) -> Any:
        """Do one operation, some bytes off its place, or anywhere if that is None."""
        ring, op = allocated(self._parse, self._slots, OPERATIONS[verb])
        assert ring_of(op) is ring
        place = op.operands[-1]
        match op:
            case spm.StoreOp():
                self._put(place, self.state.address, off)
                self.state = self._steps.store(op, self.state)
            case spm.LoadOp():
                popped = 0 if self.state.popped else self.state.stride
                self._put(place, moved(self.state.address, -popped), off)
                self.state = self._steps.load(op, self.state)
            case stream.ReloadOp():
                self._put(place, self.state.address, off)
                self.state = self._steps.reload(op, self.state)
            case _:
                self._put(place, self.state.start, off)
                self.state = self._steps.transfer(cast(Transfer, op), self.state)
        return op

    def _put(self, value: SSAValue, right: Form, off: int | Form | None) -> None:
        if off is not None:
            self.values.put(value, moved(right, off))


def moved(form: Form, by: int | Form) -> Form:
    """An address some bytes behind."""
    total = forms.add(form, forms.number(by) if isinstance(by, int) else by)
    assert total is not None
    return total
