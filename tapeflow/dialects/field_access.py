"""Syntax and checks of the loads and stores that address one field of a record.

    tape.store %v, %arena[%address] field 1 : !tape.arena<[f64, i8]>
    %v = spm.load %ring[%address] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
"""

from typing import Any, Protocol

from xdsl.dialects.builtin import IndexType, IntAttr, TypeAttribute
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException


class RecordMemory(Protocol):
    """A type whose memory holds records."""

    @property
    def fields(self) -> tuple[TypeAttribute, ...]: ...


def verify_field(memory: RecordMemory, field: IntAttr, value: Attribute) -> None:
    """The field exists and has the value's type."""
    if not 0 <= field.data < len(memory.fields):
        raise VerifyException(
            f"field {field.data} of a record with {len(memory.fields)} fields"
        )
    if memory.fields[field.data] != value:
        raise VerifyException(
            f"field {field.data} has type {memory.fields[field.data]}, not {value}"
        )


def _print_place(printer: Printer, op: Any) -> None:
    printer.print_ssa_value(op.memory)
    with printer.in_square_brackets():
        printer.print_ssa_value(op.address)
    printer.print_string(f" field {op.field.data}")
    printer.print_op_attributes(op.attributes)
    printer.print_string(" : ")
    printer.print_attribute(op.memory.type)


def _parse_place(parser: Parser) -> tuple[SSAValue, SSAValue, int, dict[str, Attribute]]:
    memory = parser.parse_unresolved_operand()
    with parser.in_square_brackets():
        address = parser.parse_unresolved_operand()
    parser.parse_characters("field")
    field = parser.parse_integer(allow_boolean=False, allow_negative=False)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    position = parser.pos
    memory_type: Any = parser.parse_type()
    fields = getattr(memory_type, "fields", ())
    if field >= len(fields):
        parser.raise_error(f"no field {field} in {memory_type}", position)
    return (
        parser.resolve_operand(memory, memory_type),
        parser.resolve_operand(address, IndexType()),
        field,
        attributes,
    )


def print_field_store(op: Operation, printer: Printer) -> None:
    """Print ` %v, %memory[%address] field 1 : type`."""
    printer.print_string(" ")
    printer.print_ssa_value(op.operands[0])
    printer.print_string(", ")
    _print_place(printer, op)


def print_field_load(op: Operation, printer: Printer) -> None:
    """Print ` %memory[%address] field 1 : type`."""
    printer.print_string(" ")
    _print_place(printer, op)


def parse_field_store(cls: Any, parser: Parser) -> Any:
    """Parse what `print_field_store` prints."""
    value = parser.parse_unresolved_operand()
    parser.parse_punctuation(",")
    memory, address, field, attributes = _parse_place(parser)
    fields: Any = memory.type
    resolved = parser.resolve_operand(value, fields.fields[field])
    op = cls(resolved, memory, address, field)
    op.attributes |= attributes
    return op


def parse_field_load(cls: Any, parser: Parser) -> Any:
    """Parse what `print_field_load` prints."""
    memory, address, field, attributes = _parse_place(parser)
    op = cls(memory, address, field)
    op.attributes |= attributes
    return op
