"""Reads parts that the syntax of several operations shares."""

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser
from xdsl.traits import IsTerminator

Syntax = Callable[[Parser], Operation]
"""Reads an operation from behind its name on; xDSL prints the generic form."""


def parse_optional_arrow_types(parser: Parser) -> list[Attribute]:
    """`-> f64` or `-> (f64, index)`; nothing where there is no arrow."""
    if parser.parse_optional_punctuation("->") is None:
        return []
    types = parser.parse_optional_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_type
    )
    return [parser.parse_type()] if types is None else [*types]


def parse_body(
    parser: Parser, terminator: type[Operation], arguments: Sequence[Parser.Argument]
) -> Region:
    """A region of one block, ended by a terminator that may be left out."""
    position = parser.pos
    body = parser.parse_region(arguments)
    if len(body.blocks) > 1:
        parser.raise_error("expected a single basic block", position)
    if not body.blocks:
        body.add_block(Block())
    if not isinstance(body.block.last_op, terminator):
        body.block.add_op(terminator.create())
    return body


def end_with(region: Region, terminator: type[Operation]) -> Region:
    """A region whose last block ends with an operation that may be left out."""
    if not region.blocks:
        region.add_block(Block())
    last = region.blocks[-1].last_op
    if last is None or not last.has_trait(IsTerminator, value_if_unregistered=False):
        region.blocks[-1].add_op(terminator.create())
    return region


def parse_indices(
    parser: Parser, delimiter: Parser.Delimiter
) -> list[SSAValue[IndexType]]:
    """Values of type index, as `[%i, %j]`."""
    return parser.parse_comma_separated_list(
        delimiter, lambda: parser.parse_operand(IndexType())
    )


def parse_mixed_list(
    parser: Parser, delimiter: Parser.Delimiter
) -> tuple[DenseArrayBase, list[SSAValue[IndexType]]]:
    """Numbers and values `(3, %n)`: the numbers, marks for the values, and those."""
    values: list[SSAValue[IndexType]] = []

    def parse_one() -> int:
        number = parser.parse_optional_integer(allow_boolean=False)
        if number is not None:
            return number
        values.append(parser.parse_operand(IndexType()))
        return DYNAMIC_INDEX

    numbers = parser.parse_comma_separated_list(delimiter, parse_one)
    return DenseArrayBase.from_list(i64, numbers), values


def parse_prefetch(
    parser: Parser,
) -> tuple[dict[str, Attribute], dict[str, Attribute], Attribute]:
    """`, read, locality<3>, data : memref<8xf64>`: properties, attributes, type."""
    parser.parse_punctuation(",")
    is_write = parser.parse_identifier() == "write"
    parser.parse_punctuation(",")
    parser.parse_keyword("locality")
    parser.parse_punctuation("<")
    hint = parser.parse_integer()
    parser.parse_punctuation(">")
    parser.parse_punctuation(",")
    is_data = parser.parse_identifier() == "data"
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    properties: dict[str, Attribute] = {
        "isWrite": IntegerAttr(int(is_write), i1),
        "localityHint": IntegerAttr(hint, i32),
        "isDataCache": IntegerAttr(int(is_data), i1),
    }
    return properties, attributes, parser.parse_type()
