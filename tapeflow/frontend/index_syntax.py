"""MLIR's syntax of the index dialect, where no format of xDSL can say it."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, i1
from xdsl.ir import Operation
from xdsl.parser import Parser

from tapeflow.dialects.index_additions import BoolConstantOp, CmpOp, ConstantOp
from tapeflow.frontend.operation_parts import Syntax


def parse_constant(parser: Parser) -> Operation:
    """index.constant 4"""
    attributes = parser.parse_optional_attr_dict()
    value = IntegerAttr(parser.parse_integer(), IndexType())
    return ConstantOp.build(
        properties={"value": value}, result_types=[IndexType()], attributes=attributes
    )


def parse_bool_constant(parser: Parser) -> Operation:
    """index.bool.constant true"""
    attributes = parser.parse_optional_attr_dict()
    value = IntegerAttr(int(parser.parse_boolean()), i1)
    return BoolConstantOp.build(
        properties={"value": value}, result_types=[i1], attributes=attributes
    )


def parse_compare(parser: Parser) -> Operation:
    """index.cmp slt(%a, %b)"""
    position = parser.pos
    predicate = parser.parse_identifier()
    parser.parse_punctuation("(")
    lhs = parser.parse_operand(IndexType())
    parser.parse_punctuation(",")
    rhs = parser.parse_operand(IndexType())
    parser.parse_punctuation(")")
    if predicate not in arith.CMPI_COMPARISON_OPERATIONS:
        parser.raise_error(f"there is no comparison '{predicate}'", position)
    number = arith.CMPI_COMPARISON_OPERATIONS.index(predicate)
    return CmpOp.build(
        operands=[lhs, rhs],
        properties={"pred": IntegerAttr(number, 64)},
        result_types=[i1],
        attributes=parser.parse_optional_attr_dict(),
    )


SYNTAX: dict[str, Syntax] = {
    "index.bool.constant": parse_bool_constant,
    "index.cmp": parse_compare,
    "index.constant": parse_constant,
}
"""Operation name to what reads the text after it."""
