"""Pass `assign-scratchpad`: give every tile a place in the scratchpad."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.dialects import spm, tape
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.place_attributes import Placement, scratchpad_bytes
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.building.thread_state import (
    Rules,
    State,
    StateRule,
    TapeOp,
    thread_state,
)
from tapeflow.transforms.streams.scratchpad_bases import ScratchpadBases

_ADDRESS, _LIMIT = 0, 1
"""Components of a state that change; the ring follows."""


@dataclass(frozen=True)
class AssignScratchpadPass(ModulePass):
    """Place tiles in the scratchpad and turn pushes and pops into stores and loads.

        %room = tape.advance %tape : !tape.region<[f64], aos, tile 8>
        tape.push %tape, %v : !tape.region<[f64], aos, tile 8>

    becomes, with the address of the next record and the end of its slot threaded
    through loops and branches,

        %address_1, %limit_1, %room = spm.advance %ring, %address, %limit
            : !spm.ring<...>
        spm.store %v, %ring[%address_1] field 0 : !spm.ring<...>
        %address_2 = arith.addi %address_1, %c8 : index

    where the ring is `!spm.ring<[f64], tile 8, slots 1, base 0>`. The rings of a
    function lie one behind the other, behind those that its callers use meanwhile.
    Regions that are not cut into tiles have no place here and stay as they are.
    """

    name = "assign-scratchpad"

    capacity_bytes: int = 1024
    """Bytes of the scratchpad that all rings of a function share, where the function
    does not say so itself (`tape.scratchpad_bytes`)."""
    slots: int = 1
    """Tiles of each region that the scratchpad holds at a time."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.LAYERS, *Level.CACHED.down())
        if self.slots < 1:
            refuse(op, f"{self.name} needs at least one slot, not {self.slots}")
        functions = [f for f in op.walk() if is_structured(f)]
        defined = [function for function in functions if not function.is_declaration]
        bases = ScratchpadBases(defined, CallGraph(op))
        rings = {f: self._place_rings(f, bases) for f in bases.callers_first}
        for function in defined:
            rules = _Addressing(rings[function], FunctionConstants(function)).rules()
            thread_state(function, ("address", "limit"), rules, tape.is_tiled)

    def _place_rings(
        self, function: FuncOp, bases: ScratchpadBases
    ) -> dict[SSAValue, spm.RingType]:
        rings: dict[SSAValue, spm.RingType] = {}
        ends: dict[Operation, int] = {}
        begin_bytes = end_bytes = bases.of(function)
        for op in function.walk():
            if isinstance(op, spm.AllocateOp):
                type_ = op.ring.type
                ends[op] = type_.base.data + type_.capacity_bytes
            elif isinstance(op, tape.AllocateOp) and tape.is_tiled(op.tape):
                rings[op.tape] = self._ring(op, end_bytes)
                end_bytes += rings[op.tape].capacity_bytes
                ends[op] = end_bytes
        capacity_bytes = scratchpad_bytes(function, self.capacity_bytes)
        if rings and end_bytes > capacity_bytes:
            _refuse_to_place(rings, begin_bytes, end_bytes, capacity_bytes)
        bases.place(function, ends)
        return rings

    def _ring(self, op: tape.AllocateOp, base_bytes: int) -> spm.RingType:
        type_ = op.tape.type
        assert type_.tile_records is not None
        if type_.layout.data != "aos":
            refuse(op, "only records that lie together have a place in a tile")
        slots = Placement.of(op).slots(self.slots)
        return spm.RingType.of(type_.fields, type_.tile_records, slots, base_bytes)


