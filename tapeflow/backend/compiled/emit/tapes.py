"""Tapes above the level of addresses, and arenas behind the cache.

tape.push %s, %v      if s_count == s_capacity:
                          s_capacity = 2 * s_capacity + 16
                          s_f0 = run.grow_f64(7, s_f0, s_count, s_capacity)
                      s_f0[s_count] = v
                      s_count = s_count + 1
"""

from collections.abc import Sequence
from typing import cast

from xdsl.ir import Attribute, Operation, SSAValue

from tapeflow.backend.compiled.emit.buffer_view import element_name, size_product
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.compiled.emit.tape_variables import ArenaVariables, StackVariables
from tapeflow.dialects import tape
from tapeflow.dialects.record import RecordLayout, field_bytes
from tapeflow.dialects.tape_attributes import TAPE_MOVED
from tapeflow.dialects.tape_expect import ExpectOp
from tapeflow.dialects.tape_types import ArenaType, StackType, TapeRegionType, TapeType


def expect_tape(
    emitter: FunctionEmitter, op: Operation, records: str, record_bytes: int
) -> None:
    """Leave with an error where a tape cannot have room for so many records."""
    message = "a tape cannot have room for {0} records"
    emitter.check(f"0 <= {records}", op, message, records)
    site = emitter.site(op, "")
    emitter.line(f"run.expect({site}, {records}, {record_bytes})")


def _stack(emitter: FunctionEmitter, value: SSAValue) -> StackVariables:
    variables = emitter.tape(value)
    assert isinstance(variables, StackVariables)
    return variables


def _begin_stack(
    emitter: FunctionEmitter,
    op: Operation,
    value: SSAValue,
    fields: Sequence[Attribute],
    bound: str | None,
    tiled: bool,
) -> None:
    name = emitter.names.fresh(value.name_hint or "tape")

    def variable(part: str) -> str:
        return emitter.names.fresh(f"{name}_{part}")

    stack = StackVariables(
        tuple(variable(f"f{number}") for number in range(len(fields))),
        variable("count"),
        variable("capacity"),
        bound,
        variable("tile") if tiled else None,
        variable("filled") if tiled else None,
    )
    emitter.meanings[value] = stack
    for array, field in zip(stack.arrays, fields, strict=True):
        site = emitter.site(op, "")
        emitter.line(f"{array} = run.workspace_{element_name(field)}({site}, 0)")
    for counter in (stack.count, stack.capacity, stack.tile, stack.filled):
        if counter is not None:
            emitter.line(f"{counter} = 0")


