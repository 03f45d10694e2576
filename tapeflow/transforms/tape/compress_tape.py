"""Pass `compress-tape`: floats on the tape in fewer bits, by request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import Float64Type, FloatAttr, ModuleOp, StringAttr, i16
from xdsl.ir import Operation, SSAValue, TypeAttribute
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.tape.codecs import Codec
from tapeflow.analysis.tape.deciding_values import deciding_values
from tapeflow.analysis.tape.region_options import RegionOption, parse_region_options
from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp
from tapeflow.dialects.tape_attributes import TAPE_COMPRESS, TAPE_COMPRESSED
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import functions_of
from tapeflow.transforms.tape.float_codecs import decode, encode
from tapeflow.transforms.tape.set_layout import regions_of, stated_regions


@dataclass(frozen=True)
class CompressTapePass(ModulePass):
    """Round floats where they are pushed, and widen them where they are popped.

        tape.push %tape, %v : !tape.region<[f64], aos>

    becomes, with `codec=f32`,

        %w = arith.truncf ... : f64 to f32
        tape.push %tape, %w : !tape.region<[f32], aos>

    and the reverse behind each pop, so that records are narrow wherever they are: in
    the cache, in the scratchpad, on the way to DRAM. What is rounded is a property of
    the program from here on: all levels below give the same bits. The conversions are
    operations like others, and cost what those cost.

    Integers and truth values stay as they are, and so do floats on which a comparison,
    a subscript or anything else but a float may depend in the reverse. An allocation
    may ask for its own codec, `{tape.compress = "bf16"}`, or for `"none"`; afterwards
    it says what it has, `{tape.compressed = "bf16"}`.
    """

    name = "compress-tape"

    codec: str = "none"
    """`f32`, `bf16`, `fixed-rate:8`, `fixed-rate:16`, `fixed-rate:32` or `none` for all
    regions, and of single functions or regions, as in `bf16,main=f32,main:2=none`."""
    fraction: int | float | None = None
    """Instead of storing fewer bits, move what is popped by this part of its rounding
    error: what estimates of the error are made with."""

    def __post_init__(self) -> None:
        parse_region_options(self.codec, "codec", Codec.parse)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REGIONS, Level.CACHED)
        graph = CallGraph(op)
        stated = parse_region_options(self.codec, "codec", Codec.parse)
        codecs = self._codecs(op, stated)
        for function in functions_of(op):
            asked = [(r, codecs[r]) for r in regions_of(function) if r in codecs]
            if not asked:
                continue
            exact = deciding_values(function, graph)
            constants = FunctionConstants(function)
            for region, codec in asked:
                _Region(region, codec, exact, constants).compress(self.fraction)

    def _codecs(
        self, module: ModuleOp, stated: Sequence[RegionOption[Codec | None]]
    ) -> dict[AllocateOp, Codec]:
        """The codec of each region that has one; what IR says counts most."""
        codecs: dict[AllocateOp, Codec | None] = {}
        try:
            codecs.update(stated_regions(module, stated))
        except ValueError as error:
            refuse(module, f"{self.name}: {error}")
        for region in module.walk():
            if isinstance(region, AllocateOp) and TAPE_COMPRESS in region.attributes:
                codecs[region] = _asked_by(region)
        return {
            region: codec
            for region, codec in codecs.items()
            if codec is not None and TAPE_COMPRESSED not in region.attributes
        }


def _asked_by(region: AllocateOp) -> Codec | None:
    attribute = region.attributes.pop(TAPE_COMPRESS)
    try:
        return Codec.parse(
            attribute.data if isinstance(attribute, StringAttr) else str(attribute)
        )
    except ValueError as error:
        refuse(region, f"{TAPE_COMPRESS}: {error}")


class _Region:
    """One region, and which fields of its records become narrow."""

    def __init__(
        self,
        region: AllocateOp,
        codec: Codec,
        exact: frozenset[SSAValue],
        constants: FunctionConstants,
    ):
        self._region = region
        self._codec = codec
        self._constants = constants
        self._fields = region.tape.type.fields
        self._uses = tuple(use.operation for use in region.tape.uses)
        decides = {
            number
            for pop in self._uses
            if isinstance(pop, PopOp)
            for number, value in enumerate(pop.values)
            if value in exact
        }
        self._narrow = codec.chosen(self._fields, frozenset(decides))
        self._kept = [n for n in range(len(self._fields)) if n not in self._narrow]

    def compress(self, fraction: float | None) -> None:
        """Rewrite the pushes and pops, or only move what is popped."""
        if not self._narrow:
            return
        self._region.attributes[TAPE_COMPRESSED] = StringAttr(self._codec.name)
        if fraction is not None:
            for pop in self._pops():
                self._move(pop, fraction)
            return
        stored: list[TypeAttribute] = [self._codec.stored] * len(self._narrow)
        if self._codec.has_exponent:
            stored.append(i16)
        kinds = [*stored, *(self._fields[number] for number in self._kept)]
        # Widest first, so that records have no avoidable padding.
        order = sorted(range(len(kinds)), key=lambda n: -field_bytes(kinds[n]))
        type_ = self._region.tape.type.with_fields(tuple(kinds[n] for n in order))
        tape = Rewriter.replace_value_with_new_type(self._region.tape, type_)
        for use in self._uses:
            if isinstance(use, PushOp):
                self._push(use, tape, order)
            elif isinstance(use, PopOp):
                self._pop(use, tape, order, len(stored))

    def _pops(self) -> Iterator[PopOp]:
        return (use for use in self._uses if isinstance(use, PopOp))

    def _push(self, push: PushOp, tape: SSAValue, order: Sequence[int]) -> None:
        builder = IndexBuilder.before(push, self._constants)
        floats = [push.values[number] for number in self._narrow]
        kept = [push.values[number] for number in self._kept]
        values = [*encode(self._codec, floats, builder), *kept]
        new = PushOp(tape, *(values[number] for number in order))
        new.attributes.update(push.attributes)
        builder.insert(new)
        Rewriter.erase_op(push)

    def _pop(
        self, pop: PopOp, tape: SSAValue, order: Sequence[int], stored: int
    ) -> None:
        builder = IndexBuilder.before(pop, self._constants)
        new = PopOp(tape)
        new.attributes.update(pop.attributes)
        builder.insert(new)
        by_number = dict(zip(order, new.values, strict=True))
        values = [by_number[number] for number in range(len(order))]
        types = [self._fields[number] for number in self._narrow]
        floats = decode(self._codec, values[:stored], types, builder)
        _replace(pop, self._narrow, floats)
        _replace(pop, self._kept, values[stored:])
        Rewriter.erase_op(pop)

    def _move(self, pop: PopOp, fraction: float) -> None:
        """Let the uses of a pop see a part of the rounding error."""
        point = InsertPoint.after(pop)
        builder = IndexBuilder(self._constants, point, pop.location)
        exact = [pop.values[number] for number in self._narrow]
        uses = [tuple(value.uses) for value in exact]
        types = [value.type for value in exact]
        stored = encode(self._codec, exact, builder)
        rounded = decode(self._codec, stored, types, builder)
        for value, near, users in zip(exact, rounded, uses, strict=True):
            moved = _between(value, near, fraction, builder)
            for use in users:
                use.operation.operands[use.index] = moved


def _between(
    value: SSAValue, rounded: SSAValue, fraction: float, builder: IndexBuilder
) -> SSAValue:
    type_ = value.type
    assert isinstance(type_, Float64Type) or str(type_) == "f32"
    part = builder.constants.value(FloatAttr(fraction, type_))  # pyright: ignore
    error = builder.insert(arith.SubfOp(rounded, value)).result
    step = builder.insert(arith.MulfOp(error, part)).result
    return builder.insert(arith.AddfOp(value, step)).result


def _replace(
    pop: Operation, numbers: Sequence[int], values: Sequence[SSAValue]
) -> None:
    for number, value in zip(numbers, values, strict=True):
        old = pop.results[number]
        value.name_hint = old.name_hint
        old.replace_all_uses_with(value)
