"""Dialect `spm`: tiles of tape at addresses of the scratchpad.

A `!spm.ring` is a tape region's share of the scratchpad: `slots` slots of one tile each
from byte address `base` on, and behind them a stack of tiles in DRAM. A cursor, two
index values threaded through the program, says where the next record goes:
`address` (bytes) and `limit`, the end of the slot that holds the current tile.
"""

from typing import ClassVar, cast

from xdsl.dialects.builtin import ArrayAttr, IndexType, IntAttr, UnitAttr
from xdsl.ir import (
    Attribute,
    Dialect,
    Operation,
    ParametrizedAttribute,
    SSAValue,
    TypeAttribute,
)
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import MemoryAllocEffect, MemoryReadEffect, MemoryWriteEffect
from xdsl.utils.exceptions import VerifyException

from tapeflow.dialects.field_access import FieldLoadOp, FieldStoreOp
from tapeflow.dialects.record import (
    LINE_BYTES,
    RecordLayout,
    aligned,
    parse_count,
    parse_fields,
    print_fields,
    verify_fields,
)

MOST_SLOTS = 1 << 14
"""Lines of a megabyte. The check of a ring looks at each slot."""


@irdl_attr_definition
class RingType(ParametrizedAttribute, TypeAttribute):
    """`!spm.ring<[f64], tile 42, slots 2, base 0>`: tile in records, base in bytes."""

    name = "spm.ring"
    record: ArrayAttr[TypeAttribute]
    tile: IntAttr
    slots: IntAttr
    base: IntAttr

    def verify(self) -> None:
        verify_fields(self.record)
        if self.tile.data < 1 or self.slots.data < 1:
            raise VerifyException("a ring needs at least one slot of one record")
        if self.slots.data > MOST_SLOTS:
            raise VerifyException(f"a ring has at most {MOST_SLOTS} slots")
        if self.base.data % LINE_BYTES:
            raise VerifyException(f"the base of a ring is a multiple of {LINE_BYTES}")

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The field types of a record."""
        return self.record.data

    @property
    def record_layout(self) -> RecordLayout:
        """Offsets and stride of the record."""
        return RecordLayout.of(self.fields)

    @property
    def tile_bytes(self) -> int:
        """Bytes of a full tile."""
        return self.tile.data * self.record_layout.stride_bytes

    @property
    def pitch_bytes(self) -> int:
        """Distance between slots: a tile rounded up to whole lines."""
        return aligned(self.tile_bytes, LINE_BYTES)

    @property
    def capacity_bytes(self) -> int:
        """Scratchpad bytes of all slots."""
        return self.slots.data * self.pitch_bytes

    @staticmethod
    def of(
        fields: tuple[TypeAttribute, ...], tile: int, slots: int, base_bytes: int
    ) -> "RingType":
        """Build the type from Python values."""
        return RingType(
            ArrayAttr(fields), IntAttr(tile), IntAttr(slots), IntAttr(base_bytes)
        )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            parameters: list[Attribute] = [parse_fields(parser)]
            for word in ("tile", "slots", "base"):
                parser.parse_punctuation(",")
                parameters.append(IntAttr(parse_count(parser, word)))
            return parameters

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_fields(printer, self.record)
            printer.print_string(
                f", tile {self.tile.data}, slots {self.slots.data}"
                f", base {self.base.data}"
            )


@irdl_op_definition
class AllocateOp(IRDLOperation):
    """Reserve a ring, and DRAM behind it for `capacity` records in whole tiles.

    The stack in DRAM has a window of addresses of its own, so that of a `growing` ring
    takes as many tiles as come, and nothing is ever moved to make room.
    """

    name = "spm.allocate"
    capacity = operand_def(IndexType())
    growing = opt_prop_def(UnitAttr)
    ring = result_def(RingType)
    traits = traits_def(MemoryAllocEffect())
    assembly_format = "$capacity (`growing` $growing^)? attr-dict `:` type($ring)"

    def __init__(
        self, capacity: SSAValue | Operation, ring: RingType, growing: bool = False
    ):
        super().__init__(
            operands=[capacity],
            result_types=[ring],
            properties={"growing": UnitAttr() if growing else None},
        )


@irdl_op_definition
class StoreOp(FieldStoreOp):
    """Write one field of the record at a byte address of the scratchpad."""

    name = "spm.store"
    MEMORY_TYPE: ClassVar = RingType
    traits = traits_def(MemoryWriteEffect())


@irdl_op_definition
class LoadOp(FieldLoadOp):
    """Read one field of the record at a byte address of the scratchpad."""

    name = "spm.load"
    MEMORY_TYPE: ClassVar = RingType
    traits = traits_def(MemoryReadEffect())


class CursorOp(IRDLOperation):
    """What the layer boundaries share: they take a ring's cursor to its next place."""

    ring = operand_def(RingType)
    address = operand_def(IndexType())
    limit = operand_def(IndexType())
    next_address = result_def(IndexType())
    next_limit = result_def(IndexType())
    records = result_def(IndexType())
    """How many records the tile that is current then can take or give."""
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ring `,` $address `,` $limit attr-dict `:` type($ring)"

    def __init__(self, ring: SSAValue, address: SSAValue, limit: SSAValue):
        super().__init__(
            operands=[ring, address, limit], result_types=[IndexType()] * 3
        )


@irdl_op_definition
class AdvanceOp(CursorOp):
    """Forward layer boundary: if the tile is full, send it off and begin the next."""

    name = "spm.advance"


@irdl_op_definition
class RetreatOp(CursorOp):
    """Reverse layer boundary: if the tile is used up, bring the previous one back."""

    name = "spm.retreat"


class _TransferOp(IRDLOperation):
    """What blocking transfers share: a one-slot ring and the start of its slot."""

    ring = operand_def(RingType)
    start = operand_def(IndexType())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def __init__(self, ring: SSAValue, start: SSAValue):
        super().__init__(operands=[ring, start])

    def verify_(self) -> None:
        if cast(RingType, self.ring.type).slots.data != 1:
            raise VerifyException("a blocking transfer needs a ring with one slot")


@irdl_op_definition
class DrainOp(_TransferOp):
    """Push the tile that begins at `start` on the stack in DRAM; block until done."""

    name = "spm.drain"
    assembly_format = "$ring `,` $start attr-dict `:` type($ring)"


@irdl_op_definition
class FillOp(_TransferOp):
    """Pop a tile from the stack in DRAM to the slot at `start`; block until done."""

    name = "spm.fill"
    assembly_format = "$ring `,` $start attr-dict `:` type($ring)"


Spm = Dialect(
    "spm",
    [AllocateOp, StoreOp, LoadOp, AdvanceOp, RetreatOp, DrainOp, FillOp],
    [RingType],
)
