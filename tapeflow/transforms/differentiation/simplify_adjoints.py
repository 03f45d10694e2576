"""Pass `simplify-adjoints`: tidy differentiated code by rewrites that change no bit."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.ir import OpResult, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from tapeflow.analysis.ir.levels import Level
from tapeflow.transforms.building.refusal import require_level


def _is_one(value: SSAValue) -> bool:
    if not isinstance(value, OpResult) or not isinstance(value.op, arith.ConstantOp):
        return False
    constant = value.op.value
    return isinstance(constant, FloatAttr) and constant.value.data == 1.0


class DropFactorOne(RewritePattern):
    """`x * 1.0` and `1.0 * x` are `x`, for NaN and signed zeros too."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.MulfOp, rewriter: PatternRewriter) -> None:
        if _is_one(op.rhs):
            rewriter.replace(op, [], [op.lhs])
        elif _is_one(op.lhs):
            rewriter.replace(op, [], [op.rhs])


class DropDivisorOne(RewritePattern):
    """`x / 1.0` is `x`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.DivfOp, rewriter: PatternRewriter) -> None:
        if _is_one(op.rhs):
            rewriter.replace(op, [], [op.lhs])


class DropDoubleNegation(RewritePattern):
    """`-(-x)` is `x`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.NegfOp, rewriter: PatternRewriter) -> None:
        inner = op.operand
        if isinstance(inner, OpResult) and isinstance(inner.op, arith.NegfOp):
            rewriter.replace(op, [], [inner.op.operand])


class AbsorbNegation(RewritePattern):
    """`a + (-b)` is `a - b`."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddfOp, rewriter: PatternRewriter) -> None:
        inner = op.rhs
        if not isinstance(inner, OpResult) or not isinstance(inner.op, arith.NegfOp):
            return
        difference = arith.SubfOp(op.lhs, inner.op.operand)
        difference.result.name_hint = op.result.name_hint
        difference.location = op.location
        rewriter.replace(op, difference)


class DropInvariantCarried(RewritePattern):
    """A value that a loop carries unchanged is the value it starts with."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: scf.ForOp, rewriter: PatternRewriter) -> None:
        terminator = op.body.block.last_op
        assert isinstance(terminator, scf.YieldOp)
        args = op.body.block.args[1:]
        kept: list[int] = []
        for k, (arg, next_) in enumerate(zip(args, terminator.operands, strict=True)):
            if arg is not next_:
                kept.append(k)
                continue
            rewriter.replace_all_uses_with(arg, op.iter_args[k])
            rewriter.replace_all_uses_with(op.results[k], op.iter_args[k])
        if len(kept) == len(args):
            return
        rewriter.replace(
            terminator, scf.YieldOp(*(terminator.operands[k] for k in kept))
        )
        for k in reversed(range(len(args))):
            if k not in kept:
                rewriter.erase_block_argument(args[k])
        loop = scf.ForOp(
            op.lb,
            op.ub,
            op.step,
            [op.iter_args[k] for k in kept],
            rewriter.move_region_contents_to_new_regions(op.body),
        )
        loop.location = op.location
        loop.attributes |= op.attributes
        results: list[SSAValue] = list(op.iter_args)
        for k, result in zip(kept, loop.results, strict=True):
            result.name_hint = op.results[k].name_hint
            results[k] = result
        rewriter.replace(op, loop, results)


@dataclass(frozen=True)
class SimplifyAdjointsPass(ModulePass):
    """Tidy differentiated code by rewrites that change no bit of any result.

        %a = arith.mulf %g, %one : f64            // %one = 1.0
        %b = arith.negf %a : f64
        %c = arith.addf %d, %b : f64
    ==> simplify-adjoints
        %c = arith.subf %d, %g : f64

    `x + 0.0` and `0.0 * x` stay: they differ from `x` and `0.0` for -0.0, infinities
    and NaN. Dead code is left to `canonicalize`.
    """

    name = "simplify-adjoints"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, *Level.ABSTRACT.down(), takes_source=True)
        patterns = (
            DropFactorOne(),
            DropDivisorOne(),
            DropDoubleNegation(),
            AbsorbNegation(),
            DropInvariantCarried(),
        )
        PatternRewriteWalker(
            GreedyRewritePatternApplier([*patterns], dce_enabled=False)
        ).rewrite_module(op)
