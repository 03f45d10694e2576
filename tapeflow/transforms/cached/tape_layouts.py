"""How records lie in memory behind the cache: as arrays of fields or as an arena.

The place of a record is an index in each array, or a byte address in the arena; in an
arena of blocks it is the bytes of the widest field of all records before it.

Arrays of one size often begin a power of two apart, so that equal places of all fields
fall into one set of a cache and evict each other. Layout `padded-soa` numbers the
arrays of a function and gives array k the attribute `tape.skew = k`: it begins k lines
after a multiple of a page, wherever the memory is placed, at the cost of addresses
alone.
"""

from collections.abc import Sequence
from typing import Protocol

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    i1,
    i8,
    i64,
)
from xdsl.ir import Attribute, SSAValue

from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape_attributes import TAPE_FIELD, TAPE_MOVED, TAPE_SKEW
from tapeflow.dialects.tape_expect import ExpectOp
from tapeflow.dialects.tape_types import TapeRegionType
from tapeflow.transforms.building.index_builder import IndexBuilder
from tapeflow.transforms.cached.arena_layout import Arena


class TapeLayout(Protocol):
    """Emits what is done with records that lie in one way."""

    step: int
    """Distance of the places of two records."""
    pieces: int
    """Arrays and arenas that hold the fields."""

    def allocate(
        self, records: SSAValue, name: str | None, builder: IndexBuilder
    ) -> list[SSAValue]:
        """New memory for so many records."""
        ...

    def free(self, memory: Sequence[SSAValue], builder: IndexBuilder) -> None:
        """Give the memory back."""
        ...

    def push(
        self,
        record: Sequence[SSAValue],
        memory: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        """Store a record."""
        ...

    def pop(
        self, memory: Sequence[SSAValue], place: SSAValue, builder: IndexBuilder
    ) -> list[SSAValue]:
        """Load a record."""
        ...

    def move(
        self,
        source: Sequence[SSAValue],
        target: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        """Copy a record to the same place of other memory."""
        ...


def layout_of(type_: TapeRegionType, first_skew: int) -> TapeLayout:
    """The layout of a region's records; `first_skew` is that of its first array."""
    if not type_.is_split:
        return Arena(type_)
    return _Arrays(type_, first_skew if type_.layout.data == "padded-soa" else None)


class _Arrays:
    """One array a field."""

    def __init__(self, type_: TapeRegionType, first_skew: int | None):
        self.step = 1
        self.pieces = len(type_.fields)
        self._fields = type_.fields
        self._first_skew = first_skew

    def allocate(
        self, records: SSAValue, name: str | None, builder: IndexBuilder
    ) -> list[SSAValue]:
        del name
        if self.pieces > 1:  # What is refused is the tape, and not its first array.
            record_bytes = sum(map(field_bytes, self._fields))
            builder.insert(ExpectOp(records, record_bytes))
        types = (
            MemRefType(_stored_type(field), [DYNAMIC_INDEX]) for field in self._fields
        )
        allocations = [memref.AllocOp([records], [], type_) for type_ in types]
        if self._first_skew is not None:
            for skew, allocation in enumerate(allocations, self._first_skew):
                allocation.attributes[TAPE_SKEW] = IntegerAttr(skew, i64)
        return [builder.insert(op, "field").memref for op in allocations]

    def free(self, memory: Sequence[SSAValue], builder: IndexBuilder) -> None:
        for array in memory:
            builder.insert(memref.DeallocOp.get(array))

    def push(
        self,
        record: Sequence[SSAValue],
        memory: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        for value, array in zip(record, memory, strict=True):
            stored = _widened(value, builder)
            store = builder.insert(memref.StoreOp.get(stored, array, [place]))
            store.attributes[TAPE_FIELD] = UnitAttr()

    def pop(
        self, memory: Sequence[SSAValue], place: SSAValue, builder: IndexBuilder
    ) -> list[SSAValue]:
        loads: list[SSAValue] = []
        for array, field in zip(memory, self._fields, strict=True):
            load = builder.insert(memref.LoadOp.get(array, [place]))
            load.attributes[TAPE_FIELD] = UnitAttr()
            loads.append(_narrowed(load.res, field, builder))
        return loads

    def move(
        self,
        source: Sequence[SSAValue],
        target: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        for old, new in zip(source, target, strict=True):
            load = builder.insert(memref.LoadOp.get(old, [place]), "moved")
            store = builder.insert(memref.StoreOp.get(load.res, new, [place]))
            load.attributes[TAPE_MOVED] = store.attributes[TAPE_MOVED] = UnitAttr()


def _stored_type(type_: Attribute) -> Attribute:
    """A boolean takes a byte in memory."""
    return i8 if type_ == i1 else type_


def _widened(value: SSAValue, builder: IndexBuilder) -> SSAValue:
    if value.type != i1:
        return value
    widened = builder.insert(arith.ExtUIOp(value, i8), value.name_hint)
    widened.attributes[TAPE_FIELD] = UnitAttr()
    return widened.result


def _narrowed(value: SSAValue, type_: Attribute, builder: IndexBuilder) -> SSAValue:
    if type_ != i1:
        return value
    narrowed = builder.insert(arith.TruncIOp(value, i1))
    narrowed.attributes[TAPE_FIELD] = UnitAttr()
    return narrowed.result
