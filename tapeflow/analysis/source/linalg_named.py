"""What linalg's named operations compute: their loops by their indices, their bodies.

The indices of a convolution are in its name: of `conv_2d_nhwc_hwcf` the image has the
axes n, h, w, c, the kernel h, w, c, f. Along h, w and d the kernel is moved, and the
result has the image's axes, with the kernel's f (or m, of depthwise ones) for c.
Loops run over the result's axes first, in their order, then over what is summed.
"""

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerType,
    MemRefType,
    UnregisteredAttr,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.utils.hints import isa

from tapeflow.dialects.linalg_additions import (
    BINARY,
    CONTRACTIONS,
    CONVOLUTIONS,
    POOLINGS,
    UNARY,
    NamedOp,
)

_SPATIAL = "dhw"


def named_maps(op: NamedOp) -> tuple[AffineMap, ...]:
    """Induction variables to indices, for each operand."""
    name = op.name.removeprefix("linalg.")
    if isa(op.indexing_maps, ArrayAttr[AffineMapAttr]):
        return tuple(attribute.data for attribute in op.indexing_maps)
    if name in CONTRACTIONS:
        operands, _, result = CONTRACTIONS[name].partition("->")
        return _maps([*operands.split(","), result], result)
    if name in CONVOLUTIONS or name in POOLINGS:
        return _window_maps(op, name)
    return _elementwise_maps(op)


def _elementwise_maps(op: NamedOp) -> tuple[AffineMap, ...]:
    """Every element with its like; scalars with all."""
    rank = _rank(op.outputs[0])
    identity, constant = AffineMap.identity(rank), AffineMap(rank, 0, ())
    return tuple(
        identity if _rank(operand) == rank else constant for operand in op.operands
    )


def _rank(value: SSAValue) -> int:
    type_ = value.type
    return type_.get_num_dims() if isa(type_, MemRefType[Attribute]) else 0


def _maps(operands: Sequence[str], result: str) -> tuple[AffineMap, ...]:
    """The maps of operands that are indexed by single letters."""
    loops = "".join(dict.fromkeys(result + "".join(operands)))
    return tuple(
        AffineMap(
            len(loops),
            0,
            tuple(AffineExpr.dimension(loops.index(letter)) for letter in operand),
        )
        for operand in operands
    )


def _window_maps(op: NamedOp, name: str) -> tuple[AffineMap, ...]:
    """Those of convolutions and poolings; along a moved axis, result plus kernel."""
    image, kernel, result = _window_axes(name)
    summed = [f"k{a}" if a in _SPATIAL else a for a in kernel if a not in result]
    moved = [f"k{axis}" for axis in kernel if axis in _SPATIAL]
    loops = list(dict.fromkeys([*result, *(s for s in summed), *moved]))
    if kernel and any(axis not in _SPATIAL for axis in kernel):
        order = [f"k{a}" if a in _SPATIAL else a for a in kernel]
        loops = [*result, *(axis for axis in order if axis not in result)]

    def at(loop: str) -> AffineExpr:
        return AffineExpr.dimension(loops.index(loop))

    spatial = [axis for axis in image if axis in _SPATIAL]
    strides = dict(zip(spatial, _numbers(op.strides, len(spatial)), strict=True))
    widths = dict(zip(spatial, _numbers(op.dilations, len(spatial)), strict=True))

    def place(axis: str) -> AffineExpr:
        if axis not in _SPATIAL:
            return at(axis)
        return at(axis) * strides[axis] + at(f"k{axis}") * widths[axis]

    count = len(loops)
    inner = tuple(at(f"k{axis}" if axis in _SPATIAL else axis) for axis in kernel)
    maps = [AffineMap(count, 0, tuple(map(place, image))), AffineMap(count, 0, inner)]
    maps += [AffineMap(count, 0, ())] * (len(op.operands) - 3)
    return (*maps, AffineMap(count, 0, tuple(map(at, result))))


def _window_axes(name: str) -> tuple[str, str, str]:
    """The axes of image, kernel and result, a letter each; w is the last one moved."""
    words = [word for word in name.split("_") if word not in ("q", "unsigned")]
    if words[0] == "pooling":
        image = words[1]
        return image, "".join(axis for axis in image if axis in _SPATIAL), image
    depthwise = words[0] == "depthwise"
    words = words[2 + depthwise :]
    if not words:
        image = _SPATIAL[-int(name[5]) :]
        return image, image, image
    image, kernel = words
    if depthwise:
        return image, kernel, image + "m" * ("m" in kernel)
    return image, kernel, image.replace("c", "f")


def _numbers(attribute: Attribute | None, count: int) -> list[int]:
    """Strides or dilations; 1 where none are given."""
    if isinstance(attribute, DenseIntOrFPElementsAttr):
        return [int(number) for number in attribute.get_values()]
    return [1] * count


def element_type(value: SSAValue) -> Attribute:
    """What a buffer holds; the type of a scalar."""
    type_ = value.type
    return type_.element_type if isa(type_, MemRefType[Attribute]) else type_


def has_scalars(op: Operation) -> bool:
    """Whether all operands hold floats or integers."""
    return all(
        isinstance(element_type(value), AnyFloat | IntegerType | IndexType)
        for value in op.operands
    )


def named_body(op: NamedOp) -> Block:
    """The body: an argument for each operand's element; yields the new one."""
    if op.body is not None and op.body.blocks:
        return op.body.block
    return _BodyWriter(op).write()


