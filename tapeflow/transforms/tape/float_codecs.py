"""The arithmetic of a codec, as operations that cost the machine what they cost.

**f32, bf16.** To nearest, ties to even; bf16 by way of f32, so twice. A finite number
that is too large becomes the largest; infinities, NaN and signs of zeros stay, and
subnormals are rounded like all others.

**fixed-rate:B.** With e the largest exponent field of the block, at least B, each float
is a whole number of B bits in units of 2**(e - B - 1021), to nearest, ties to even.
The largest is off by half a unit at most where it is the largest that B bits hold. A
block with an infinity or a NaN comes back as NaNs. -0.0 comes back as 0.0, and what is
smaller than half a unit as well, subnormals always.
"""

from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    Float32Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    f32,
    f64,
    i16,
    i32,
    i64,
)
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.tape.codecs import Codec
from tapeflow.transforms.building.index_builder import IndexBuilder

_LARGEST_F32 = (2 - 2.0**-23) * 2.0**127
_LARGEST_BF16 = (2 - 2.0**-7) * 2.0**127
_SPECIAL = 2047
"""The exponent field of infinities and NaN."""


def encode(
    codec: Codec, values: Sequence[SSAValue], builder: IndexBuilder
) -> list[SSAValue]:
    """What is stored of the floats of a record; a shared exponent comes last."""
    emit = _Emitter(builder)
    if codec.has_exponent:
        return emit.block(codec.bits, values)
    if codec.stored == f32:
        return [emit.narrow(value) for value in values]
    return [emit.to_bf16(value) for value in values]


def decode(
    codec: Codec,
    stored: Sequence[SSAValue],
    types: Sequence[object],
    builder: IndexBuilder,
) -> list[SSAValue]:
    """The floats of given types from what `encode` stored."""
    emit = _Emitter(builder)
    if codec.has_exponent:
        *numbers, exponent = stored
        unit = emit.unit(codec.bits, exponent)
        floats = [emit.scaled(number, unit) for number in numbers]
    elif codec.stored == f32:
        floats = [emit.op(arith.ExtFOp(value, f64)) for value in stored]
    else:
        floats = [emit.from_bf16(value) for value in stored]
    return [
        emit.as_type(value, type_) for value, type_ in zip(floats, types, strict=True)
    ]


class _Emitter:
    """Emits the steps that codecs are made of."""

    def __init__(self, builder: IndexBuilder):
        self._builder = builder

    def op(self, op: Operation) -> SSAValue:
        """Insert an operation of one result."""
        return self._builder.insert(op).results[0]

    def as_type(self, value: SSAValue, type_: object) -> SSAValue:
        """A float in another width."""
        if value.type == type_:
            return value
        if type_ == f64:
            return self.op(arith.ExtFOp(value, f64))
        return self.op(arith.TruncFOp(value, f32))

    def narrow(self, value: SSAValue, largest: float = _LARGEST_F32) -> SSAValue:
        """In f32: a finite float within the largest, an infinity as it is."""
        if value.type == f64 or largest != _LARGEST_F32:
            value = self._within(value, largest)
        return self.as_type(value, f32)

    def to_bf16(self, value: SSAValue) -> SSAValue:
        """The upper half of the bits in f32, rounded."""
        narrow = self.narrow(value, _LARGEST_BF16)
        bits = self.op(arith.BitcastOp(narrow, i32))
        half = self._int(16, i32)
        last = self.op(arith.ShRUIOp(bits, half))
        odd = self.op(arith.AndIOp(last, self._int(1, i32)))
        bias = self.op(arith.AddiOp(odd, self._int(0x7FFF, i32)))
        rounded = self.op(arith.AddiOp(bits, bias))
        upper = self.op(arith.ShRUIOp(rounded, half))
        stored = self.op(arith.TruncIOp(upper, i16))
        is_nan = self.op(arith.CmpfOp(narrow, narrow, "uno"))
        return self.op(arith.SelectOp(is_nan, self._int(0x7FC0, i16), stored))

    def from_bf16(self, stored: SSAValue) -> SSAValue:
        """The float, in f32."""
        wide = self.op(arith.ExtUIOp(stored, i32))
        bits = self.op(arith.ShLIOp(wide, self._int(16, i32)))
        return self.op(arith.BitcastOp(bits, f32))

    def block(self, bits: int, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Numbers of so many bits, and the exponent that they share."""
        wide = [self.as_type(value, f64) for value in values]
        shared = self._int(bits, i64)
        for value in wide:
            fields = self.op(arith.BitcastOp(value, i64))
            shifted = self.op(arith.ShRUIOp(fields, self._int(52, i64)))
            exponent = self.op(arith.AndIOp(shifted, self._int(_SPECIAL, i64)))
            shared = self.op(arith.MaxSIOp(shared, exponent))
        scale = self.op(arith.SubiOp(self._int(bits + 2044, i64), shared))
        factor = self._power(scale)
        numbers = [self._number(value, factor, bits) for value in wide]
        return [*numbers, self.op(arith.TruncIOp(shared, i16))]

    def unit(self, bits: int, exponent: SSAValue) -> SSAValue:
        """What a number of a block counts: a power of two; NaN for a block of NaNs."""
        shared = self.op(arith.ExtUIOp(exponent, i64))
        field = self.op(arith.SubiOp(shared, self._int(bits - 2, i64)))
        special = self._int(_SPECIAL, i64)
        is_special = self.op(arith.CmpiOp(shared, special, "eq"))
        nan = self._float(float("nan"), f64)
        return self.op(arith.SelectOp(is_special, nan, self._power(field)))

    def scaled(self, number: SSAValue, unit: SSAValue) -> SSAValue:
        """A float of a block, in f64."""
        return self.op(arith.MulfOp(self.op(arith.SIToFPOp(number, f64)), unit))

    def _number(self, value: SSAValue, factor: SSAValue, bits: int) -> SSAValue:
        scaled = self.op(arith.MulfOp(value, factor))
        whole = self.op(math.RoundEvenOp(scaled))
        largest = float(2 ** (bits - 1) - 1)
        # What is not a number becomes one here: the exponent tells.
        below = self.op(arith.MinnumfOp(whole, self._float(largest, f64)))
        within = self.op(arith.MaxnumfOp(below, self._float(-largest, f64)))
        return self.op(arith.FPToSIOp(within, IntegerType(bits)))

    def _power(self, field: SSAValue) -> SSAValue:
        """The power of two of an exponent field."""
        bits = self.op(arith.ShLIOp(field, self._int(52, i64)))
        return self.op(arith.BitcastOp(bits, f64))

    def _within(self, value: SSAValue, largest: float) -> SSAValue:
        type_ = f32 if value.type == f32 else f64
        size = self.op(math.AbsFOp(value))
        less = self.op(arith.MinimumfOp(size, self._float(largest, type_)))
        clamped = self.op(math.CopySignOp(less, value))
        infinity = self._float(float("inf"), type_)
        is_infinite = self.op(arith.CmpfOp(size, infinity, "oeq"))
        return self.op(arith.SelectOp(is_infinite, value, clamped))

    def _int(self, number: int, type_: IntegerType) -> SSAValue:
        return self._builder.constants.value(IntegerAttr(number, type_))

    def _float(self, number: float, type_: object) -> SSAValue:
        attribute = FloatAttr(number, f32 if isinstance(type_, Float32Type) else f64)
        return self._builder.constants.value(attribute)
