"""What xDSL's memref dialect lacks, as `memref.transpose`, or has otherwise."""

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import IsTerminator, MemoryReadEffect, NoMemoryEffect
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa


@irdl_op_definition
class TransposeOp(IRDLOperation):
    """A view with the dimensions of a buffer in another order.

    %t = "memref.transpose"(%x) <{permutation = affine_map<(d0, d1) -> (d1, d0)>}>
        : (memref<3x4xf64>) -> memref<4x3xf64, strided<[1, 4]>>
    """

    name = "memref.transpose"
    source = operand_def(MemRefType)
    permutation = prop_def(AffineMapAttr)
    result = result_def(MemRefType)
    traits = traits_def(NoMemoryEffect())

    def __init__(self, source: SSAValue, permutation: AffineMapAttr, type_: MemRefType):
        super().__init__(
            operands=[source],
            properties={"permutation": permutation},
            result_types=[type_],
        )

    @property
    def axes(self) -> tuple[int, ...]:
        """For each dimension of the result the one of the source that it is."""
        return tuple(
            index.position
            for index in self.permutation.data.results
            if isinstance(index, AffineDimExpr)
        )

    def verify_(self) -> None:
        source, result = self.source.type, self.result.type
        assert isa(source, MemRefType[Attribute])
        assert isa(result, MemRefType[Attribute])
        rank = len(source.get_shape())
        map_ = self.permutation.data
        if map_.num_symbols or sorted(self.axes) != [*range(rank)]:
            raise VerifyException(
                f"memref.transpose needs a permutation of {rank} dimensions"
            )
        expected = [source.get_shape()[axis] for axis in self.axes]
        if [*result.get_shape()] != expected:
            raise VerifyException(
                "memref.transpose gives a buffer of another shape: expected "
                f"{expected}, not {[*result.get_shape()]}"
            )
        if result.element_type != source.element_type:
            raise VerifyException("memref.transpose changes no element type")


ATOMIC_KINDS = (
    *("addf", "addi", "assign", "maximumf", "maxs", "maxu", "minimumf", "mins"),
    *("minu", "mulf", "muli", "ori", "andi", "maxnumf", "minnumf", "xori"),
)
"""What `memref.atomic_rmw` does, by number."""


@irdl_op_definition
class ReshapeOp(IRDLOperation):
    """A contiguous buffer under a shape that another one holds.

    %b = memref.reshape %a(%s) : (memref<12xf64>, memref<2xindex>) -> memref<3x4xf64>
    """

    name = "memref.reshape"
    source = operand_def(MemRefType)
    shape = operand_def(MemRefType)
    result = result_def(MemRefType)
    traits = traits_def(MemoryReadEffect())


@irdl_op_definition
class ReallocOp(IRDLOperation):
    """A larger or smaller buffer with the contents of one, which is freed.

    %b = memref.realloc %a(%n) : memref<?xf64> to memref<?xf64>
    """

    name = "memref.realloc"
    source = operand_def(MemRefType)
    size = opt_operand_def(IndexType())
    alignment = opt_prop_def(IntegerAttr)
    result = result_def(MemRefType)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$source (`(` $size^ `)`)? attr-dict `:` type($source) `to` type($result)"
    )


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """A hint, without a meaning of its own.

    memref.prefetch %a[%i], read, locality<3>, data : memref<8xf64>
    """

    name = "memref.prefetch"
    memref = operand_def()
    indices = var_operand_def(IndexType())
    is_write = prop_def(prop_name="isWrite")
    locality_hint = prop_def(prop_name="localityHint")
    is_data_cache = prop_def(prop_name="isDataCache")


@irdl_op_definition
class GenericAtomicRMWOp(IRDLOperation):
    """An element becomes what the region makes of it; the result is the old one.

    %o = memref.generic_atomic_rmw %a[%i] : memref<8xf64> { ^b(%v: f64): ... }
    """

    name = "memref.generic_atomic_rmw"
    memref = operand_def(MemRefType)
    indices = var_operand_def(IndexType())
    result = result_def()
    body = region_def("single_block")


@irdl_op_definition
class AtomicYieldOp(IRDLOperation):
    """What an element becomes."""

    name = "memref.atomic_yield"
    result = operand_def()
    traits = traits_def(IsTerminator())
    assembly_format = "$result attr-dict `:` type($result)"


class ReinterpretCastOp(memref.ReinterpretCastOp):
    """xDSL's, whose result type may also leave open what the operation states."""

    name = "memref.reinterpret_cast"

    @staticmethod
    def fits(op: Operation) -> bool:
        """Whether an operation is one that only this class can be."""
        if type(op) is not memref.ReinterpretCastOp:
            return False
        result = op.result.type
        return isa(result, MemRefType[Attribute]) and any(
            extent == DYNAMIC_INDEX != size
            for extent, size in zip(
                result.get_shape(), op.static_sizes.get_values(), strict=False
            )
        )

    def verify_(self) -> None:
        result = self.result.type
        assert isa(result, MemRefType[Attribute])
        for extent, size in zip(
            result.get_shape(), self.static_sizes.get_values(), strict=True
        ):
            if extent != DYNAMIC_INDEX and extent != size:
                raise VerifyException(f"a size of {size} for an extent of {extent}")


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind
    for kind in (
        TransposeOp,
        ReshapeOp,
        ReallocOp,
        PrefetchOp,
        GenericAtomicRMWOp,
        AtomicYieldOp,
    )
}
"""Operation name to the class that stands for it."""
