"""Small plausible mistakes about names of memory, copies, calls and undone writes."""

from .fault import Fault

MEMORY = (
    Fault(
        "indices of a view never share elements",
        "analysis/memory/aliasing.py",
        "return self.of(value) in self.overlapping",
        "return False",
        needs="overlaps",
    ),
    Fault(
        "a copy inside a buffer is reversed element by element",
        "transforms/differentiation/reverse_sweep.py",
        "if source is not None and buffers.same(op.source, op.destination):",
        "if source is None:",
        needs="copy within a buffer",
    ),
    Fault(
        "a copy to an element with two names is reversed forward",
        "transforms/differentiation/reverse_sweep.py",
        "visit_all = for_each_index_backwards",
        "pass",
        needs="overlaps",
    ),
    Fault(
        "calls write nothing",
        "analysis/memory/aliasing.py",
        "written = [op.operands[number] for number in does.arguments]",
        "written = list[SSAValue]()",
        levels=("soa",),
        needs="func.call",
    ),
    Fault(
        "arguments of called functions never overlap",
        "analysis/memory/aliasing.py",
        "        may_share = may_share_arguments(function, graph)",
        "        may_share = False",
        levels=("soa",),
        needs="func.call",
    ),
    Fault(
        "arguments that loops swap are restored, too",
        "analysis/differentiation/value_restoration.py",
        "return not (swapped and any(name in entry.args for name in names))",
        "return True",
    ),
    Fault(
        "loads are repeated before writes behind them are undone",
        "analysis/differentiation/recall_ways.py",
        "due = next_write(access, buffer, self.buffers)",
        "due = None",
    ),
    Fault(
        "a store overwrites what was loaded at another place",
        "transforms/differentiation/decide_recall.py",
        "known = here.get((op.memref, *op.indices))",
        "known = next(iter(here.values()), None)",
    ),
)
"""They show where buffers have several names, or are written again."""
COUNTING = (
    Fault(
        "the way back of a loop with steps forgets where it began",
        "transforms/building/trip_count.py",
        'return builder.add(last, first, "ends")',
        "return last",
    ),
    Fault(
        "the way back of a loop begins behind its last iteration",
        "transforms/building/trip_count.py",
        "builder.add(upper, first - 1,",
        "builder.add(upper, first,",
    ),
    Fault(
        "constants are folded as xDSL folds them",
        "transforms/source/exact_canonicalize.py",
        "PatternRewriteWalker(pattern, post_walk_func=region_dce).rewrite_module(op)",
        "super().apply(ctx, op)",
        levels=(),
    ),
    Fault(
        "an extremum that is NaN has chosen its second operand",
        "analysis/differentiation/derivative_rules.py",
        "arith.MinimumfOp: _extremum(arith.MaxnumfOp)",
        'arith.MinimumfOp: _split(Compare("oeq", Y, A))',
        needs="arith.minimumf",
    ),
)
"""They show at rare bounds and numbers."""
