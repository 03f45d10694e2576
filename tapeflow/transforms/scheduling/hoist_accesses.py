"""Move loads that do not vary in front of loops, and updates of elements to registers.

    scf.for %j = %c0 to %n step %c1 {         %a = memref.load %x[%i]
      %a = memref.load %x[%i]                 %r = scf.for %j = %c0 to %n step %c1
      %b = arith.addf %a, %v                      iter_args(%c = %a) -> (f64) {
      memref.store %b, %x[%i]          ==>      %b = arith.addf %c, %v
    }                                           scf.yield %b
                                              }
                                              memref.store %r, %x[%i]

Inner loops first: what leaves one is then looked at in the loop around it. An access
that is not known to run stands behind a test of the loop's bounds, which leaves outer
loops as well, so that a loop that does not run accesses nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.integers.number_attributes import (
    float_attribute,
    integer_attribute,
)
from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.invariants import Places, may_run_anywhere
from tapeflow.analysis.scheduling.locations import Location, is_plain, location_of
from tapeflow.analysis.scheduling.stages import constant_span
from tapeflow.analysis.scheduling.touched import Touched, writes_by_operation
from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.scheduling.guards import (
    Conditions,
    Guarded,
    is_defined_in,
    place_result,
    place_store,
)


def hoist_accesses(function: FuncOp, buffers: Buffers, places: Places) -> None:
    """Let loads and stores of a function leave its loops.

    Args:
        places: knows all values of the function.
    """
    hoister = _Hoister(function, buffers, places)
    for block in function.body.blocks:
        hoister.block(block)


class _Hoister:
    def __init__(self, function: FuncOp, buffers: Buffers, places: Places):
        self.buffers = buffers
        self.places = places
        self.conditions = Conditions(places)
        self._nothing = Touched(buffers, writes_by_operation(buffers))
        self._constants = FunctionConstants(function)

    def zero(self, type_: Attribute) -> SSAValue:
        """What stands for a value that is not needed."""
        if isinstance(type_, AnyFloat):
            return self._constants.value(float_attribute(0.0, type_))
        integer = cast("IntegerType | IndexType", type_)
        return self._constants.value(integer_attribute(0, integer))

    def block(self, block: Block) -> "_Body":
        """Work on all loops in a block; what it accesses then."""
        body = _Body(block, self._nothing.like())
        for op in tuple(block.ops):
            match op:
                case memref.LoadOp() | memref.StoreOp() if is_plain(op):
                    body.add(Guarded(op))
                case memref.LoadOp() | memref.StoreOp():
                    body.others.add_access(op)
                case _ if _may_fail(op):
                    body.add(Guarded(op))
                case scf.ForOp():
                    self._loop(op, body)
                case _ if op.regions:
                    with self.places.inside(op):
                        for region in op.regions:
                            for inner in region.blocks:
                                body.others.merge(self.block(inner).touched())
                case _:
                    body.others.add(op)
        return body

    def _loop(self, loop: scf.ForOp, around: "_Body") -> None:
        with self.places.inside(loop):
            body = self.block(loop.body.block)
        span = constant_span(loop)
        if span is None or span > 0:
            hoisting = _LoopHoister(loop, body, around, self)
            hoisting.move_results()
            hoisting.carry_elements()
        around.others.merge(body.touched())


class _Body:
    """A block, and what it accesses: by itself, and in what stands inside."""

    def __init__(self, block: Block, others: Touched):
        self.block = block
        self.others = others
        self.guarded: dict[Operation, Guarded] = {}
        """By what stands in the block, in order, accesses and divisions that run
        whenever the block or their condition does."""

    def add(self, guarded: Guarded) -> None:
        """An operation that stands behind all others."""
        self.guarded[guarded.holder] = guarded

    def remove(self, guarded: Guarded) -> None:
        """An operation that is going to leave the block."""
        del self.guarded[guarded.holder]

    def elements(self) -> dict[Location, list[Guarded]]:
        """The accesses to each element."""
        found: dict[Location, list[Guarded]] = defaultdict(list)
        for guarded in self.guarded.values():
            if isinstance(guarded.op, memref.LoadOp | memref.StoreOp):
                found[location_of(guarded.op)].append(guarded)
        return found

    def touched(self) -> Touched:
        """All that is accessed in the block."""
        found = self.others.like()
        found.merge(self.others)
        for guarded in self.guarded.values():
            if isinstance(guarded.op, memref.LoadOp | memref.StoreOp):
                found.add_access(guarded.op)
        return found


class _LoopHoister:
    """Lets accesses leave one loop, with what is computed from them."""

    def __init__(
        self,
        loop: scf.ForOp,
        body: _Body,
        around: _Body,
        function: _Hoister,
    ):
        self._loop = loop
        self._body = body
        self._around = around
        self._function = function

    def move_results(self) -> None:
        """Move divisions, loads of what is not written here, and what needs them."""
        touched = self._body.touched()
        block = self._body.block
        for op in tuple(block.ops):
            guarded = self._body.guarded.get(op)
            if guarded is None:
                is_fixed = not any(is_defined_in(value, block) for value in op.operands)
                if is_fixed and may_run_anywhere(op):
                    op.detach()
                    Rewriter.insert_op(op, InsertPoint.before(self._loop))
                    self._function.places.define(op.results)
            elif guarded.is_invariant(block) and _is_constant(guarded.op, touched):
                self._body.remove(guarded)
                self._place_result(guarded, guarded.condition)

    def carry_elements(self) -> None:
        """Keep the elements in carried values that the loop alone updates."""
        chosen = [*self._chosen()]
        if not chosen:
            return
        block = self._body.block
        starts = [self._carry(group, condition) for group, condition in chosen]
        names = [value.name_hint for value in block.args[-len(chosen) :]]
        old = tuple(self._loop.results)
        self._loop = with_carried(self._loop, starts, names)
        self._function.places.define(self._loop.results)
        for value, new in zip(old, self._loop.results, strict=False):
            self._function.buffers.classes.union(value, new)
        behind: Operation = self._loop
        results = self._loop.results[len(old) :]
        for (group, condition), result in zip(chosen, results, strict=True):
            store = _last_store(group).op
            store.operands[0] = result
            placed = place_store(store, self._condition(condition), behind)
            placed.keeps = _is_loaded_first(group) and all(map(_keeps, group))
            behind = placed.holder
            self._around.add(placed)

    def _chosen(self) -> Iterator[tuple[list[Guarded], SSAValue | None]]:
        """The accesses to each element to be carried, and when there are any."""
        touched = self._body.touched()
        for at, group in self._body.elements().items():
            if (
                all(access.is_invariant(self._body.block) for access in group)
                and any(isinstance(access.op, memref.StoreOp) for access in group)
                and not self._body.others.touches(at)
                and not touched.touches_besides(at)
            ):
                yield from _with_condition(group)

    def _carry(self, group: list[Guarded], condition: SSAValue | None) -> SSAValue:
        """Replace accesses by a carried value; what it is in front of the loop."""
        first = group[0]
        last, block = _last_store(group), self._body.block
        store = cast(memref.StoreOp, last.op)
        type_ = store.value.type
        (argument,) = take(block, [type_], [store.memref.name_hint])
        current, start = argument, self._function.zero(type_)
        for access in group:
            self._body.remove(access)
            if isinstance(access.op, memref.StoreOp):
                current = access.op.value
                access.detach() if access is last else access.erase()
            elif access is first:
                access.holder.results[0].replace_all_uses_with(argument)
                start = self._place_result(access, condition)
            else:
                access.replace(current)
        hand_on(block, [current])
        return start

    def _place_result(self, guarded: Guarded, condition: SSAValue | None) -> SSAValue:
        """Put an operation in front of the loop; its result there."""
        zero = self._function.zero(guarded.op.results[0].type)
        placed = place_result(guarded, self._condition(condition), zero, self._loop)
        self._around.add(placed)
        self._function.places.define(placed.holder.results)
        return placed.holder.results[0]

    def _condition(self, condition: SSAValue | None) -> SSAValue | None:
        return self._function.conditions.both(self._loop, condition)


def _may_fail(op: Operation) -> bool:
    return isinstance(op, INTEGER_DIVISIONS) and not may_run_anywhere(op)


def _with_condition(
    group: list[Guarded],
) -> Iterator[tuple[list[Guarded], SSAValue | None]]:
    """The condition on which an element is accessed in each iteration.

    One of several accesses that always runs is enough, if the others change nothing
    where they do not run.
    """
    conditions = {access.condition for access in group}
    if len(conditions) == 1:
        yield group, group[0].condition
    elif None in conditions and all(map(_keeps, group)):
        yield group, None


def _is_constant(op: Operation, touched: Touched) -> bool:
    """Whether equal operands give equal results in a loop that touches some memory."""
    if isinstance(op, memref.LoadOp):
        return not touched.writes(location_of(op))
    return not isinstance(op, memref.StoreOp)


def _last_store(group: list[Guarded]) -> Guarded:
    return [a for a in group if isinstance(a.op, memref.StoreOp)][-1]


def _is_loaded_first(group: list[Guarded]) -> bool:
    return isinstance(group[0].op, memref.LoadOp)


def _keeps(access: Guarded) -> bool:
    """Whether a value that is carried past an access is right where it does not run."""
    is_load = isinstance(access.op, memref.LoadOp)
    return is_load or access.keeps or access.condition is None
