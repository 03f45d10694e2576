"""Pass `lower-tape-to-memref`: the tape in memory behind the cache."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp, ReserveOp, is_tiled
from tapeflow.dialects.tape_types import TapeRegionType
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.thread_state import (
    Rules,
    State,
    StateRule,
    TapeOp,
    thread_state,
)
from tapeflow.transforms.cached.grow_tape import make_room
from tapeflow.transforms.cached.tape_layouts import TapeLayout, layout_of
from tapeflow.transforms.tape.reserve_records import reserve_records

_TOP = 0
"""Component of a state: the place of the next record."""


@dataclass(frozen=True)
class LowerTapeToMemrefPass(ModulePass):
    """Keep the tape in ordinary memory, the next free place in a register.

        %tape = tape.allocate %n : !tape.region<[f64], soa>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %tape, %v : !tape.region<[f64], soa>
        }

    becomes

        %field = memref.alloc(%n) : memref<?xf64>
        %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
          memref.store %v, %field[%top_1] {tape.field} : memref<?xf64>
          %top_2 = arith.addi %top_1, %c1 : index
          scf.yield %top_2 : index
        }

    A region of layout `aos` becomes a `tape.arena`, and its register a byte address.
    In layout `aosoa` the values of a field lie together in blocks, and the block has to
    be found from the register, once for all fields of one width:

        %block = arith.andi %top_1, %c-64 : index
        %address = arith.addi %top_1, %block : index
        tape.store %a, %tape[%address] field 0 : !tape.arena<[f64, f64], block 8>
        tape.store %b, %tape[%address] field 1 : !tape.arena<[f64, f64], block 8>

    In layout `padded-soa` each allocation says where in a page it begins:

        %field = memref.alloc(%n) {tape.skew = 1 : i64} : memref<?xf64>

    A growing region carries its memory and where that ends, too. In front of loops that
    push a known number of records, else before each push, its room is tested; where it
    is short, twice the memory is allocated and the records are copied (`grow_tape`).

    Regions cut into tiles are not for the cache: they stay as they are.
    """

    name = "lower-tape-to-memref"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, *Level.REGIONS.down())
        graph = CallGraph(op)
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                constants = FunctionConstants(function)
                reserve_records(function, constants, graph)
                lowering = _Lowering(constants)
                rules = lowering.rules()
                thread_state(function, ("top", "limit"), rules, _is_behind_cache)


class _Lowering:
    """The rules.

    A state is the place of the next record and then the memory; of a growing region,
    the place of the next record, the end of the memory and then the memory.
    """

    def __init__(self, constants: FunctionConstants):
        self._constants = constants
        self._first_skews: dict[SSAValue, int] = {}
        self._next_skew = 1
        """Not 0, where the program's own arrays often begin."""

    def rules(self) -> Rules:
        return {
            AllocateOp: StateRule(self.allocate, end=self.free),
            ReserveOp: StateRule(self.reserve, self.changed_by_growth),
            PushOp: StateRule(self.push, lambda _: (_TOP,)),
            PopOp: StateRule(self.pop, lambda _: (_TOP,)),
        }

    def allocate(self, op: Operation, state: State) -> State:
        assert isinstance(op, AllocateOp)
        builder = self._before(op)
        layout = self._layout(op.tape)
        if op.growing is None:
            memory = layout.allocate(op.capacity, op.tape.name_hint, builder)
            return builder.value(0), *memory
        capacity = builder.value(builder.maximum(op.capacity, 1, "capacity"))
        limit = builder.value(builder.mul(capacity, layout.step, "limit"))
        memory = layout.allocate(capacity, op.tape.name_hint, builder)
        return builder.value(0), limit, *memory

    def free(self, op: Operation, state: State) -> None:
        """Where the block of the tape ends."""
        assert isinstance(op, AllocateOp)
        terminator = cast(Block, op.parent).last_op
        assert terminator is not None
        end = InsertPoint.before(terminator)
        builder = IndexBuilder(self._constants, end, op.location)
        self._layout(op.tape).free(_memory(op.tape, state), builder)

    def reserve(self, op: Operation, state: State) -> State:
        assert isinstance(op, ReserveOp)
        if not _is_growing(op.tape):
            return state
        top, limit, *memory = state
        layout = self._layout(op.tape)
        builder = self._before(op)
        return top, *make_room(op.records, top, limit, memory, layout, builder)

    def changed_by_growth(self, op: TapeOp) -> Iterable[int]:
        """The end of the memory, and the memory."""
        if not _is_growing(op.tape):
            return ()
        return range(_TOP + 1, _TOP + 2 + self._layout(op.tape).pieces)

    def push(self, op: Operation, state: State) -> State:
        assert isinstance(op, PushOp)
        builder = self._before(op)
        layout = self._layout(op.tape)
        place, *others = state
        layout.push(op.values, _memory(op.tape, state), place, builder)
        return builder.value(builder.add(place, layout.step, "top")), *others

    def pop(self, op: Operation, state: State) -> State:
        assert isinstance(op, PopOp)
        builder = self._before(op)
        layout = self._layout(op.tape)
        end, *others = state
        place = builder.value(builder.sub(end, layout.step, "top"))
        record = layout.pop(_memory(op.tape, state), place, builder)
        for value, new in zip(op.values, record, strict=True):
            new.name_hint = value.name_hint
            value.replace_all_uses_with(new)
        return place, *others

    def _layout(self, tape: SSAValue) -> TapeLayout:
        type_ = _region_type(tape)
        if tape not in self._first_skews:
            self._first_skews[tape] = self._next_skew
            self._next_skew += len(type_.fields)
        return layout_of(type_, self._first_skews[tape])

    def _before(self, op: Operation) -> IndexBuilder:
        return IndexBuilder.before(op, self._constants)


def _region_type(tape: SSAValue) -> TapeRegionType:
    return cast(TapeRegionType, tape.type)


def _is_behind_cache(tape: SSAValue) -> bool:
    return not is_tiled(tape)


def _is_growing(tape: SSAValue) -> bool:
    allocation = tape.owner
    return isinstance(allocation, AllocateOp) and allocation.growing is not None


def _memory(tape: SSAValue, state: State) -> State:
    return state[2:] if _is_growing(tape) else state[1:]
