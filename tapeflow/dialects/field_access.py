"""Loads and stores of one field of a record, shared by `tape` and `spm`.

tape.store %v, %arena[%address] field 1 : !tape.arena<[f64, i8]>
%v = spm.load %ring[%address] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
"""

from abc import ABC
from typing import ClassVar, Protocol, Self, cast

from xdsl.dialects.builtin import IndexType, IntAttr
from xdsl.ir import Attribute, SSAValue, TypeAttribute
from xdsl.irdl import IRDLOperation, operand_def, prop_def, result_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException


class RecordMemory(Protocol):
    """A type whose memory holds records."""

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The field types of a record."""
        ...


def _verify_field(
    memory: Attribute, expected: type[Attribute], field: int, value: Attribute
) -> None:
    if not isinstance(memory, expected):
        raise VerifyException(f"expected memory of type !{expected.name}, not {memory}")
    fields = cast(RecordMemory, memory).fields
    if not 0 <= field < len(fields):
        raise VerifyException(f"field {field} of a record with {len(fields)} fields")
    if fields[field] != value:
        raise VerifyException(f"field {field} has type {fields[field]}, not {value}")


def _print_place(
    printer: Printer, memory: SSAValue, address: SSAValue, field: int
) -> None:
    printer.print_ssa_value(memory)
    with printer.in_square_brackets():
        printer.print_ssa_value(address)
    printer.print_string(f" field {field}")


def _print_type(
    printer: Printer, attributes: dict[str, Attribute], memory: SSAValue
) -> None:
    printer.print_op_attributes(attributes)
    printer.print_string(" : ")
    printer.print_attribute(memory.type)


def _parse_place(
    parser: Parser,
) -> tuple[SSAValue, SSAValue, int, dict[str, Attribute]]:
    memory = parser.parse_unresolved_operand()
    with parser.in_square_brackets():
        address = parser.parse_unresolved_operand()
    parser.parse_characters("field")
    field = parser.parse_integer(allow_boolean=False, allow_negative=False)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    position = parser.pos
    memory_type = parser.parse_type()
    if field >= len(getattr(memory_type, "fields", ())):
        parser.raise_error(f"no field {field} in {memory_type}", position)
    return (
        parser.resolve_operand(memory, memory_type),
        parser.resolve_operand(address, IndexType()),
        field,
        attributes,
    )


class FieldStoreOp(IRDLOperation, ABC):
    """Write one field of the record at a byte address."""

    MEMORY_TYPE: ClassVar[type[Attribute]]

    value = operand_def()
    memory = operand_def()
    address = operand_def(IndexType())
    field = prop_def(IntAttr)

    def __init__(
        self, value: SSAValue, memory: SSAValue, address: SSAValue, field: int
    ):
        super().__init__(
            operands=[value, memory, address], properties={"field": IntAttr(field)}
        )

    def verify_(self) -> None:
        _verify_field(
            self.memory.type, self.MEMORY_TYPE, self.field.data, self.value.type
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.value)
        printer.print_string(", ")
        _print_place(printer, self.memory, self.address, self.field.data)
        _print_type(printer, self.attributes, self.memory)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        memory, address, field, attributes = _parse_place(parser)
        fields = cast(RecordMemory, memory.type).fields
        op = cls(parser.resolve_operand(value, fields[field]), memory, address, field)
        op.attributes |= attributes
        return op


class FieldLoadOp(IRDLOperation, ABC):
    """Read one field of the record at a byte address."""

    MEMORY_TYPE: ClassVar[type[Attribute]]

    memory = operand_def()
    address = operand_def(IndexType())
    value = result_def()
    field = prop_def(IntAttr)

    def __init__(self, memory: SSAValue, address: SSAValue, field: int):
        super().__init__(
            operands=[memory, address],
            result_types=[cast(RecordMemory, memory.type).fields[field]],
            properties={"field": IntAttr(field)},
        )

    def verify_(self) -> None:
        _verify_field(
            self.memory.type, self.MEMORY_TYPE, self.field.data, self.value.type
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        _print_place(printer, self.memory, self.address, self.field.data)
        _print_type(printer, self.attributes, self.memory)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        memory, address, field, attributes = _parse_place(parser)
        op = cls(memory, address, field)
        op.attributes |= attributes
        return op
