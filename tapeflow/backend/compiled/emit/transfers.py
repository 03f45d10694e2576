"""Rings in the scratchpad: records in slots, transfers of tiles (`ring_functions`)."""

from collections.abc import Sequence
from typing import cast

from xdsl.ir import Operation, SSAValue

from tapeflow.backend.compiled.emit.buffer_view import element_name
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.compiled.emit.ring_functions import HEAD, MAX_TILES, PITCH, STATUS
from tapeflow.backend.compiled.emit.tape_variables import RingVariables
from tapeflow.backend.compiled.emit.tapes import expect_tape
from tapeflow.dialects import spm, stream

_PLACE = (
    "no record of the current tile begins at scratchpad byte {0}: "
    "its slot begins at byte {1}"
)
_STORE_MESSAGES = (
    _PLACE,
    "store to slot {0} (scratchpad byte {1}) while a transfer touches it; "
    "acquire it first",
)
_LOAD_MESSAGES = (
    _PLACE,
    "load of scratchpad byte {0}: tile {1} is still in flight; dequeue it first",
    "load of scratchpad byte {0}: nothing was written there in tile {1}",
)
_OUT_MESSAGES = (
    "transfer at scratchpad byte {0}: the current tile is at byte {1}",
    "the ring overflows: tile {0} leaves for a stack in DRAM of {1} tiles",
)
_IN_MESSAGES = (
    _OUT_MESSAGES[0],
    "the ring underflows: there is no tile below tile {0}",
)


def _ring(emitter: FunctionEmitter, value: SSAValue) -> RingVariables:
    variables = emitter.tape(value)
    assert isinstance(variables, RingVariables)
    return variables


def _sites(emitter: FunctionEmitter, op: Operation, messages: Sequence[str]) -> int:
    """The first of consecutive sites with these messages."""
    first, *_ = [emitter.site(op, message) for message in messages]
    return first


