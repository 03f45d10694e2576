"""MLIR's syntax of functions as values."""

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr
from xdsl.ir import Operation
from xdsl.parser import Parser

from tapeflow.dialects.func_additions import CallIndirectOp, ConstantOp
from tapeflow.frontend.operation_parts import Syntax


def parse_constant(parser: Parser) -> Operation:
    """func.constant @g : (f64) -> f64"""
    name = parser.parse_symbol_name()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    return ConstantOp.build(
        properties={"value": SymbolRefAttr(name)},
        result_types=[parser.parse_function_type()],
        attributes=attributes,
    )


def parse_call_indirect(parser: Parser) -> Operation:
    """func.call_indirect %p(%x) : (f64) -> f64"""
    callee = parser.parse_unresolved_operand()
    position = parser.pos
    arguments = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_unresolved_operand
    )
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    type_: FunctionType = parser.parse_function_type()
    inputs = type_.inputs.data
    return CallIndirectOp.build(
        operands=[
            parser.resolve_operand(callee, type_),
            parser.resolve_operands(arguments, inputs, position),
        ],
        result_types=[type_.outputs.data],
        attributes=attributes,
    )


SYNTAX: dict[str, Syntax] = {
    "func.call_indirect": parse_call_indirect,
    "func.constant": parse_constant,
}
"""Operation name to what reads the text after it."""
