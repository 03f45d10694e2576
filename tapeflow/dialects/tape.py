"""Dialect `tape`: what a gradient saves in its forward sweep and reads back in reverse.

Three stages share it. An abstract `!tape.stack` holds one saved value per push. A
`!tape.region` holds records, all values saved by one block; with a tile length it is
cut into layers. A `!tape.arena` is a region's memory behind the cache.
"""

from typing import ClassVar, cast

from xdsl.dialects.builtin import IndexType, UnitAttr
from xdsl.ir import (
    Attribute,
    Dialect,
    Operation,
    SSAValue,
    TypeAttribute,
)
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    MemoryAllocEffect,
    MemoryFreeEffect,
    MemoryReadEffect,
    MemoryWriteEffect,
)
from xdsl.utils.exceptions import VerifyException

from tapeflow.dialects.field_access import FieldLoadOp, FieldStoreOp
from tapeflow.dialects.tape_expect import ExpectOp
from tapeflow.dialects.tape_types import ArenaType, StackType, TapeRegionType, TapeType


def is_tiled(tape: SSAValue) -> bool:
    """Whether a tape is a region cut into tiles, for the scratchpad."""
    type_ = tape.type
    return isinstance(type_, TapeRegionType) and type_.tile_records is not None


def _verify_moved(tape: Attribute, moved: tuple[Attribute, ...], verb: str) -> None:
    fields = cast(TapeType, tape).fields
    if moved != fields:
        raise VerifyException(
            f"{verb} ({', '.join(map(str, moved))}) "
            f"but the tape holds ({', '.join(map(str, fields))})"
        )


def _parse_tape_type(parser: Parser) -> TapeType:
    parser.parse_punctuation(":")
    position = parser.pos
    tape_type = parser.parse_type()
    if not isinstance(tape_type, StackType | TapeRegionType):
        parser.raise_error("expected a !tape.stack or !tape.region", position)
    return tape_type


@irdl_op_definition
class StackOp(IRDLOperation):
    """Create an empty abstract stack."""

    name = "tape.stack"
    tape = result_def(StackType)
    traits = traits_def(MemoryAllocEffect())
    assembly_format = "attr-dict `:` type($tape)"

    def __init__(self, element: TypeAttribute):
        super().__init__(result_types=[StackType(element)])


@irdl_op_definition
class AllocateOp(IRDLOperation):
    """Create an empty tape region with room for `capacity` records.

    A `growing` region has this room at first and takes as many records as come.
    """

    name = "tape.allocate"
    capacity = operand_def(IndexType())
    growing = opt_prop_def(UnitAttr)
    tape = result_def(TapeRegionType)
    traits = traits_def(MemoryAllocEffect())
    assembly_format = "$capacity (`growing` $growing^)? attr-dict `:` type($tape)"

    def __init__(
        self,
        capacity: SSAValue | Operation,
        tape: TapeRegionType,
        growing: bool = False,
    ):
        super().__init__(
            operands=[capacity],
            result_types=[tape],
            properties={"growing": UnitAttr() if growing else None},
        )


@irdl_op_definition
class ReserveOp(IRDLOperation):
    """Make room for at least `records` more in a growing region, before they come.

    What makes room here once need not be tested at each push.
    """

    name = "tape.reserve"
    tape = operand_def(TapeRegionType)
    records = operand_def(IndexType())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$tape `,` $records attr-dict `:` type($tape)"

    def __init__(self, tape: SSAValue, records: SSAValue):
        super().__init__(operands=[tape, records])

    def verify_(self) -> None:
        if is_tiled(self.tape):
            raise VerifyException("a region cut into tiles makes room tile by tile")


