"""Reads affine expressions over values: `%i + 2 * %j + symbol(%n)`."""

from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.utils.mlir_lexer import MLIRTokenKind

from tapeflow.frontend.number_literals import NumberAffineParser


class AffineSubscripts(NumberAffineParser):
    """Reads expressions and gathers their values, each once.

    Values are dimensions; inside `symbol(...)` they are symbols.
    """

    def __init__(self, parser: Parser) -> None:
        super().__init__(parser._parser_state)  # they go on where the other stopped
        self._parser = parser
        self._dimensions: dict[str, UnresolvedOperand] = {}
        self._symbols: dict[str, UnresolvedOperand] = {}

    def parse_expression(self) -> AffineExpr:
        """One expression."""
        return self._parse_affine_expr(self._parse_optional_value)

    def parse_groups(self, keyword: str) -> list[list[AffineExpr]]:
        """Several of these in parentheses."""
        return self.parse_comma_separated_list(
            self.Delimiter.PAREN, lambda: self._parse_group(keyword)
        )

    def map_of(
        self, expressions: list[AffineExpr]
    ) -> tuple[AffineMap, list[SSAValue[IndexType]]]:
        """The map to expressions read, and its operands."""
        values = [*self._dimensions.values(), *self._symbols.values()]
        map_ = AffineMap(len(self._dimensions), len(self._symbols), tuple(expressions))
        return map_, [self._parser.resolve_operand(v, IndexType()) for v in values]

    def _parse_group(self, keyword: str) -> list[AffineExpr]:
        """One expression, or several as in `min(%n, 10)`."""
        if self.parse_optional_keyword(keyword) is None:
            return [self.parse_expression()]
        return self.parse_comma_separated_list(
            self.Delimiter.PAREN, self.parse_expression
        )

    def _parse_optional_value(self) -> AffineExpr | None:
        if self.parse_optional_keyword("symbol") is not None:
            with self.in_parens():
                position = _entered(self._symbols, self._parse_value())
            return AffineExpr.symbol(position)
        if self._current_token.kind != MLIRTokenKind.PERCENT_IDENT:
            return None
        return AffineExpr.dimension(_entered(self._dimensions, self._parse_value()))

    def _parse_value(self) -> UnresolvedOperand:
        return self._parser.parse_unresolved_operand()


def _entered(operands: dict[str, UnresolvedOperand], operand: UnresolvedOperand) -> int:
    """The position of an operand among those met so far."""
    name = f"{operand.operand_name}#{operand.index}"
    operands.setdefault(name, operand)
    return list(operands).index(name)
