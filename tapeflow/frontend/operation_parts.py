"""Reads parts that the syntax of several operations shares."""

from collections.abc import Sequence

from xdsl.ir import Attribute, Block, Operation, Region
from xdsl.parser import Parser


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