class _Addressing:
    """The rules; a state is the next record's address, its slot's end, the ring."""

    def __init__(
        self, rings: dict[SSAValue, spm.RingType], constants: FunctionConstants
    ):
        self._rings = rings
        self._constants = constants

    def rules(self) -> Rules:
        return {
            tape.AllocateOp: StateRule(self.allocate),
            tape.PushOp: StateRule(self.push, lambda _: (_ADDRESS,)),
            tape.PopOp: StateRule(self.pop, lambda _: (_ADDRESS,)),
            tape.AdvanceOp: StateRule(self.advance, self.changed_by_boundary),
            tape.RetreatOp: StateRule(self.retreat, self.changed_by_boundary),
        }

    def allocate(self, op: Operation, state: State) -> State:
        assert isinstance(op, tape.AllocateOp)
        builder = self._before(op)
        type_ = self._rings[op.tape]
        base = type_.base.data
        allocate = spm.AllocateOp(op.capacity, type_, op.growing is not None)
        ring = builder.insert(allocate, "ring").ring
        return builder.value(base), builder.value(base + type_.tile_bytes), ring

    def push(self, op: Operation, state: State) -> State:
        assert isinstance(op, tape.PushOp)
        address, limit, ring = state
        builder = self._before(op)
        for field, value in enumerate(op.values):
            builder.insert(spm.StoreOp(value, ring, address, field))
        following = builder.add(address, _stride_bytes(ring), "address")
        return builder.value(following), limit, ring

    def pop(self, op: Operation, state: State) -> State:
        assert isinstance(op, tape.PopOp)
        end, limit, ring = state
        builder = self._before(op)
        address = builder.value(builder.sub(end, _stride_bytes(ring), "address"))
        for field, value in enumerate(op.values):
            load = builder.insert(spm.LoadOp(ring, address, field), value.name_hint)
            value.replace_all_uses_with(load.value)
        return address, limit, ring

    def advance(self, op: Operation, state: State) -> State:
        return self._cross(op, spm.AdvanceOp, state)

    def retreat(self, op: Operation, state: State) -> State:
        return self._cross(op, spm.RetreatOp, state)

    def changed_by_boundary(self, op: TapeOp) -> Iterable[int]:
        """The address; of several slots also the limit."""
        is_one_slot = self._rings[op.tape].slots.data == 1
        return (_ADDRESS,) if is_one_slot else (_ADDRESS, _LIMIT)

    def _cross(
        self, op: Operation, kind: type[spm.AdvanceOp | spm.RetreatOp], state: State
    ) -> State:
        assert isinstance(op, tape.BoundaryOp)
        address, limit, ring = state
        boundary = kind(ring, address, limit)
        names = ("address", "limit", op.records.name_hint)
        self._before(op).insert(boundary, *names)
        op.records.replace_all_uses_with(boundary.records)
        if _LIMIT in self.changed_by_boundary(op):
            limit = boundary.next_limit
        return boundary.next_address, limit, ring

    def _before(self, op: Operation) -> IndexBuilder:
        return IndexBuilder.before(op, self._constants)


def _stride_bytes(ring: SSAValue) -> int:
    return cast(spm.RingType, ring.type).record_layout.stride_bytes


def _refuse_to_place(
    rings: dict[SSAValue, spm.RingType],
    begin_bytes: int,
    end_bytes: int,
    capacity_bytes: int,
) -> NoReturn:
    needs = (
        f"{region.name_hint or 'unnamed'} {ring.slots.data} x {ring.pitch_bytes} bytes"
        for region, ring in rings.items()
    )
    behind, remedy = "", "give form-layers the same capacity-bytes and slots"
    if begin_bytes:
        behind = f"behind {begin_bytes} bytes of callers "
        remedy = (
            "give form-layers fewer capacity-bytes, of which callers and callees have "
            'room side by side, or leave regions in the cache (tape.place = "cache")'
        )
    refuse(
        cast(Operation, next(iter(rings)).owner),
        f"scratchpad too small: the slots of all regions {behind}take "
        f"{end_bytes - begin_bytes} bytes ({', '.join(needs)}), there are "
        f"{capacity_bytes - begin_bytes}; {remedy}",
    )
