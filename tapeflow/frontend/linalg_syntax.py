"""MLIR's syntax of linalg: one for all named operations, and the short forms."""

from collections.abc import Callable, Sequence

from xdsl.dialects import linalg
from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    MemRefType,
    StringAttr,
    TensorType,
    i64,
)
from xdsl.dialects.linalg.attrs import IteratorType, IteratorTypeAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser
from xdsl.utils.hints import isa

from tapeflow.dialects.linalg_additions import ADDITIONS, MapOp, NamedOp, SoftmaxOp
from tapeflow.frontend.operation_parts import Syntax, parse_optional_arrow_types

_PROPERTIES = frozenset(("indexing_maps", "cast", "kind", "strides", "dilations"))


def _parse_named(kind: type[NamedOp]) -> Syntax:
    """linalg.matvec {attributes} ins(%a, %b : ...) outs(%c : ...) -> ..."""

    def parse(parser: Parser) -> Operation:
        attributes: dict[str, Attribute] = {}
        for name in ("kind", "indexing_maps"):
            if parser.parse_optional_keyword(name) is not None:
                parser.parse_punctuation("=")
                attributes[name] = parser.parse_attribute()
        attributes |= parser.parse_optional_attr_dict()
        inputs = _parse_operands(parser, "ins")
        outputs = _parse_operands(parser, "outs")
        types = parse_optional_arrow_types(parser)
        attributes |= parser.parse_optional_attr_dict()
        properties = {n: a for n, a in attributes.items() if n in _PROPERTIES}
        return kind.build(
            operands=[inputs, outputs],
            result_types=[types],
            properties=properties,
            attributes={n: a for n, a in attributes.items() if n not in properties},
            regions=[None],
        )

    return parse


def parse_softmax(parser: Parser) -> Operation:
    """linalg.softmax dimension(1) ins(%a : memref<4x3xf64>) outs(%c : ...)"""
    attributes = parser.parse_optional_attr_dict()
    parser.parse_keyword("dimension")
    parser.parse_punctuation("(")
    dimension = IntegerAttr(parser.parse_integer(), i64)
    parser.parse_punctuation(")")
    inputs = _parse_operands(parser, "ins")
    outputs = _parse_operands(parser, "outs")
    return SoftmaxOp.build(
        operands=[*inputs, *outputs],
        result_types=[parse_optional_arrow_types(parser)],
        properties={"dimension": dimension},
        attributes=attributes,
    )


def parse_map(parser: Parser) -> Operation:
    """linalg.map { math.exp } ins(...) outs(...), or with a region at the end."""
    payload = _parse_payload(parser)
    inputs = _parse_operands(parser, "ins")
    outputs = _parse_operands(parser, "outs")
    types = parse_optional_arrow_types(parser)
    attributes = parser.parse_optional_attr_dict()
    if payload is None:
        arguments = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_argument
        )
        body = parser.parse_region(arguments)
    else:
        body = _payload_body(payload, map(element_type, (*inputs, *outputs)), -1)
    return MapOp.build(
        operands=[inputs, outputs],
        result_types=[types],
        attributes=attributes,
        regions=[body],
    )


def parse_reduce(parser: Parser) -> Operation:
    """linalg.reduce { arith.addf } ins(...) outs(...) dimensions = [1]"""
    payload = _parse_payload(parser)
    if payload is None:
        return linalg.ops.ReduceOp.parse(parser)
    (source,) = _parse_operands(parser, "ins")
    (target,) = _parse_operands(parser, "outs")
    parser.parse_keyword("dimensions")
    parser.parse_punctuation("=")
    dimensions = parser.parse_comma_separated_list(
        parser.Delimiter.SQUARE, parser.parse_integer
    )
    attributes = parser.parse_optional_attr_dict()
    # The operation takes what is reduced so far first.
    types = element_type(source), element_type(target)
    block = Block(arg_types=types)
    operation = payload(*reversed(block.args))
    block.add_ops([operation, linalg.ops.YieldOp(*operation.results)])
    reduce = linalg.ops.ReduceOp.build(
        operands=[source, target],
        result_types=[parse_optional_arrow_types(parser)],
        properties={"dimensions": DenseArrayBase.from_list(i64, dimensions)},
        regions=[Region(block)],
    )
    reduce.attributes |= attributes
    return reduce