@irdl_op_definition
class PushOp(IRDLOperation):
    """Save one record: a value for each field of the tape."""

    name = "tape.push"
    tape = operand_def(StackType | TapeRegionType)
    values = var_operand_def()
    traits = traits_def(MemoryWriteEffect())

    def __init__(self, tape: SSAValue, *values: SSAValue):
        super().__init__(operands=[tape, values])

    def verify_(self) -> None:
        types = tuple(value.type for value in self.values)
        _verify_moved(self.tape.type, types, "pushes")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.tape.type)

    @classmethod
    def parse(cls, parser: Parser) -> "PushOp":
        operands = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        attributes = parser.parse_optional_attr_dict()
        position = parser.pos
        tape_type = _parse_tape_type(parser)
        values = parser.resolve_operands(operands[1:], tape_type.fields, position)
        push = PushOp(parser.resolve_operand(operands[0], tape_type), *values)
        push.attributes |= attributes
        return push


@irdl_op_definition
class PopOp(IRDLOperation):
    """Take the newest record off the tape."""

    name = "tape.pop"
    tape = operand_def(StackType | TapeRegionType)
    values = var_result_def()
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def __init__(self, tape: SSAValue):
        super().__init__(
            operands=[tape], result_types=[cast(TapeType, tape.type).fields]
        )

    def verify_(self) -> None:
        types = tuple(value.type for value in self.values)
        _verify_moved(self.tape.type, types, "pops")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.tape)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.tape.type)

    @classmethod
    def parse(cls, parser: Parser) -> "PopOp":
        tape = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        pop = PopOp(parser.resolve_operand(tape, _parse_tape_type(parser)))
        pop.attributes |= attributes
        return pop


class BoundaryOp(IRDLOperation):
    """What the layer boundaries share: they may change the current tile of a region."""

    tape = operand_def(TapeRegionType)
    records = result_def(IndexType())
    """How many records the tile that is current then can take or give."""
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$tape attr-dict `:` type($tape)"

    def __init__(self, tape: SSAValue):
        super().__init__(operands=[tape], result_types=[IndexType()])

    def verify_(self) -> None:
        if not is_tiled(self.tape):
            raise VerifyException("needs a tape region cut into tiles")


@irdl_op_definition
class AdvanceOp(BoundaryOp):
    """Forward layer boundary: retire the current tile if it is full.

    The result is the room: how many records can be pushed before the next one.
    """

    name = "tape.advance"


@irdl_op_definition
class RetreatOp(BoundaryOp):
    """Reverse layer boundary: make the previous tile current if this one is used up.

    The result is what is ready: how many records can be popped before the next one.
    """

    name = "tape.retreat"


@irdl_op_definition
class AllocateArenaOp(IRDLOperation):
    """Memory behind the cache for `capacity` records."""

    name = "tape.allocate_arena"
    capacity = operand_def(IndexType())
    arena = result_def(ArenaType)
    traits = traits_def(MemoryAllocEffect())
    assembly_format = "$capacity attr-dict `:` type($arena)"

    def __init__(self, capacity: SSAValue | Operation, arena: ArenaType):
        super().__init__(operands=[capacity], result_types=[arena])


@irdl_op_definition
class DeallocateArenaOp(IRDLOperation):
    """Give the memory of an arena back."""

    name = "tape.deallocate_arena"
    arena = operand_def(ArenaType)
    traits = traits_def(MemoryFreeEffect())
    assembly_format = "$arena attr-dict `:` type($arena)"

    def __init__(self, arena: SSAValue):
        super().__init__(operands=[arena])


@irdl_op_definition
class StoreOp(FieldStoreOp):
    """Write one field of the record at a byte address of the arena."""

    name = "tape.store"
    MEMORY_TYPE: ClassVar = ArenaType
    traits = traits_def(MemoryWriteEffect())


@irdl_op_definition
class LoadOp(FieldLoadOp):
    """Read one field of the record at a byte address of the arena."""

    name = "tape.load"
    MEMORY_TYPE: ClassVar = ArenaType
    traits = traits_def(MemoryReadEffect())


Tape = Dialect(
    "tape",
    [
        StackOp,
        AllocateOp,
        ReserveOp,
        ExpectOp,
        PushOp,
        PopOp,
        AdvanceOp,
        RetreatOp,
        AllocateArenaOp,
        DeallocateArenaOp,
        StoreOp,
        LoadOp,
    ],
    [StackType, TapeRegionType, ArenaType],
)
