"""When the values of a loop are there, as its operations are booked in turn.

No value is computed but index arithmetic, so that an access knows whether it meets what
an earlier one has stored. A *copy* holds what is known of the values of one execution
of a body; operations of several copies may be booked in any order that dependences
allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, TypeAlias, cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AnyFloat, IndexType, MemRefType
from xdsl.ir import Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.operation_costs import PRICES, UNPIPELINED
from tapeflow.analysis.machine.bookings import Bookings, Unit
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.dialects import address
from tapeflow.dialects.field_access import FieldLoadOp, FieldStoreOp
from tapeflow.dialects.record import LINE_BYTES, field_bytes

LOADS = (memref.LoadOp, address.LoadOp)
STORES = (memref.StoreOp, address.StoreOp)
_ACCESSES = (*LOADS, *STORES, FieldLoadOp, FieldStoreOp)

Number: TypeAlias = tuple[int, int]
"""Something unknown, 0 for nothing, and a number that is added to it."""


class Known(NamedTuple):
    """What is known of a value."""

    ready: int
    """The cycle at which it is there."""
    number: Number


class Copy:
    """The values of one execution of a body, on those around it."""

    def __init__(self, around: "Copy | None" = None):
        self._around = around
        self._values: dict[SSAValue, Known] = {}

    def find(self, value: SSAValue) -> Known | None:
        copy: Copy | None = self
        while copy is not None:
            known = copy._values.get(value)
            if known is not None:
                return known
            copy = copy._around
        return None

    def define(self, value: SSAValue, known: Known) -> None:
        self._values[value] = known


@dataclass(frozen=True)
class _Need:
    """What an operation takes of the machine."""

    unit: Unit
    cycles: int
    """0 for what is free."""
    interval: int


class Run:
    """A run of some loops on a datapath."""

    def __init__(
        self,
        datapath: Datapath,
        free: frozenset[Operation] = frozenset(),
        *,
        reuses: bool = False,
    ):
        """A run on a datapath.

        Args:
            free: operations that take nothing.
            reuses: whether what an iteration has loaded or stored is at hand for what
                comes behind in it.
        """
        self.bookings = Bookings(datapath)
        self._load_cycles = datapath.load_cycles
        self._free = free
        self._reuses = reuses
        self._at_hand: dict[tuple[SSAValue, tuple[Number, ...]], int] = {}
        """By element, when the value that it holds is there."""
        self._outside: dict[SSAValue, Known] = {}
        self._stored: dict[tuple[SSAValue, tuple[Number, ...]], int] = {}
        """When an element that was stored is there."""
        self._unknown = count(1)
        self._names: dict[object, int] = {}
        self._needs: dict[Operation, _Need] = {}

    def known(self, value: SSAValue, copy: Copy) -> Known:
        """What is known of a value; one from outside is there at once."""
        found = copy.find(value)
        if found is not None:
            return found
        if value not in self._outside:
            number = constant_of(value)
            name = (0, number) if isinstance(number, int) else (self._name(value), 0)
            self._outside[value] = Known(0, name)
        return self._outside[value]

    def begin(self) -> None:
        """An iteration begins: nothing is at hand any more."""
        self._at_hand.clear()

    def touched_lines(self) -> int:
        """Lines that are touched since the iteration began, for all that is known."""
        lines = {
            (buffer, numbers[:-1], name, number * _bytes(buffer) // LINE_BYTES)
            for buffer, numbers in self._at_hand
            for name, number in numbers[-1:]
        }
        return len(lines)

    def count(self, ready: int) -> int:
        """Compare and increment a counter; when the next one is there."""
        self.bookings.book("integer", ready, 1)
        return self.bookings.book("integer", ready, 1)

    def execute(self, op: Operation, copy: Copy, control: int = 0) -> None:
        """Book an operation without loops.

        Args:
            control: when it is known that it runs.
        """
        if isinstance(op, scf.IfOp):
            self._branch(op, copy, control)
            return
        if op.regions:
            return
        operands = [self.known(value, copy) for value in op.operands]
        ready = max((known.ready for known in operands), default=0)
        if isinstance(op, (*LOADS, *STORES)):
            done = self._access(op, operands, max(ready, control))
        else:
            done = self._book(self._need(op), ready, control)
        for result in op.results:
            copy.define(result, Known(done, self._number(op, operands)))

    def _access(
        self,
        op: memref.LoadOp | memref.StoreOp | address.LoadOp | address.StoreOp,
        operands: Sequence[Known],
        ready: int,
    ) -> int:
        """Book an access; when what it loads or stores is there."""
        is_store = isinstance(op, STORES)
        first = 2 if is_store else 1
        numbers = tuple(k.number for k in operands[first : first + len(op.indices)])
        element = op.memref, numbers
        is_at_hand = self._reuses and element in self._at_hand
        if is_store:
            value = operands[0].ready
            self._at_hand[element] = value
            if not is_at_hand:
                self._stored[element] = self._book(self._need(op), ready)
            self._stored[element] = max(self._stored.get(element, 0), value)
            return ready
        if is_at_hand:
            return self._at_hand[element]
        done = self._book(self._need(op), max(ready, self._stored.get(element, 0)))
        self._at_hand[element] = done
        return done

    def _book(self, need: _Need, ready: int, control: int = 0) -> int:
        if not need.cycles:
            return ready
        ready = max(ready, control)
        return self.bookings.book(need.unit, ready, need.cycles, need.interval)

    def _branch(self, op: scf.IfOp, copy: Copy, control: int) -> None:
        """The longer side runs."""
        taken = self.known(op.cond, copy).ready
        control = max(control, taken)
        sides = [region.block for region in op.regions if region.blocks]
        block = max(sides, key=lambda block: sum(1 for _ in block.walk()))
        for inner in block.ops:
            self.execute(inner, copy, control)
        for result, value in zip(op.results, yielded(block), strict=True):
            known = self.known(value, copy)
            copy.define(result, Known(max(known.ready, control), known.number))

    def _need(self, op: Operation) -> _Need:
        if op not in self._needs:
            self._needs[op] = self._found_need(op)
        return self._needs[op]

    def _found_need(self, op: Operation) -> _Need:
        price = PRICES.get(type(op))
        cycles = 1 if price is None else price.cycles
        if op in self._free or is_subscript(op):
            cycles = 0
        if isinstance(op, _ACCESSES):
            is_load = isinstance(op, LOADS)
            return _Need(
                "memory", min(cycles, 1) * self._load_cycles if is_load else cycles, 1
            )
        values = (*op.operands, *op.results)
        is_float = any(isinstance(value.type, AnyFloat) for value in values)
        interval = cycles if type(op) in UNPIPELINED else 1
        return _Need("float" if is_float else "integer", cycles, interval)

    def _number(self, op: Operation, operands: Sequence[Known]) -> Number:
        """What is known of an operation's results as numbers."""
        if not isinstance(op.results[0].type, IndexType):
            return (0, 0)
        match op, operands:
            case arith.ConstantOp(), _:
                return (0, constant_of(op.result) or 0)
            case arith.AddiOp(), (Known(_, (0, one)), Known(_, (name, other))):
                return (name, one + other)
            case arith.AddiOp(), (Known(_, (name, one)), Known(_, (0, other))):
                return (name, one + other)
            case arith.SubiOp(), (Known(_, (name, one)), Known(_, (0, other))):
                return (name, one - other)
            case arith.MuliOp(), (Known(_, (0, one)), Known(_, (0, other))):
                return (0, one * other)
            case _:
                pass
        if is_side_effect_free(op):
            return self._name((type(op), *(known.number for known in operands))), 0
        return next(self._unknown), 0

    def _name(self, of: object) -> int:
        if of not in self._names:
            self._names[of] = next(self._unknown)
        return self._names[of]


def _bytes(buffer: SSAValue) -> int:
    type_ = cast("MemRefType", buffer.type)
    return field_bytes(type_.element_type)


def is_subscript(op: Operation) -> bool:
    """Whether an operation computes nothing but subscripts.

    What they cost is paid outside of loops, or not at all.
    """
    if not isinstance(op, arith.AddiOp | arith.SubiOp | arith.MuliOp):
        return False
    return all(_is_checked(use.operation, use.index) for use in op.result.uses)


def _is_checked(op: Operation, number: int) -> bool:
    if isinstance(op, LOADS):
        return 1 <= number <= len(op.indices)
    if isinstance(op, STORES):
        return 2 <= number <= 1 + len(op.indices)
    return is_subscript(op)
