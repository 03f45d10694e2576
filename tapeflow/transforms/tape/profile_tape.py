"""Make a gradient count what goes through its tape, as it runs.

    tape.push %t, %x : !tape.stack<f64>

gains, in front, additions to slots of a new last argument `%profile: memref<?xi64>`:

    %n = memref.load %profile[%pushes_of_t]
    %m = arith.addi %n, %one
    memref.store %m, %profile[%pushes_of_t]

Slot 0 counts the operations executed, apart from constants and from what counts.
"""

from enum import IntEnum

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    Float32Type,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import ConstantLike, IsTerminator

from tapeflow.analysis.memory.loop_invariance import InvariantLoops
from tapeflow.dialects.tape import PopOp, PushOp, StackOp
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder

MULTIPLIER = 6364136223846793005
"""Of the digest of a stack's values; Knuth's, of a linear congruential generator."""


class Slot(IntEnum):
    """What is counted of each stack, in the order of its slots."""

    PUSHES = 0
    LIVE = 1
    """Entries on the stack now: 0 in the end."""
    PEAK = 2
    """The most entries at a time."""
    LIFETIME = 3
    """Operations between push and pop, summed over all entries."""
    DISTINCT = 4
    """Pushes in the first iteration of every loop in which the value is invariant."""
    DIGEST = 5
    """Of the bits pushed, in order: h = h * MULTIPLIER + bits, modulo 2**64."""


def slot_of(stack: int, slot: Slot) -> int:
    """The place in the profile of a figure of a stack, by number in the function."""
    return 1 + len(Slot) * stack + slot


def profile_tape(function: FuncOp) -> int:
    """Add the profile to a function whose tape consists of stacks.

    Returns the number of slots, which are zero at the start. Stacks are numbered in
    the order of a walk.
    """
    ops = tuple(function.walk())
    stacks = [op.tape for op in ops if isinstance(op, StackOp)]
    loops = InvariantLoops(function)
    invariant = {
        op: loops.around(op.values[0], op) for op in ops if isinstance(op, PushOp)
    }
    blocks = [block for op in ops for region in op.regions for block in region.blocks]
    profile = _add_argument(function)
    constants = FunctionConstants(function)
    numbers: dict[SSAValue, int] = {tape: n for n, tape in enumerate(stacks)}
    for block in blocks:
        _count_block(block, profile, constants, numbers, invariant)
    return slot_of(len(stacks), Slot.PUSHES)


def _add_argument(function: FuncOp) -> SSAValue:
    entry, type_ = function.body.block, MemRefType(i64, [DYNAMIC_INDEX])
    profile = entry.insert_arg(type_, len(entry.args))
    profile.name_hint = "profile"
    inputs = [argument.type for argument in entry.args]
    function.function_type = FunctionType.from_lists(
        inputs, [*function.function_type.outputs]
    )
    return profile


def _count_block(
    block: Block,
    profile: SSAValue,
    constants: FunctionConstants,
    numbers: dict[SSAValue, int],
    invariant: dict[PushOp, list[scf.ForOp]],
) -> None:
    """Count the operations of one block and what it pushes and pops."""
    executed = 0
    for op in tuple(block.ops):
        counter = _Counter(IndexBuilder.before(op, constants), profile)
        if isinstance(op, StackOp) or op.has_trait(ConstantLike):
            continue
        executed += 1
        if op.regions or op.has_trait(IsTerminator):
            counter.add(0, counter.number(executed))
            executed = 0
        elif isinstance(op, PushOp):
            counter.count_push(numbers[op.tape], op.values[0], invariant[op], executed)
        elif isinstance(op, PopOp):
            counter.count_pop(numbers[op.tape], executed)


class _Counter:
    """Writes the counting in front of one operation."""

    def __init__(self, builder: IndexBuilder, profile: SSAValue):
        self._builder = builder
        self._profile = profile

    def count_push(
        self, stack: int, value: SSAValue, invariant: list[scf.ForOp], executed: int
    ) -> None:
        one, minus_one = self.number(1), self.number(-1)
        self.add(slot_of(stack, Slot.PUSHES), one)
        live = self.add(slot_of(stack, Slot.LIVE), one)
        place = slot_of(stack, Slot.PEAK)
        most = self._insert(arith.MaxSIOp(self._load(place), live))
        self._store(most, place)
        now = self._insert(arith.MuliOp(self._now(executed), minus_one))
        self.add(slot_of(stack, Slot.LIFETIME), now)
        self.add(slot_of(stack, Slot.DISTINCT), self._is_first(invariant))
        place = slot_of(stack, Slot.DIGEST)
        digest = arith.MuliOp(self._load(place), self.number(MULTIPLIER))
        mixed = arith.AddiOp(self._insert(digest), self._bits(value))
        self._store(self._insert(mixed), place)

    def count_pop(self, stack: int, executed: int) -> None:
        self.add(slot_of(stack, Slot.LIVE), self.number(-1))
        self.add(slot_of(stack, Slot.LIFETIME), self._now(executed))

    def add(self, slot: int, amount: SSAValue) -> SSAValue:
        """Add to a slot; the new contents."""
        total = self._insert(arith.AddiOp(self._load(slot), amount))
        self._store(total, slot)
        return total

    def number(self, number: int) -> SSAValue:
        return self._builder.constants.value(IntegerAttr(number, i64))

    def _now(self, executed: int) -> SSAValue:
        """Operations up to here, `executed` of them since slot 0 was last set."""
        return self._insert(arith.AddiOp(self._load(0), self.number(executed)))

    def _is_first(self, loops: list[scf.ForOp]) -> SSAValue:
        """1 in the first iteration of all these loops, else 0."""
        flags = [
            self._insert(arith.CmpiOp(loop.body.block.args[0], loop.lb, "eq"))
            for loop in loops
        ]
        if not flags:
            return self.number(1)
        both = flags[0]
        for flag in flags[1:]:
            both = self._insert(arith.AndIOp(both, flag))
        return self._insert(arith.ExtUIOp(both, i64))

    def _bits(self, value: SSAValue) -> SSAValue:
        """The bits of a value as i64."""
        match value.type:
            case IndexType():
                return self._insert(arith.IndexCastOp(value, i64))
            case IntegerType() as type_:
                is_wide = type_ == i64
                return value if is_wide else self._insert(arith.ExtUIOp(value, i64))
            case Float32Type():
                narrow = self._insert(arith.BitcastOp(value, i32))
                return self._insert(arith.ExtUIOp(narrow, i64))
            case _:
                return self._insert(arith.BitcastOp(value, i64))

    def _load(self, slot: int) -> SSAValue:
        return self._insert(memref.LoadOp.get(self._profile, [self._place(slot)]))

    def _store(self, value: SSAValue, slot: int) -> None:
        store = memref.StoreOp.get(value, self._profile, [self._place(slot)])
        self._builder.insert(store)

    def _place(self, slot: int) -> SSAValue:
        return self._builder.value(slot)

    def _insert(self, op: Operation) -> SSAValue:
        return self._builder.insert(op).results[0]
