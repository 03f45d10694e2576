"""Reads locations as `mlir-opt --mlir-print-debuginfo` writes them.

It gives locations names that are defined at the end of the text, behind their uses:

    %y = arith.mulf %x, %x : f64 loc(#loc1)
    #loc1 = loc("f.mlir":2:8)

So a name that is not known yet stands for itself until the whole text is read.
"""

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    LocationAttr,
    ModuleOp,
    NameLoc,
    NoneAttr,
    StringAttr,
)
from xdsl.ir import Attribute
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from tapeflow.frontend.number_literals import NumberParser

_STANDS_FOR_ITSELF = "\0"
"""Begins the text of a name; no text that is read has this character."""


class LocationParser(NumberParser):
    """A parser of all locations that MLIR prints."""

    def __init__(self, ctx: Context, input: str, name: str) -> None:
        super().__init__(ctx, input, name)
        self._names_used: dict[str, Span] = {}
        """Names used before their definition, with the first use."""

    def _parse_location(self) -> LocationAttr:
        token = self._current_token
        if token.kind == MLIRTokenKind.HASH_IDENT:
            if token.text in self.attribute_aliases or "." in token.text:
                return super()._parse_location()
            self._consume_token()
            self._names_used.setdefault(token.text, token.span)
            return NameLoc(StringAttr(_STANDS_FOR_ITSELF + token.text), NoneAttr())
        if token.text == "fused":
            return self._parse_fused()
        location = super()._parse_location()
        if isinstance(location, FileLineColLoc):
            self._skip_end_of_range()
        return location

    def _parse_fused(self) -> LocationAttr:
        self._consume_token()
        metadata: Attribute = NoneAttr()
        if self.parse_optional_punctuation("<") is not None:
            metadata = self.parse_attribute()
            self.parse_punctuation(">")
        locations = self.parse_comma_separated_list(
            self.Delimiter.SQUARE, self._parse_location
        )
        return FusedLoc(tuple(locations), metadata)

    def _skip_end_of_range(self) -> None:
        """`"f.mlir":2:8 to 3:4` and `"f.mlir":2:8 to :12`"""
        if self.parse_optional_keyword("to") is not None:
            self.parse_optional_integer(allow_boolean=False, allow_negative=False)
            self.parse_punctuation(":")
            self.parse_integer(allow_boolean=False, allow_negative=False)

    def define_locations(self, module: ModuleOp) -> None:
        """Put the locations in the place of their names; raises ParseError."""
        if not self._names_used:
            return
        for op in module.walk():
            op.location = self._defined(op.location, ())
            for region in op.regions:
                for argument in (a for block in region.blocks for a in block.args):
                    argument.location = self._defined(argument.location, ())

    def _defined(self, location: LocationAttr, inside: tuple[str, ...]) -> LocationAttr:
        match location:
            case NameLoc(desc=StringAttr(data=text)) if text[:1] == _STANDS_FOR_ITSELF:
                name = text[1:]
                value = self.attribute_aliases.get(name)
                if name in inside or not isinstance(value, LocationAttr):
                    reason = "defined by itself" if name in inside else "no location"
                    raise ParseError(self._names_used[name], f"'{name}' is {reason}")
                return self._defined(value, (*inside, name))
            case NameLoc() if not isinstance(location.location, NoneAttr):
                inner = self._defined_inside(location.location, inside)
                return NameLoc(location.desc, inner)
            case CallSiteLoc():
                return CallSiteLoc(
                    self._defined_inside(location.callee, inside),
                    self._defined_inside(location.caller, inside),
                )
            case FusedLoc(locations=ArrayAttr() as parts):
                found = (self._defined_inside(part, inside) for part in parts)
                return FusedLoc(tuple(found), location.metadata)
            case _:
                return location

    def _defined_inside(self, part: Attribute, inside: tuple[str, ...]) -> Attribute:
        return self._defined(part, inside) if isinstance(part, LocationAttr) else part
