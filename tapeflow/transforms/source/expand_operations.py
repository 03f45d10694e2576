"""Pass `expand-operations`: operations that are others in short become those others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import cast

from xdsl.context import Context
from xdsl.dialects import arith, func, math, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    DenseArrayBase,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    StridedLayoutAttr,
    i64,
)
from xdsl.dialects.ub import PoisonOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.hints import isa

from tapeflow.analysis.memory.views import in_order, whole_of
from tapeflow.dialects import index_additions as index
from tapeflow.dialects.affine_additions import (
    DelinearizeIndexOp,
    LinearizeIndexOp,
)
from tapeflow.dialects.affine_additions import PrefetchOp as AffinePrefetchOp
from tapeflow.dialects.arith_additions import IndexCastUIOp
from tapeflow.dialects.func_additions import CallIndirectOp, ConstantOp
from tapeflow.dialects.math_additions import (
    ClampFOp,
    IsFiniteOp,
    IsInfOp,
    IsNaNOp,
    IsNormalOp,
    SincosOp,
)
from tapeflow.dialects.memref_additions import (
    ATOMIC_KINDS,
    GenericAtomicRMWOp,
    PrefetchOp,
    ReallocOp,
    ReinterpretCastOp,
    ReshapeOp,
)
from tapeflow.dialects.scf_additions import UNSIGNED, ForallOp, InParallelOp
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.refusal import refuse
from tapeflow.transforms.building.rewriting import (
    Lowering,
    inline_block,
    lower_operations,
    operations_of,
    replace_by_values,
    replace_operation,
)

_INDEX_BITS = 64


@dataclass(frozen=True)
class ExpandOperationsPass(ModulePass):
    """Write operations that are others in short as those others.

        %s, %c = math.sincos %x : f64
    ==> expand-operations
        %s = math.sin %x : f64
        %c = math.cos %x : f64

    The index dialect becomes arith, `scf.forall` becomes `scf.parallel`, an atomic
    update is a load, the update and a store, a call of a known function value a call;
    hints vanish.
    """

    name = "expand-operations"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lower_operations(op, _LOWERINGS)
        constants = tuple(operations_of(op, (ConstantOp,)))
        for constant, _ in constants:
            if not any(True for _ in constant.results[0].uses):
                Rewriter.erase_op(constant)


def _erase(op: Operation, constants: FunctionConstants) -> None:
    Rewriter.erase_op(op)


def _linearize(op: LinearizeIndexOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    basis: Sequence[Index] = in_order(op.static_basis, op.dynamic_basis)
    number: Index = 0
    extra = len(op.multi_index) - len(basis)
    for position, place in enumerate(op.multi_index):
        if position:
            number = builder.mul(number, basis[position - extra], "index")
        number = builder.add(number, place, "index")
    replace_by_values(op, [builder.value(number)])


def _delinearize(op: DelinearizeIndexOp, constants: FunctionConstants) -> None:
    """The first index is what is left, and it is not taken modulo a size."""
    builder = IndexBuilder.before(op, constants)
    basis: Sequence[Index] = in_order(op.static_basis, op.dynamic_basis)
    rest: SSAValue = op.linear_index
    indices: list[SSAValue] = []
    for size in reversed(basis[len(basis) - len(op.multi_index) + 1 :]):
        extent = builder.value(size)
        above = builder.result(arith.FloorDivSIOp(rest, extent), "rest")
        inner = builder.mul(above, extent, "index")
        indices.append(builder.value(builder.sub(rest, inner, "index")))
        rest = above
    replace_by_values(op, [rest, *reversed(indices)] if op.multi_index else [])


def _index_binary(op: Operation, constants: FunctionConstants) -> None:
    kind = index.BINARY[op.name.removeprefix("index.")]
    replace_operation(op, kind(*op.operands))


def _index_constant(
    op: index.ConstantOp | index.BoolConstantOp, constants: FunctionConstants
) -> None:
    replace_operation(op, arith.ConstantOp(op.value))


def _index_size(op: index.SizeOfOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    replace_by_values(op, [builder.value(_INDEX_BITS)])


def _index_compare(op: index.CmpOp, constants: FunctionConstants) -> None:
    number = op.pred
    if not isinstance(number, IntegerAttr):
        # In generic form it is `#index<cmp_predicate slt>`.
        words = str(number).rstrip(">").split()
        known = [w for w in words if w in arith.CMPI_COMPARISON_OPERATIONS]
        if not known:
            refuse(op, f"'{op.name}' with the unknown predicate {number}")
        replace_operation(op, arith.CmpiOp(op.lhs, op.rhs, known[-1]))
        return
    replace_operation(op, arith.CmpiOp(op.lhs, op.rhs, number.value.data))


def _index_cast(
    op: index.CastSOp | index.CastUOp | IndexCastUIOp, constants: FunctionConstants
) -> None:
    """An integer that is widened without its sign has zeros in front."""
    value, type_ = op.operands[0], op.results[0].type
    signed = isinstance(op, index.CastSOp)
    narrow = isa(value.type, IntegerType) and value.type.width.data < _INDEX_BITS
    if narrow and not signed:
        builder = IndexBuilder.before(op, constants)
        value = builder.result(arith.ExtUIOp(value, i64), value.name_hint)
    replace_operation(op, arith.IndexCastOp(value, type_))


def _clamp(op: ClampFOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    below = builder.result(arith.MinimumfOp(op.value, op.max), "below")
    replace_by_values(op, [builder.result(arith.MaximumfOp(below, op.min))])


def _sincos(op: SincosOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    values = (
        builder.result(math.SinOp(op.operand)),
        builder.result(math.CosOp(op.operand)),
    )
    replace_by_values(op, values)


_LEAST_NORMAL = {16: 2.0**-14, 32: 2.0**-126, 64: 2.0**-1022}


def _class(op: Operation, constants: FunctionConstants) -> None:
    """Comparisons tell it: NaN is not ordered, infinities are the greatest."""
    builder = IndexBuilder.before(op, constants)
    (operand,) = op.operands
    if isinstance(op, IsNaNOp):
        replace_operation(op, arith.CmpfOp(operand, operand, "uno"))
        return
    type_ = cast(AnyFloat, operand.type)
    size = builder.result(math.AbsFOp(operand), "magnitude")
    infinity = constants.value(FloatAttr(inf, type_), "infinity")
    if isinstance(op, IsInfOp):
        replace_operation(op, arith.CmpfOp(size, infinity, "oeq"))
    elif isinstance(op, IsFiniteOp):
        replace_operation(op, arith.CmpfOp(size, infinity, "olt"))
    else:
        least = constants.value(FloatAttr(_LEAST_NORMAL[type_.bitwidth], type_))
        large = builder.result(arith.CmpfOp(size, least, "oge"), "large")
        finite = builder.result(arith.CmpfOp(size, infinity, "olt"), "finite")
        replace_operation(op, arith.AndIOp(large, finite))


def _call(op: CallIndirectOp, constants: FunctionConstants) -> None:
    callee = op.callee.owner
    if not isinstance(callee, ConstantOp):
        refuse(
            op,
            f"'{op.name}' of a function that is not known here; choose between "
            "calls of known functions with scf.if or scf.index_switch",
        )
    types = op.result_types
    replace_operation(op, func.CallOp(callee.value, op.callee_operands, types))


def _scope(op: memref.AllocaScopeOp, constants: FunctionConstants) -> None:
    if len(op.scope.blocks) == 1:
        replace_by_values(op, inline_block(op.scope.block, op))


_ATOMIC: dict[str, type[Operation]] = {
    "addf": arith.AddfOp,
    "addi": arith.AddiOp,
    "maximumf": arith.MaximumfOp,
    "maxs": arith.MaxSIOp,
    "maxu": arith.MaxUIOp,
    "minimumf": arith.MinimumfOp,
    "mins": arith.MinSIOp,
    "minu": arith.MinUIOp,
    "mulf": arith.MulfOp,
    "muli": arith.MuliOp,
    "ori": arith.OrIOp,
    "andi": arith.AndIOp,
    "maxnumf": arith.MaxnumfOp,
    "minnumf": arith.MinnumfOp,
    "xori": arith.XOrIOp,
}


def _atomic(op: memref.AtomicRMWOp, constants: FunctionConstants) -> None:
    """Iterations run one after the other, so a load and a store are enough."""
    builder = IndexBuilder.before(op, constants)
    old = builder.result(memref.LoadOp.get(op.memref, op.indices), "old")
    kind = ATOMIC_KINDS[op.kind.value.data]
    new: SSAValue = op.value
    if kind != "assign":
        combine = cast("type[arith.AddfOp]", _ATOMIC[kind])
        new = builder.result(combine(old, op.value), "new")
    builder.insert(memref.StoreOp.get(new, op.memref, op.indices))
    replace_by_values(op, [old])


def _generic_atomic(op: GenericAtomicRMWOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    old = builder.result(memref.LoadOp.get(op.memref, op.indices), "old")
    op.body.block.args[0].replace_all_uses_with(old)
    (new,) = inline_block(op.body.block, op)
    builder.insert(memref.StoreOp.get(new, op.memref, op.indices))
    replace_by_values(op, [old])


def _reshape(op: ReshapeOp, constants: FunctionConstants) -> None:
    """The shape's elements are read where the type does not state the extents."""
    builder = IndexBuilder.before(op, constants)
    type_ = op.result.type
    sizes: list[Index] = []
    for axis, extent in enumerate(type_.get_shape()):
        if extent != DYNAMIC_INDEX:
            sizes.append(extent)
            continue
        load = memref.LoadOp.get(op.shape, [builder.value(axis)])
        sizes.append(builder.cast(builder.result(load, "extent")))
    strides: list[Index] = [1] * len(sizes)
    for axis in reversed(range(len(sizes) - 1)):
        strides[axis] = builder.mul(strides[axis + 1], sizes[axis + 1], "stride")
    view = memref.ReinterpretCastOp.from_dynamic(
        op.source, [0], sizes, strides, _strided(type_, sizes, strides)
    )
    value = builder.result(view, op.result.name_hint)
    replace_by_values(op, [builder.result(memref.CastOp.get(value, type_))])


