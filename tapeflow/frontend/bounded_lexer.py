"""xDSL's lexer without the texts for which it takes for ever."""

import re

from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Position
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRToken, MLIRTokenKind

LONGEST_INTEGER = 100
"""Digits of an integer; those of 64 bits, which programs compute with, have 20."""


class BoundedLexer(MLIRLexer):
    """A lexer whose time is linear in the length of any text."""

    # As in xDSL, but possessive: where no quote ends a string, xDSL tries every way to
    # cut it into runs, twice as many with each letter.
    _unescaped_characters_regex = re.compile(
        r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"'
    )

    def _lex_number(self, start_pos: Position) -> MLIRToken:
        token = super()._lex_number(start_pos)
        digits = len(token.span.text)
        if token.kind is MLIRTokenKind.INTEGER_LIT and digits > LONGEST_INTEGER:
            raise ParseError(
                token.span,
                f"an integer of {digits} digits is too large; an index or i64 ends at "
                f"{2**63 - 1}",
            )
        return token