def _new_stack(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    value = cast(tape.StackOp, op).tape
    _begin_stack(emitter, op, value, value.type.fields, None, False)
    return ()


def _new_region(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    allocation = cast(tape.AllocateOp, op)
    region = allocation.tape.type
    bound = emitter.scalar(allocation.capacity)
    tiled = region.tile_records is not None
    expect_tape(emitter, op, bound, region.pushed_bytes)
    if allocation.growing is not None:
        bound = None
    _begin_stack(emitter, op, allocation.tape, region.fields, bound, tiled)
    return ()


def _reserve(_emitter: FunctionEmitter, _op: Operation) -> Sequence[str]:
    """Stacks take as many records as come."""
    return ()


def _expect(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    expectation = cast(ExpectOp, op)
    records = emitter.scalar(expectation.records)
    expect_tape(emitter, op, records, expectation.record_bytes.value.data)
    return ()


def _tile_records(value: SSAValue) -> int:
    records = cast(TapeRegionType, value.type).tile_records
    assert records is not None
    return records


def _pushed_bytes(type_: Attribute) -> int:
    """Bytes a push counts for: a packed record has no padding."""
    if isinstance(type_, StackType):
        return field_bytes(type_.element)
    return cast(TapeRegionType, type_).pushed_bytes


def _push(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    push = cast(tape.PushOp, op)
    stack = _stack(emitter, push.tape)
    if stack.filled is not None:
        tile = _tile_records(push.tape)
        message = (
            f"push to a full tile: tile {{0}} holds its {tile} records; advance first"
        )
        emitter.check(f"{stack.filled} < {tile}", op, message, str(stack.tile))
        emitter.line(f"{stack.filled} = {stack.filled} + 1")
    if stack.bound is not None:
        message = "push to a full tape region: its capacity is {0} records"
        emitter.check(f"{stack.count} < {stack.bound}", op, message, stack.bound)
    emitter.line(f"if {stack.count} == {stack.capacity}:")
    emitter.line(f"    {stack.capacity} = 2 * {stack.capacity} + 16")
    fields = cast(TapeType, push.tape.type).fields
    for array, field in zip(stack.arrays, fields, strict=True):
        arguments = f"{emitter.site(op, '')}, {array}, {stack.count}, {stack.capacity}"
        emitter.line(f"    {array} = run.grow_{element_name(field)}({arguments})")
    for array, value in zip(stack.arrays, push.values, strict=True):
        emitter.line(f"{array}[{stack.count}] = {emitter.scalar(value)}")
    emitter.count_tape(_pushed_bytes(push.tape.type))
    emitter.line(f"{stack.count} = {stack.count} + 1")
    return ()


def _pop(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    pop = cast(tape.PopOp, op)
    stack = _stack(emitter, pop.tape)
    if stack.filled is not None:
        message = "pop from a used-up tile: tile {0} has no record left; retreat first"
        emitter.check(f"0 < {stack.filled}", op, message, str(stack.tile))
        emitter.line(f"{stack.filled} = {stack.filled} - 1")
    emitter.check(f"0 < {stack.count}", op, "pop from an empty tape")
    emitter.line(f"{stack.count} = {stack.count} - 1")
    emitter.count_tape(-_pushed_bytes(pop.tape.type))
    for array, value in zip(stack.arrays, pop.values, strict=True):
        emitter.assign(value, f"{array}[{stack.count}]")
    return ()


def _advance(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    advance = cast(tape.AdvanceOp, op)
    stack, tile = _stack(emitter, advance.tape), _tile_records(advance.tape)
    emitter.line(f"if {stack.filled} == {tile}:")
    emitter.line(f"    {stack.tile} = {stack.tile} + 1")
    emitter.line(f"    {stack.filled} = 0")
    emitter.assign(advance.records, f"{tile} - {stack.filled}")
    return ()


def _retreat(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    retreat = cast(tape.RetreatOp, op)
    stack = _stack(emitter, retreat.tape)
    emitter.line(f"if {stack.filled} == 0:")
    emitter.depth += 1
    message = "retreat below the first tile of a tape region"
    emitter.check(f"0 < {stack.tile}", op, message)
    emitter.line(f"{stack.tile} = {stack.tile} - 1")
    emitter.line(f"{stack.filled} = {_tile_records(retreat.tape)}")
    emitter.depth -= 1
    emitter.assign(retreat.records, f"{stack.filled} + 0")
    return ()


def _new_arena(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    allocation = cast(tape.AllocateArenaOp, op)
    layout = allocation.arena.type.record_layout
    capacity = emitter.scalar(allocation.capacity)
    expect_tape(emitter, op, capacity, layout.pushed_bytes)
    emitter.declare(allocation.arena, "arena")
    arena = _arena(emitter, allocation.arena)
    size = arena.size_bytes
    blocks = capacity
    if layout.block_records > 1:
        blocks = f"divide_ceil_unsigned({capacity}, {layout.block_records})"
    emitter.line(f"{size} = {size_product([blocks, str(layout.stride_bytes)])}")
    emitter.line(f"{arena.array} = run.allocate_i8({emitter.site(op, '')}, {size})")
    if arena.address is not None:
        emitter.line(f"{arena.address} = run.allocated_at")
    return ()


def _free_arena(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    arena = _arena(emitter, cast(tape.DeallocateArenaOp, op).arena)
    emitter.line(f"run.release({emitter.site(op, '')}, {arena.array})")
    emitter.line(f"{arena.size_bytes} = 0")
    return ()


def _arena(emitter: FunctionEmitter, value: SSAValue) -> ArenaVariables:
    variables = emitter.tape(value)
    assert isinstance(variables, ArenaVariables)
    return variables


def _field_place(
    emitter: FunctionEmitter, op: tape.StoreOp | tape.LoadOp
) -> tuple[ArenaVariables, str, list[str]]:
    """The arena, the field's first byte in it, and its byte address."""
    arena = _arena(emitter, op.memory)
    layout: RecordLayout = cast(ArenaType, op.memory.type).record_layout
    stride, offset = layout.stride_bytes, layout.offsets_bytes[op.field.data]
    at = emitter.scalar(op.address)
    is_block = layout.block_records > 1
    message = (
        "no record begins at byte {0} of an arena of {1} bytes with "
        f"{f'blocks of {layout.block_records} records' if is_block else 'records'} of "
        f"{stride} bytes"
    )
    inside = f"(0 <= {at} <= {arena.size_bytes} - {stride})"
    if is_block:
        inside = f"(0 <= {at} < {arena.size_bytes})"
    begins = _begins_a_value(at, layout, layout.widths_bytes[op.field.data])
    emitter.check(f"{inside} & ({begins})", op, message, at, arena.size_bytes)
    place = f"{at} + {offset}" if offset else at
    return arena, place, [] if arena.address is None else [f"{arena.address} + {place}"]


def _begins_a_value(at: str, layout: RecordLayout, width: int) -> str:
    """Whether a record, or a value of so many bytes in the first array of a block,
    begins at an address."""
    in_block = f"remainder_unsigned({at}, {layout.stride_bytes})"
    if layout.block_records == 1:
        return f"{in_block} == 0"
    is_whole = f"remainder_unsigned({at}, {width}) == 0"
    return f"({in_block} < {layout.block_records * width}) & ({is_whole})"


def _store(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    store = cast(tape.StoreOp, op)
    arena, place, addresses = _field_place(emitter, store)
    element = element_name(store.value.type)
    value = emitter.scalar(store.value)
    emitter.count_tape(_record_bytes(store))
    emitter.line(f"write_{element}({arena.array}, {place}, {value})")
    return addresses


def _load(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    load = cast(tape.LoadOp, op)
    arena, place, addresses = _field_place(emitter, load)
    element = element_name(load.value.type)
    emitter.count_tape(-_record_bytes(load))
    emitter.assign(load.value, f"read_{element}({arena.array}, {place})")
    return addresses


def _record_bytes(op: tape.StoreOp | tape.LoadOp) -> int:
    """The bytes of a record, where its first field is pushed or popped."""
    if op.field.data or TAPE_MOVED in op.attributes:
        return 0
    return cast(ArenaType, op.memory.type).record_layout.pushed_bytes


TAPE_RULES: dict[type[Operation], EmitRule] = {
    tape.StackOp: _new_stack,
    tape.AllocateOp: _new_region,
    tape.ReserveOp: _reserve,
    ExpectOp: _expect,
    tape.PushOp: _push,
    tape.PopOp: _pop,
    tape.AdvanceOp: _advance,
    tape.RetreatOp: _retreat,
    tape.AllocateArenaOp: _new_arena,
    tape.DeallocateArenaOp: _free_arena,
    tape.StoreOp: _store,
    tape.LoadOp: _load,
}
"""Op class to how it is written."""