class _BodyWriter:
    """Writes the body of one operation."""

    def __init__(self, op: NamedOp):
        self._op = op
        self._block = Block(arg_types=[element_type(value) for value in op.operands])
        self._type = element_type(op.outputs[0])
        self._unsigned = _word(op.cast) == "cast_unsigned"
        names = ("in", "in", "in", "in", "in")
        for argument, name in zip(self._block.args, names, strict=False):
            argument.name_hint = name
        self._block.args[-1].name_hint = "out"

    def write(self) -> Block:
        """The block, which no operation holds yet."""
        from xdsl.dialects.linalg.ops import YieldOp

        self._block.add_op(YieldOp(self._value()))
        return self._block

    def _value(self) -> SSAValue:
        name = self._op.name.removeprefix("linalg.")
        *inputs, so_far = self._block.args
        if name == "elementwise":
            name = _word(self._op.kind)
        if name in POOLINGS:
            return self._pooled(name, self._cast(inputs[0]), so_far)
        if name in UNARY:
            return self._unary(name, self._cast(inputs[0]))
        if name in BINARY:
            return self._binary(name, *map(self._cast, inputs))
        if name == "select":
            return self._put(arith.SelectOp(inputs[0], *map(self._cast, inputs[1:])))
        factors = [*map(self._cast, inputs)]
        if len(factors) == 4:
            left = self._binary("sub", factors[0], factors[2])
            right = self._binary("sub", factors[1], factors[3])
            factors = [left, right]
        product = factors[0]
        for factor in factors[1:]:
            product = self._binary("mul", product, factor)
        return self._binary("add", product, so_far)

    def _pooled(self, name: str, value: SSAValue, so_far: SSAValue) -> SSAValue:
        kind = name.split("_", 2)[2]
        return self._binary("add" if kind == "sum" else kind, so_far, value)

    def _put(self, op: Operation) -> SSAValue:
        self._block.add_op(op)
        return op.results[0]

    def _cast(self, value: SSAValue) -> SSAValue:
        op = conversion(value, self._type, self._unsigned)
        return value if op is None else self._put(op)

    def _unary(self, name: str, value: SSAValue) -> SSAValue:
        if name in ("copy", "fill"):
            return value
        if name == "square":
            return self._binary("mul", value, value)
        if name == "reciprocal" and isa(self._type, AnyFloat):
            one = self._put(arith.ConstantOp(FloatAttr(1.0, self._type)))
            return self._binary("div", one, value)
        return self._put(_UNARY[name](value))

    def _binary(self, name: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        kinds = _BINARY[name]
        if isinstance(self._type, AnyFloat):
            kind = kinds[0]
        elif self._type == i1 and len(kinds) > 2:
            kind = kinds[2]
        else:
            kind = kinds[1]
        return self._put(kind(lhs, rhs))


def _word(attribute: Attribute | None) -> str:
    """`exp` of `#linalg.elementwise_kind<exp>`"""
    return attribute.value.data if isinstance(attribute, UnregisteredAttr) else ""


def conversion(value: SSAValue, type_: Attribute, unsigned: bool) -> Operation | None:
    """What makes a value one of another type; None of the same type."""
    given = value.type
    if given == type_:
        return None
    if isa(given, AnyFloat) and isa(type_, AnyFloat):
        wider = type_.bitwidth > given.bitwidth
        return arith.ExtFOp(value, type_) if wider else arith.TruncFOp(value, type_)
    if isa(given, AnyFloat):
        kind = arith.FPToUIOp if unsigned else arith.FPToSIOp
        return kind(value, type_)  # pyright: ignore[reportArgumentType]
    if isa(type_, AnyFloat):
        kind = arith.UIToFPOp if unsigned else arith.SIToFPOp
        return kind(value, type_)
    if not (isa(given, IntegerType) and isa(type_, IntegerType)):
        return arith.IndexCastOp(value, type_)
    if type_.width.data < given.width.data:
        return arith.TruncIOp(value, type_)
    return (arith.ExtUIOp if unsigned else arith.ExtSIOp)(value, type_)


_UNARY: dict[str, Callable[[SSAValue], Operation]] = {
    "abs": math.AbsFOp,
    "ceil": math.CeilOp,
    "erf": math.ErfOp,
    "exp": math.ExpOp,
    "floor": math.FloorOp,
    "log": math.LogOp,
    "negf": arith.NegfOp,
    "round": math.RoundOp,
    "rsqrt": math.RsqrtOp,
    "sqrt": math.SqrtOp,
    "tanh": math.TanhOp,
}

_BINARY: dict[str, Sequence[Callable[[SSAValue, SSAValue], Operation]]] = {
    "add": (arith.AddfOp, arith.AddiOp, arith.OrIOp),
    "sub": (arith.SubfOp, arith.SubiOp),
    "mul": (arith.MulfOp, arith.MuliOp, arith.AndIOp),
    "div": (arith.DivfOp, arith.DivSIOp),
    "div_unsigned": (arith.DivfOp, arith.DivUIOp),
    "max": (arith.MaximumfOp, arith.MaxSIOp),
    "max_signed": (arith.MaximumfOp, arith.MaxSIOp),
    "max_unsigned": (arith.MaximumfOp, arith.MaxUIOp),
    "min": (arith.MinimumfOp, arith.MinSIOp),
    "min_signed": (arith.MinimumfOp, arith.MinSIOp),
    "min_unsigned": (arith.MinimumfOp, arith.MinUIOp),
    "powf": (math.PowFOp, math.IPowIOp),
}
"""Of floats, of integers, of truth values."""
