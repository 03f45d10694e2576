"""xDSL's parser, with places attached to operations and more of MLIR's syntax."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NoReturn, cast

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IndexType,
    IntAttr,
    LocationAttr,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Attribute, AttributeInvT, Operation, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.parser.generic_parser import ParserState
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Input, Position, Span
from xdsl.utils.mlir_lexer import MLIRTokenKind, PunctuationSpelling

from tapeflow.dialects.additions import addition, additions_of
from tapeflow.dialects.memref_additions import ReinterpretCastOp
from tapeflow.frontend.affine_subscripts import AffineSubscripts
from tapeflow.frontend.bounded_lexer import BoundedLexer
from tapeflow.frontend.custom_syntax import custom_syntax
from tapeflow.frontend.foreign_attributes import ForeignAttributeParser
from tapeflow.frontend.nesting import DEEPEST
from tapeflow.frontend.not_read import remedy_for
from tapeflow.near_names import near_names


@dataclass(frozen=True)
class _CustomSyntax:
    """Stands for an operation's class where the parser asks it to read its text."""

    name: str
    parse: Callable[[Parser], Operation]

    def dialect_name(self) -> str:
        return self.name.partition(".")[0]


class LocatedParser(ForeignAttributeParser):
    """A parser that gives each operation the file, line and column of its name.

    As in MLIR the column is that of the operation's name, not of its results; an
    explicit `loc(...)` is kept, `loc(unknown)` included. Lines and columns count
    from 1; `line_offset` is added to lines where `text` is a part of a file.
    """

    def __init__(
        self, context: Context, text: str, name: str, *, line_offset: int = 0
    ) -> None:
        super().__init__(context, "", name)
        self._parser_state = ParserState(BoundedLexer(Input(text, name)))
        self._file = StringAttr(name)
        self._line_offset = line_offset
        lengths = (len(line) + 1 for line in text.split("\n"))
        self._line_starts = [0, *accumulate(lengths)]
        self._name_positions: list[Position] = []
        self._explicit_location: LocationAttr | None = None
        self._first_uses: dict[str, Span] = {}
        self._foreign_attributes: list[dict[str, Attribute]] = []
        """Of each operation around this place, what xDSL's syntax has no room for."""

    def location_at(self, position: Position) -> FileLineColLoc:
        """The location of a position in the text."""
        line = bisect_right(self._line_starts, position)
        column = position - self._line_starts[line - 1] + 1
        return FileLineColLoc(
            self._file, IntAttr(line + self._line_offset), IntAttr(column)
        )

    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        if self._current_token.kind == MLIRTokenKind.EOF:
            self.raise_error("expected an operation here, and the text holds none")
        try:
            module = super().parse_module(allow_implicit_module)
            self.define_locations(module)
            return module
        except ParseError as error:
            # xDSL reports this one at the end of the file.
            if not error.msg.startswith("values used but not defined"):
                raise
            self._reject_undefined(0)
            raise

    def _reject_undefined(self, start: Position) -> None:
        """No value that is first used behind `start` may still wait for a definition.

        What comes behind an isolated operation, as a function, must not define it.
        """
        for name in self.forward_ssa_references:
            use = self._first_uses[name]
            if use.start >= start:
                raise ParseError(use, f"value %{name} is not defined here")

    def resolve_operand(
        self, operand: UnresolvedOperand, type: AttributeInvT
    ) -> SSAValue[AttributeInvT]:
        name = operand.operand_name
        if name not in self.ssa_values and name not in self.forward_ssa_references:
            self._first_uses[name] = operand.span
        return super().resolve_operand(operand, type)

    def parse_operation(self) -> Operation:
        depth = len(self._name_positions)
        if depth > DEEPEST:
            self.raise_error(
                f"operations are nested more than {DEEPEST} deep; move inner loops "
                "to a function and call it"
            )
        self._foreign_attributes.append({})
        op = super().parse_operation()
        op.attributes |= self._foreign_attributes.pop()
        if op.name == "memref.reinterpret_cast" and ReinterpretCastOp.fits(op):
            op.__class__ = ReinterpretCastOp  # Its names are known by now.
        if self._current_token.kind == MLIRTokenKind.L_BRACE:
            # No operation begins so: these are attributes of the one before.
            op.attributes |= self.parse_optional_attr_dict()
        if self.forward_ssa_references and op.has_trait(IsolatedFromAbove):
            self._reject_undefined(self._name_positions[depth])
        # The last thing an operation's text can hold is its own location, so what
        # the latest attempt to parse one found belongs to this operation.
        if self._explicit_location is None:
            op.location = self.location_at(self._name_positions[depth])
        del self._name_positions[depth:]
        return op

    def parse_punctuation(
        self, punctuation: PunctuationSpelling, context_msg: str = ""
    ) -> PunctuationSpelling:
        """Also attributes before the types, for which xDSL's syntax may lack room."""
        is_dictionary = self._current_token.kind == MLIRTokenKind.L_BRACE
        if punctuation == ":" and is_dictionary and self._foreign_attributes:
            self._foreign_attributes[-1] |= self.parse_optional_attr_dict()
        return super().parse_punctuation(punctuation, context_msg)

    def parse_optional_location(self) -> LocationAttr | None:
        self._explicit_location = super().parse_optional_location()
        return self._explicit_location

    def _parse_op_result_list(self) -> list[tuple[Span, int]]:
        results = super()._parse_op_result_list()
        self._name_positions.append(self.pos)
        return results

    def parse_affine_map_of_ssa_ids(
        self,
    ) -> tuple[AffineMap, Sequence[SSAValue[IndexType]]]:
        """Subscripts `[%i + 1, symbol(%n)]`; xDSL takes all values for symbols."""
        subscripts = AffineSubscripts(self)
        return subscripts.map_of(
            self.parse_comma_separated_list(
                self.Delimiter.SQUARE, subscripts.parse_expression
            )
        )

    def _get_op_by_name(self, name: str) -> type[Operation]:
        dialects = self._parser_state.dialect_stack
        op_type = addition(self._full_name(name))
        if op_type is None:
            op_type = self.ctx.get_optional_op(name, dialect_stack=dialects)
        if op_type is None:
            self._reject_name(name)
        generic = self.lexer.input.at(self._name_positions[-1]) == '"'
        remedy = remedy_for(op_type.name)
        if remedy is not None and not generic:
            self._reject_name(op_type.name)
        custom = custom_syntax(op_type)
        if custom is None or generic:
            return op_type
        return cast(type[Operation], _CustomSyntax(op_type.name, custom))

    def _full_name(self, name: str) -> str:
        """With the dialect, which the region around an operation may leave out."""
        return name if "." in name else f"func.{name}"

    def _reject_name(self, name: str) -> NoReturn:
        start = self._name_positions[-1]
        remedy = remedy_for(name)
        if remedy is not None:
            self.raise_error(f"'{name}' is not read; {remedy}", start, self.pos)
        message = f"unknown operation '{name}'{self._known_instead(name)}"
        self.raise_error(message, start, start + len(name))

    def _known_instead(self, name: str) -> str:
        """Operations of the same dialect: those with a near name, else all."""
        dialect, _, operation = name.partition(".")
        known = self.ctx.get_optional_dialect(dialect)
        if known is None:
            return ""
        prefix = f"{dialect}."
        names = [*(op.name for op in known.operations), *additions_of(dialect)]
        names = sorted({n.removeprefix(prefix) for n in names if n.startswith(prefix)})
        near = [f"{prefix}{word}" for word in near_names(operation, names, 3)]
        if near:
            return f"; did you mean {' or '.join(near)}?"
        return f"; {dialect} has {', '.join(names)}"
