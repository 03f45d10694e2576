"""Pass `lower-tape-to-memref`: the tape in memory behind the cache."""

from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, ModuleOp, UnitAttr, i1, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from tapeflow.dialects.tape import (
    AllocateArenaOp,
    AllocateOp,
    ArenaType,
    LoadOp,
    PopOp,
    PushOp,
    StoreOp,
    TapeRegionType,
)
from tapeflow.transforms.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.thread_state import Rules, State, StateRule, thread_state

TAPE_FIELD = "tape.field"
"""Attribute of the arrays that hold a tape, so that its bytes can be counted."""


@dataclass(frozen=True)
class LowerTapeToMemrefPass(ModulePass):
    """Keep the tape in ordinary memory, the next free place in a register.

        %tape = tape.allocate %n : !tape.region<[f64], soa>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %tape, %v : !tape.region<[f64], soa>
        }

    becomes

        %field = memref.alloc(%n) {tape.field} : memref<?xf64>
        %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
          memref.store %v, %field[%top_1] : memref<?xf64>
          %top_2 = arith.addi %top_1, %c1 : index
          scf.yield %top_2 : index
        }

    A region of layout `aos` becomes a `tape.arena`, and its register a byte address.
    """

    name = "lower-tape-to-memref"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                lowering = _Lowering(FunctionConstants(function))
                rules: Rules = {
                    AllocateOp: StateRule(lowering.allocate),
                    PushOp: StateRule(lowering.push, changes=(0,)),
                    PopOp: StateRule(lowering.pop, changes=(0,)),
                }
                thread_state(function, ("top",), rules)


class _Lowering:
    """The rules; a state is the place of the next record, then the memory."""

    def __init__(self, constants: FunctionConstants):
        self._constants = constants

    def allocate(self, op: Operation, state: State) -> State:
        assert isinstance(op, AllocateOp)
        builder = IndexBuilder.before(op, self._constants)
        type_ = op.tape.type
        if type_.layout.data == "soa":
            arrays = _allocate_arrays(op, builder)
            return builder.value(0), *arrays
        allocate = AllocateArenaOp(op.capacity, ArenaType(type_.record))
        arena = builder.insert(allocate, op.tape.name_hint).arena
        return builder.value(0), arena

    def push(self, op: Operation, state: State) -> State:
        assert isinstance(op, PushOp)
        builder = IndexBuilder.before(op, self._constants)
        place, *memory = state
        for field, value in enumerate(op.values):
            if _is_soa(op):
                stored = _widened(value, builder)
                builder.insert(memref.StoreOp.get(stored, memory[field], [place]))
            else:
                builder.insert(StoreOp(value, memory[0], place, field))
        return builder.value(builder.add(place, _step(op), "top")), *memory

    def pop(self, op: Operation, state: State) -> State:
        assert isinstance(op, PopOp)
        builder = IndexBuilder.before(op, self._constants)
        end, *memory = state
        place = builder.value(builder.sub(end, _step(op), "top"))
        for field, value in enumerate(op.values):
            if _is_soa(op):
                load = memref.LoadOp.get(memory[field], [place])
                new = _narrowed(builder.insert(load).res, value.type, builder)
            else:
                new = builder.insert(LoadOp(memory[0], place, field)).value
            new.name_hint = value.name_hint
            value.replace_all_uses_with(new)
        return place, *memory


def _region_type(op: PushOp | PopOp) -> TapeRegionType:
    return cast(TapeRegionType, op.tape.type)


def _is_soa(op: PushOp | PopOp) -> bool:
    return _region_type(op).layout.data == "soa"


def _step(op: PushOp | PopOp) -> int:
    """Distance of records: elements of each array, or bytes of the arena."""
    return 1 if _is_soa(op) else _region_type(op).record_layout.stride_bytes


def _allocate_arrays(op: AllocateOp, builder: IndexBuilder) -> list[SSAValue]:
    """One array a field; freed where the block of the tape ends."""
    block = cast(Block, op.parent)
    assert block.last_op is not None
    arrays: list[SSAValue] = []
    for type_ in op.tape.type.fields:
        array_type = MemRefType(_stored_type(type_), [DYNAMIC_INDEX])
        allocate = memref.AllocOp([op.capacity], [], array_type)
        allocate.attributes[TAPE_FIELD] = UnitAttr()
        arrays.append(builder.insert(allocate, "field").memref)
    end = builder.at(InsertPoint.before(block.last_op))
    for array in arrays:
        end.insert(memref.DeallocOp.get(array))
    return arrays


def _stored_type(type_: Attribute) -> Attribute:
    """A boolean takes a byte in memory."""
    return i8 if type_ == i1 else type_


def _widened(value: SSAValue, builder: IndexBuilder) -> SSAValue:
    if value.type != i1:
        return value
    return builder.insert(arith.ExtUIOp(value, i8), value.name_hint).result


def _narrowed(value: SSAValue, type_: Attribute, builder: IndexBuilder) -> SSAValue:
    if type_ != i1:
        return value
    return builder.insert(arith.TruncIOp(value, i1)).result
