"""xDSL's pass `canonicalize` with constants that are computed as programs run.

xDSL folds an index past 64 bits, raises where a float of a narrow type overflows, and
where `fastmath` flags allow it rewrites floats so that bits can change. Our commands
run this pass under its name.
"""

import operator
from collections.abc import Callable, Mapping

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
)
from xdsl.folder import Folder
from xdsl.ir import Attribute, Operation, OpResult, SSAValue
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.traits import ConstantLike, HasCanonicalizationPatternsTrait, HasFolder
from xdsl.transforms.canonicalization_patterns import arith as upstream
from xdsl.transforms.canonicalization_patterns import memref as upstream_memref
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.dead_code_elimination import region_dce
from xdsl.utils.hints import isa

from tapeflow.analysis.integers.number_attributes import (
    float_attribute,
    integer_attribute,
    quotient,
)
from tapeflow.dialects.tape_attributes import TAPE_SIZE
from tapeflow.transforms.building.index_builder import GREATEST

_FLOATS: Mapping[type[Operation], Callable[[float, float], float]] = {
    arith.AddfOp: operator.add,
    arith.SubfOp: operator.sub,
    arith.MulfOp: operator.mul,
    arith.DivfOp: quotient,
}

_INEXACT = (
    upstream.FoldConstConstOp,
    upstream.FoldConstsByReassociation,
    upstream.SelectFoldCmpfPattern,
    # It gives the view another type, with which a loop may not carry or yield it.
    upstream_memref.MemRefSubviewOfSubviewFolding,
)
"""Patterns of xDSL that are replaced here, or that change results or their types."""


class FoldFloats(RewritePattern):
    """Compute a sum, difference, product or quotient of two constants."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: arith.FloatingPointLikeBinaryOperation, rewriter: PatternRewriter
    ) -> None:
        compute = _FLOATS.get(type(op))
        lhs, rhs = _constant(op.lhs), _constant(op.rhs)
        if compute is None:
            return
        if isa(lhs, FloatAttr) and isa(rhs, FloatAttr):
            number = compute(lhs.value.data, rhs.value.data)
            rewriter.replace(op, arith.ConstantOp(float_attribute(number, lhs.type)))


class FoldIntegers(RewritePattern):
    """Compute an integer operation of two constants, as far as xDSL can."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: arith.SignlessIntegerBinaryOperation, rewriter: PatternRewriter
    ) -> None:
        lhs, rhs = _constant(op.lhs), _constant(op.rhs)
        type_ = op.result.type
        if not isinstance(lhs, IntegerAttr) or not isinstance(rhs, IntegerAttr):
            return
        number = op.py_operation(lhs.value.data, rhs.value.data)
        if number is not None and isinstance(type_, IntegerType | IndexType):
            if TAPE_SIZE in op.attributes:
                number = min(number, GREATEST)
            rewriter.replace(op, arith.ConstantOp(integer_attribute(number, type_)))


class CanonicalizeExactly(RewritePattern):
    """The folders and patterns of xDSL that change no bit."""

    def __init__(self, context: Context):
        self._folder = Folder(context)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if _is_foldable(op) and self._folder.replace_with_fold(op, rewriter):
            return
        for trait in op.get_traits_of_type(HasCanonicalizationPatternsTrait):
            for pattern in trait.get_patterns(type(op)):
                if isinstance(pattern, _INEXACT):
                    continue
                pattern.match_and_rewrite(op, rewriter)
                if rewriter.has_done_action:
                    return


def _is_foldable(op: Operation) -> bool:
    """A constant folds to itself, again and again."""
    return op.has_trait(HasFolder, value_if_unregistered=False) and not op.has_trait(
        ConstantLike
    )


def _constant(value: SSAValue) -> Attribute | None:
    if isinstance(value, OpResult) and isinstance(value.op, arith.ConstantOp):
        return value.op.value
    return None


class ExactCanonicalizePass(CanonicalizePass):
    """Apply xDSL's canonicalizations, with every constant as the engines compute it."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pattern = GreedyRewritePatternApplier(
            [FoldFloats(), FoldIntegers(), CanonicalizeExactly(ctx)]
        )
        PatternRewriteWalker(pattern, post_walk_func=region_dce).rewrite_module(op)