def _strided(
    like: MemRefType[Attribute],
    sizes: Sequence[Index],
    strides: Sequence[Index],
    offset: Index = 0,
) -> MemRefType[Attribute]:
    """The type that states all that is known of a view."""

    def known(number: Index) -> int | None:
        return number if isinstance(number, int) else None

    shape = [n if isinstance(n, int) else DYNAMIC_INDEX for n in sizes]
    layout = StridedLayoutAttr([*map(known, strides)], known(offset))
    return MemRefType(like.element_type, shape, layout, like.memory_space)


def _reinterpret(op: ReinterpretCastOp, constants: FunctionConstants) -> None:
    """What the type leaves open and the operation states, a cast forgets."""
    type_ = op.result.type
    builder = IndexBuilder.before(op, constants)
    sizes = in_order(op.static_sizes, op.sizes)
    strides = in_order(op.static_strides, op.strides)
    (offset,) = in_order(op.static_offsets, op.offsets)
    exact = memref.ReinterpretCastOp.from_dynamic(
        op.source, [offset], sizes, strides, _strided(type_, sizes, strides, offset)
    )
    value = builder.result(exact, op.result.name_hint)
    replace_by_values(op, [builder.result(memref.CastOp.get(value, type_))])


def _realloc(op: ReallocOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    type_ = op.result.type
    sizes = [] if op.size is None else [op.size]
    new = builder.result(memref.AllocOp(sizes, [], type_), op.result.name_hint)
    before, after = (_length(builder, buffer) for buffer in (op.source, new))
    count = builder.value(builder.minimum(before, after, "kept"))

    def copy(place: SSAValue, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        value = builder.result(memref.LoadOp.get(op.source, [place]), "kept")
        builder.insert(memref.StoreOp.get(value, new, [place]))
        return ()

    builder.loop((builder.value(0), count, builder.value(1)), (), copy)
    if isinstance(whole_of(op.source).owner, memref.AllocOp):
        builder.insert(memref.DeallocOp.get(op.source))
    replace_by_values(op, [new])


def _length(builder: IndexBuilder, buffer: SSAValue) -> Index:
    (extent,) = cast(MemRefType[Attribute], buffer.type).get_shape()
    if extent != DYNAMIC_INDEX:
        return extent
    return builder.result(memref.DimOp(buffer, builder.value(0)), "extent")


def _forall(op: ForallOp, constants: FunctionConstants) -> None:
    if op.results:
        refuse(
            op,
            f"'{op.name}' of tensors; turn tensors into buffers first: mlir-opt "
            "--one-shot-bufferize",
        )
    builder = IndexBuilder.before(op, constants)

    def values(
        static: DenseArrayBase, dynamic: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        return [builder.value(number) for number in in_order(static, dynamic)]

    body = op.body.block
    last = body.last_op
    if isinstance(last, InParallelOp):
        reduce = scf.ReduceOp([], [])
        reduce.location = last.location
        body.insert_op_before(reduce, last)
        Rewriter.erase_op(last)
    loop = scf.ParallelOp(
        values(op.static_lower, op.lower),
        values(op.static_upper, op.upper),
        values(op.static_step, op.step),
        Rewriter.move_region_contents_to_new_regions(op.body),
    )
    replace_operation(op, loop)


def _for(op: scf.ForOp, constants: FunctionConstants) -> None:
    """A loop of unsigned bounds counts its iterations from 0."""
    if op.attributes.pop(UNSIGNED, None) is None:
        return
    builder = IndexBuilder.before(op, constants)
    lower, upper, step = op.lb, op.ub, op.step
    distance = builder.result(arith.SubiOp(upper, lower), "distance")
    trips = builder.result(arith.CeilDivUIOp(distance, step), "trips")
    runs = builder.result(arith.CmpiOp(lower, upper, "ult"), "runs")
    zero = _number(builder, 0, lower.type)
    trips = builder.result(arith.SelectOp(runs, trips, zero), "trips")
    block = op.body.block
    counter = block.args[0]
    offset = arith.MuliOp(counter, step)
    place = arith.AddiOp(offset.result, lower)
    counter.replace_all_uses_with(place.result)
    place.result.name_hint = counter.name_hint
    for inner, first in ((offset, None), (place, offset)):
        inner.location = op.location
        if first is None and block.first_op is not None:
            block.insert_op_before(inner, block.first_op)
        elif first is not None:
            block.insert_op_after(inner, first)
    offset.operands[0] = counter
    bounds = zero, trips, _number(builder, 1, lower.type)
    for position, bound in enumerate(bounds):
        op.operands[position] = bound


def _number(builder: IndexBuilder, number: int, type_: Attribute) -> SSAValue:
    assert isa(type_, IntegerType | IndexType)
    return builder.constants.value(IntegerAttr(number, type_))


def _poison(op: PoisonOp, constants: FunctionConstants) -> None:
    """Any value is a right one; 0 is."""
    type_ = op.results[0].type
    if isa(type_, AnyFloat):
        replace_operation(op, arith.ConstantOp(FloatAttr(0.0, type_)))
    elif isa(type_, IntegerType | IndexType):
        replace_operation(op, arith.ConstantOp(IntegerAttr(0, type_)))


_LOWERINGS: dict[type[Operation], Lowering] = {
    AffinePrefetchOp: _erase,
    PrefetchOp: _erase,
    LinearizeIndexOp: _linearize,
    DelinearizeIndexOp: _delinearize,
    **{index.ADDITIONS[f"index.{name}"]: _index_binary for name in index.BINARY},
    index.ConstantOp: _index_constant,
    index.BoolConstantOp: _index_constant,
    index.SizeOfOp: _index_size,
    index.CmpOp: _index_compare,
    index.CastSOp: _index_cast,
    index.CastUOp: _index_cast,
    IndexCastUIOp: _index_cast,
    ClampFOp: _clamp,
    SincosOp: _sincos,
    IsNaNOp: _class,
    IsInfOp: _class,
    IsFiniteOp: _class,
    IsNormalOp: _class,
    CallIndirectOp: _call,
    memref.AllocaScopeOp: _scope,
    memref.AtomicRMWOp: _atomic,
    GenericAtomicRMWOp: _generic_atomic,
    ReshapeOp: _reshape,
    ReinterpretCastOp: _reinterpret,
    ReallocOp: _realloc,
    ForallOp: _forall,
    scf.ForOp: _for,
    PoisonOp: _poison,
}
