"""Reads the result types of an operation."""

from xdsl.ir import Attribute
from xdsl.parser import Parser


def parse_optional_arrow_types(parser: Parser) -> list[Attribute]:
    """`-> f64` or `-> (f64, index)`; nothing where there is no arrow."""
    if parser.parse_optional_punctuation("->") is None:
        return []
    types = parser.parse_optional_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_type
    )
    return [parser.parse_type()] if types is None else [*types]