def parse_generic(parser: Parser) -> Operation:
    """linalg.generic #trait ins(...) outs(...) { ... }, with an alias for the trait."""
    if not parser._current_token.text.startswith("#"):  # pyright: ignore
        return linalg.ops.GenericOp.parse(parser)
    position = parser.pos
    trait = parser.parse_attribute()
    if not isinstance(trait, DictionaryAttr):
        parser.raise_error("expected a dictionary of attributes", position)
    maps = trait.data.get("indexing_maps")
    iterators = trait.data.get("iterator_types")
    if not isa(maps, ArrayAttr[AffineMapAttr]) or not isa(
        iterators, ArrayAttr[Attribute]
    ):
        parser.raise_error("expected indexing_maps and iterator_types", position)
    inputs = _parse_operands(parser, "ins")
    outputs = _parse_operands(parser, "outs")
    extra: dict[str, Attribute] = {}
    if parser.parse_optional_keyword("attrs") is not None:
        parser.parse_punctuation("=")
        extra = parser.parse_optional_attr_dict()
    body = parser.parse_region()
    types = parse_optional_arrow_types(parser)
    generic = linalg.ops.GenericOp(
        inputs, outputs, body, maps, ArrayAttr(map(_iterator, iterators)), types
    )
    known = ("indexing_maps", "iterator_types", "doc", "library_call")
    generic.attributes |= extra
    generic.attributes |= {n: a for n, a in trait.data.items() if n not in known}
    return generic


def _iterator(attribute: Attribute) -> IteratorTypeAttr:
    if isinstance(attribute, IteratorTypeAttr):
        return attribute
    assert isinstance(attribute, StringAttr)
    return IteratorTypeAttr(IteratorType(attribute.data))


def _parse_operands(parser: Parser, keyword: str) -> Sequence[SSAValue]:
    """`ins(%a, %b : memref<4xf64>, f64)`; nothing where the word is missing."""
    if parser.parse_optional_keyword(keyword) is None:
        return ()
    parser.parse_punctuation("(")
    position = parser.pos
    operands = parser.parse_optional_undelimited_comma_separated_list(
        parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
    )
    types: list[Attribute] = []
    if operands:
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_type
        )
    parser.parse_punctuation(")")
    return parser.resolve_operands(operands or (), types, position)


def _parse_payload(parser: Parser) -> Callable[..., Operation] | None:
    """`{ arith.addf {fastmath = ...} }`, the one operation of a body."""
    if parser.parse_optional_punctuation("{") is None:
        return None
    position = parser.pos
    name = parser.parse_identifier()
    kind = parser.ctx.get_optional_op(name)
    if kind is None:
        parser.raise_error(f"unknown operation '{name}'", position)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation("}")

    def build(*operands: SSAValue) -> Operation:
        operation = kind(*operands)
        for key, value in attributes.items():
            held = operation.properties if key == "fastmath" else operation.attributes
            held[key] = value
        return operation

    return build


def _payload_body(
    payload: Callable[..., Operation], types: "map[Attribute]", end: int
) -> Region:
    block = Block(arg_types=[*types])
    operation = payload(*block.args[:end])
    block.add_ops([operation, linalg.ops.YieldOp(*operation.results)])
    return Region(block)


def element_type(value: SSAValue) -> Attribute:
    """What a buffer holds; the type of a scalar."""
    type_ = value.type
    if isa(type_, MemRefType[Attribute] | TensorType[Attribute]):
        return type_.get_element_type()
    return type_


class _Syntax(dict[str, Syntax]):
    """What reads a named operation is made when it is asked for."""

    def get(self, name: str, default: Syntax | None = None) -> Syntax | None:  # pyright: ignore
        if name not in self:
            kind = ADDITIONS.get(name)
            if kind is None or not issubclass(kind, NamedOp):
                return default
            self[name] = _parse_named(kind)
        return self[name]


SYNTAX = _Syntax(
    {
        "linalg.generic": parse_generic,
        "linalg.map": parse_map,
        "linalg.reduce": parse_reduce,
        "linalg.softmax": parse_softmax,
    }
)
"""Operation name to what reads the text after it."""
