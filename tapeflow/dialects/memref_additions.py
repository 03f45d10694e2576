"""What xDSL's memref dialect lacks: `memref.transpose`.

The reader knows the class by its operation's name; no dialect holds it, because the
name `memref` is taken.
"""

from xdsl.dialects.builtin import AffineMapAttr, MemRefType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import NoMemoryEffect
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


ADDITIONS: dict[str, type[Operation]] = {TransposeOp.name: TransposeOp}
"""Operation name to the class that stands for it."""
