"""Pass `split-records`: records too big for a slot become several small ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.placement.tile_sizes import TapeDemand
from tapeflow.analysis.tape.record_parts import Fields, largest_fit, split_fields
from tapeflow.dialects.record import RecordLayout
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp, ReserveOp
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.place_attributes import Placement, scratchpad_bytes
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import is_structured

_Tapes: TypeAlias = dict[Fields, SSAValue]


@dataclass(frozen=True)
class SplitRecordsPass(ModulePass):
    """Push a big record as several small ones, and pop these in the opposite order.

        tape.push %tape, %a, %b, %c, %d : !tape.region<[f64, f64, f64, f64], aos>

    becomes, with at most 16 bytes a record and twice the capacity,

        tape.push %tape, %a, %b : !tape.region<[f64, f64], aos>
        tape.push %tape, %c, %d : !tape.region<[f64, f64], aos>

    Parts of the same fields share a region; a remainder of other fields has its own.
    So a record that is larger than a slot streams as tiles of its parts. Regions behind
    the cache and regions that are cut into tiles stay as they are.
    """

    name = "split-records"

    bytes: int | None = None
    """The largest record there may be; by default, where one record of each region does
    not fit its slots, the largest with which it does."""
    capacity_bytes: int = 1024
    """Bytes of the scratchpad, as of `form-layers`."""
    slots: int = 1
    """Tiles of each region that the scratchpad holds at a time."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REGIONS, Level.CACHED, Level.LAYERS)
        for name, number in (("bytes", self.bytes), ("slots", self.slots)):
            if number is not None and number < 1:
                message = f"{self.name}: {name} must be at least 1, not {number}"
                refuse(op, message)
        for function in op.walk():
            if is_structured(function):
                self._split(function)

    def _split(self, function: FuncOp) -> None:
        regions = [op for op in function.walk() if _can_split(op)]
        bound = self.bytes
        if bound is None:
            bound = self._bound(function, regions)
        constants = FunctionConstants(function)
        for region in regions:
            fields = region.tape.type.fields
            if bound is not None and RecordLayout.of(fields).stride_bytes > bound:
                _split_region(region, split_fields(fields, bound), constants)

    def _bound(self, function: FuncOp, regions: Sequence[AllocateOp]) -> int | None:
        capacity_bytes = scratchpad_bytes(function, self.capacity_bytes)
        slots = [Placement.of(region).slots(self.slots) for region in regions]

        def is_enough(bound: int) -> bool:
            return capacity_bytes >= sum(
                TapeDemand(RecordLayout.of(part).stride_bytes, slots=count).ring_bytes(
                    1
                )
                for region, count in zip(regions, slots, strict=True)
                for part in set(split_fields(region.tape.type.fields, bound))
            )

        strides = [region.tape.type.record_layout.stride_bytes for region in regions]
        return largest_fit(max(strides, default=0), is_enough)


def _can_split(op: Operation) -> TypeGuard[AllocateOp]:
    if not isinstance(op, AllocateOp) or op.tape.type.tile_records is not None:
        return False
    return Placement.of(op).place != "cache"


def _split_region(
    region: AllocateOp, parts: Sequence[Fields], constants: FunctionConstants
) -> None:
    shares = Counter(parts)
    if len(parts) == 1:
        return
    builder = IndexBuilder.before(region, constants)
    tapes = {
        fields: _allocate(region, fields, count, builder)
        for fields, count in shares.items()
    }
    for use in tuple(region.tape.uses):
        move = use.operation
        at = IndexBuilder.before(move, constants)
        if isinstance(move, PushOp):
            _push_parts(move, parts, tapes, at)
        elif isinstance(move, PopOp):
            _pop_parts(move, parts, tapes, at)
        elif isinstance(move, ReserveOp):
            for fields, count in shares.items():
                records = at.value(at.mul(move.records, count, "records", is_size=True))
                at.insert(ReserveOp(tapes[fields], records))
        Rewriter.erase_op(move)
    Rewriter.erase_op(region)


def _allocate(
    region: AllocateOp, fields: Fields, count: int, builder: IndexBuilder
) -> SSAValue:
    type_ = region.tape.type.with_fields(fields)
    capacity = builder.value(builder.mul(region.capacity, count, "parts", is_size=True))
    allocate = AllocateOp(capacity, type_, region.growing is not None)
    allocate.attributes |= region.attributes
    return builder.insert(allocate, region.tape.name_hint).tape


def _push_parts(
    push: PushOp, parts: Sequence[Fields], tapes: _Tapes, builder: IndexBuilder
) -> None:
    values = list(push.values)
    for fields in parts:
        builder.insert(PushOp(tapes[fields], *values[: len(fields)]))
        del values[: len(fields)]


def _pop_parts(
    pop: PopOp, parts: Sequence[Fields], tapes: _Tapes, builder: IndexBuilder
) -> None:
    values = list(pop.values)
    for fields in reversed(parts):
        part = builder.insert(PopOp(tapes[fields]))
        old = values[len(values) - len(fields) :]
        for value, new in zip(old, part.values, strict=True):
            new.name_hint = value.name_hint
            value.replace_all_uses_with(new)
        del values[len(values) - len(fields) :]