def _allocate(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    allocation = cast(spm.AllocateOp, op)
    emitter.refuse_shared_bytes(op)
    ring = allocation.ring.type
    capacity = emitter.scalar(allocation.capacity)
    expect_tape(emitter, op, capacity, ring.record_layout.stride_bytes)
    name = emitter.names.fresh(allocation.ring.name_hint or "ring")
    slots, stack, tiles = (
        emitter.names.fresh(f"{name}_{part}") for part in ("slots", "stack", "tiles")
    )
    emitter.meanings[allocation.ring] = RingVariables(
        ring, name, slots, stack, None if allocation.growing is None else tiles
    )
    tile = emitter.given(ring.tile.data, f"{name}_tile")
    pitch = emitter.given(ring.pitch_bytes, f"{name}_pitch")
    tile_bytes = emitter.given(ring.tile_bytes, f"{name}_tile_bytes")
    base = emitter.given(ring.base.data, f"{name}_base")
    slot_count = emitter.given(ring.slots.data, f"{name}_slot_count")
    emitter.line(f"{tiles} = divide_ceil({capacity}, {tile})")
    sizes = (
        (name, "i64", f"{STATUS} + {slot_count}"),
        (slots, "i8", f"2 * {slot_count} * {pitch}"),
        (stack, "i8", f"multiply_sizes({tiles}, 2 * {pitch})"),
    )
    for array, element, size in sizes:
        site = emitter.site(op, "")
        emitter.line(f"{array} = run.workspace_{element}({site}, {size})")
    emitter.line(
        f"ring_begin({name}, {base}, {pitch}, {tile_bytes}, {slot_count}, {tiles})"
    )
    return ()


def _make_room(emitter: FunctionEmitter, op: Operation, ring: RingVariables) -> None:
    """Before a tile may leave for a growing stack: the engine's array for it grows."""
    if ring.tiles is None:
        return
    head, both = f"{ring.state}[{HEAD}]", f"2 * {ring.state}[{PITCH}]"
    emitter.line(f"if {head} == {ring.tiles}:")
    emitter.depth += 1
    emitter.line(f"{ring.tiles} = 2 * {ring.tiles} + 1")
    sizes = f"{both} * {head}, {both} * {ring.tiles}"
    site = emitter.site(op, "")
    emitter.line(f"{ring.stack} = run.grow_i8({site}, {ring.stack}, {sizes})")
    emitter.line(f"{ring.state}[{MAX_TILES}] = {ring.tiles}")
    emitter.depth -= 1


def _store(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    store = cast(spm.StoreOp, op)
    ring = _ring(emitter, store.memory)
    layout = ring.type.record_layout
    offset = layout.offsets_bytes[store.field.data]
    address = emitter.scalar(store.address)
    site = _sites(emitter, op, _STORE_MESSAGES)
    place = emitter.names.fresh("place")
    emitter.line(
        f"{place} = ring_place_to_store(run, {site}, {ring.state}, {ring.slots}, "
        f"{address}, {layout.stride_bytes}, {offset})"
    )
    element, value = element_name(store.value.type), emitter.scalar(store.value)
    emitter.count_tape(0 if store.field.data else layout.stride_bytes)
    emitter.line(f"write_{element}({ring.slots}, {place} + {offset}, {value})")
    return [f"{address} + {offset}"]


def _load(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    load = cast(spm.LoadOp, op)
    ring = _ring(emitter, load.memory)
    layout = ring.type.record_layout
    address = emitter.scalar(load.address)
    offset = layout.offsets_bytes[load.field.data]
    site = _sites(emitter, op, _LOAD_MESSAGES)
    place = emitter.names.fresh("place")
    emitter.line(
        f"{place} = ring_place_to_load(run, {site}, {ring.state}, {ring.slots}, "
        f"{address}, {layout.stride_bytes}, {offset})"
    )
    element = element_name(load.value.type)
    emitter.count_tape(0 if load.field.data else -layout.stride_bytes)
    emitter.assign(load.value, f"read_{element}({ring.slots}, {place} + {offset})")
    return [f"{address} + {offset}"]


def _cursor(function: str, messages: Sequence[str], leaves: bool) -> EmitRule:
    def rule(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
        step = cast(spm.AdvanceOp | spm.RetreatOp, op)
        ring = _ring(emitter, step.ring)
        names = [emitter.names.of(result, "cursor") for result in op.results]
        emitter.meanings |= dict(zip(op.results, names, strict=True))
        address, limit = emitter.scalars((step.address, step.limit))
        stride = ring.type.record_layout.stride_bytes
        if leaves:
            _make_room(emitter, op, ring)
        site = _sites(emitter, op, messages)
        emitter.line(
            f"{', '.join(names)} = {function}(run, {site}, {ring.state}, {ring.slots}, "
            f"{ring.stack}, {address}, {limit}, {stride})"
        )
        return ()

    return rule


def _transfer(function: str, messages: Sequence[str], leaves: bool) -> EmitRule:
    def rule(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
        ring = _ring(emitter, op.operands[0])
        start = emitter.scalar(op.operands[1])
        if leaves:
            _make_room(emitter, op, ring)
        site = _sites(emitter, op, messages)
        emitter.line(
            f"{function}(run, {site}, {ring.state}, {ring.slots}, {ring.stack}, "
            f"{start})"
        )
        return [start]

    return rule


def _wait(function: str) -> EmitRule:
    def rule(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
        wait = cast(stream.AcquireOp | stream.DequeueOp, op)
        ring = _ring(emitter, wait.ring)
        start = emitter.scalar(wait.start)
        site = _sites(emitter, op, _OUT_MESSAGES[:1])
        emitter.line(f"{function}(run, {site}, {ring.state}, {start})")
        emitter.meanings[wait.slot] = start
        return [start]

    return rule


TRANSFER_RULES: dict[type[Operation], EmitRule] = {
    spm.AllocateOp: _allocate,
    spm.StoreOp: _store,
    spm.LoadOp: _load,
    spm.AdvanceOp: _cursor("ring_advance", _OUT_MESSAGES, leaves=True),
    spm.RetreatOp: _cursor("ring_retreat", _IN_MESSAGES, leaves=False),
    spm.DrainOp: _transfer("ring_drain", _OUT_MESSAGES, leaves=True),
    spm.FillOp: _transfer("ring_fill", _IN_MESSAGES, leaves=False),
    stream.EnqueueOp: _transfer("ring_enqueue", _OUT_MESSAGES, leaves=True),
    stream.PrefetchOp: _transfer("ring_prefetch", _IN_MESSAGES, leaves=False),
    stream.AcquireOp: _wait("ring_acquire"),
    stream.DequeueOp: _wait("ring_dequeue"),
    stream.ReloadOp: _transfer("ring_reload", _OUT_MESSAGES, leaves=True),
}
"""Op class to how it is written."""
