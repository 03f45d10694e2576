"""What xDSL's affine dialect lacks, as `affine.max`, or has otherwise.

The reader knows these classes by their operations' names; no dialect holds them,
because the name `affine` is taken.
"""

from collections.abc import Sequence

from xdsl.dialects import affine
from xdsl.dialects.builtin import (
    AffineMapAttr,
    DenseArrayBase,
    IndexType,
    UnitAttr,
    i64,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException


@irdl_op_definition
class MaxOp(IRDLOperation):
    """The largest of several affine expressions.

    %m = "affine.max"(%i, %n) <{map = affine_map<(d0)[s0] -> (d0, s0 - 1)>}>
        : (index, index) -> index
    """

    name = "affine.max"
    arguments = var_operand_def(IndexType())
    """Dimensions, then symbols."""
    map = prop_def(AffineMapAttr)
    result = result_def(IndexType())
    traits = traits_def(Pure())

    def __init__(self, arguments: Sequence[SSAValue], map_: AffineMapAttr):
        super().__init__(
            operands=[arguments], properties={"map": map_}, result_types=[IndexType()]
        )

    def verify_(self) -> None:
        inputs = self.map.data.num_dims + self.map.data.num_symbols
        if len(self.arguments) != inputs:
            raise VerifyException(
                f"affine.max has {len(self.arguments)} operands for a map of {inputs}"
            )
        if not self.map.data.results:
            raise VerifyException("affine.max needs an expression")


class ParallelOp(affine.ParallelOp):
    """`affine.parallel` whose reductions begin with their neutral elements.

    As in MLIR it has no operands but those of its bounds; xDSL's verifier asks for
    one more of each result.
    """

    name = "affine.parallel"

    def verify_(self) -> None:
        lower, upper = self.lowerBoundsMap.data, self.upperBoundsMap.data
        inputs = sum(m.num_dims + m.num_symbols for m in (lower, upper))
        if len(self.map_operands) != inputs:
            raise VerifyException(
                f"affine.parallel has {len(self.map_operands)} operands for bounds "
                f"of {inputs}"
            )
        dimensions = len(self.steps)
        for word, map_, groups in (
            ("lower", lower, self.lowerBoundsGroups),
            ("upper", upper, self.upperBoundsGroups),
        ):
            sizes = tuple(groups.get_values())
            if len(sizes) != dimensions or min(sizes, default=1) < 1:
                raise VerifyException(
                    f"affine.parallel needs a {word} bound for each of its "
                    f"{dimensions} steps"
                )
            if sum(sizes) != len(map_.results):
                raise VerifyException(
                    f"affine.parallel has {len(map_.results)} {word} bounds in groups "
                    f"of {sum(sizes)}"
                )
        if len(self.body.block.args) != dimensions:
            raise VerifyException(
                f"affine.parallel needs {dimensions} induction variables"
            )
        self._verify_reductions()

    def _verify_reductions(self) -> None:
        terminator = self.body.block.last_op
        yielded = () if terminator is None else terminator.operand_types
        if not len(self.reductions) == len(self.res) == len(yielded):
            raise VerifyException(
                f"affine.parallel has {len(self.reductions)} reductions for "
                f"{len(self.res)} results and {len(yielded)} yielded values"
            )
        if tuple(self.res.types) != tuple(yielded):
            raise VerifyException("affine.parallel yields values of other types")


@irdl_op_definition
class LinearizeIndexOp(IRDLOperation):
    """The number of an element, counted in row-major order.

    %k = affine.linearize_index [%i, %j] by (3, %n) : index
    """

    name = "affine.linearize_index"
    multi_index = var_operand_def(IndexType())
    dynamic_basis = var_operand_def(IndexType())
    static_basis = prop_def(DenseArrayBase.constr(i64))
    disjoint = opt_prop_def(UnitAttr)
    result = result_def(IndexType())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())


@irdl_op_definition
class DelinearizeIndexOp(IRDLOperation):
    """The indices of an element, of its number in row-major order.

    %i:2 = affine.delinearize_index %k into (3, %n) : index, index
    """

    name = "affine.delinearize_index"
    linear_index = operand_def(IndexType())
    dynamic_basis = var_operand_def(IndexType())
    static_basis = prop_def(DenseArrayBase.constr(i64))
    multi_index = var_result_def(IndexType())
    traits = traits_def(Pure())


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """A hint, without a meaning of its own.

    affine.prefetch %a[%i], read, locality<3>, data : memref<8xf64>
    """

    name = "affine.prefetch"
    memref = operand_def()
    indices = var_operand_def(IndexType())
    map = prop_def(AffineMapAttr)
    is_write = prop_def(prop_name="isWrite")
    locality_hint = prop_def(prop_name="localityHint")
    is_data_cache = prop_def(prop_name="isDataCache")


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind
    for kind in (MaxOp, ParallelOp, LinearizeIndexOp, DelinearizeIndexOp, PrefetchOp)
}
"""Operation name to the class that stands for it."""
