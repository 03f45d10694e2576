"""Small plausible mistakes, each a change of one place in the product's source."""

from .fault import Fault
from .planted_analysis import ANALYSIS
from .planted_memory import COUNTING, MEMORY

SHRINKING = (
    Fault(
        "narrow numbers without a sign get one",
        "analysis/tape/stack_contents.py",
        "return Narrowing(IntegerType(width), arith.ExtUIOp)",
        "return Narrowing(IntegerType(width), arith.ExtSIOp)",
        levels=(),
        needs="carried integer: without sign",
    ),
    Fault(
        "a difference lies where the sum lies",
        "analysis/integers/intervals.py",
        "arith.SubiOp: _monotonic(int.__sub__)",
        "arith.SubiOp: _monotonic(int.__add__)",
        levels=(),
        needs="carried integer: difference",
    ),
    Fault(
        "extui keeps the sign",
        "analysis/integers/intervals.py",
        "arith.ExtUIOp: _without_sign",
        "arith.ExtUIOp: _same_number",
        levels=(),
        needs="carried integer: without sign",
    ),
    Fault(
        "shrui keeps the sign",
        "analysis/integers/intervals.py",
        "    if a.low < 0:\n        # The sign",
        "    if a.low > a.high:\n        # The sign",
        levels=(),
        needs="carried integer: shifted",
    ),
    Fault(
        "what a loop carries stays as it begins",
        "analysis/integers/ranges.py",
        "for edge in edges_from(op):",
        "for edge in edges_from(op) if op.regions else ():",
        levels=(),
        needs="carried integer of a narrow range",
    ),
    Fault(
        "the last truth value of a word is read upside down",
        "transforms/tape/pack_truth_values.py",
        'arith.CmpiOp(word, zero, "slt")',
        'arith.CmpiOp(word, zero, "sge")',
        levels=(),
        needs="words of truth values",
    ),
    Fault(
        "truth values of a word are read one bit off",
        "transforms/tape/pack_truth_values.py",
        "amount = self._number(number)",
        "amount = self._number(number - 1)",
        levels=(),
        needs="words of truth values",
    ),
    Fault(
        "stacks gather across uses between",
        "analysis/tape/stack_groups.py",
        "> len(site)",
        "> len(site) + 99",
        levels=(),
    ),
    Fault(
        "a value that changes is taken for constant",
        "analysis/tape/stack_contents.py",
        "if home is None or home.find_ancestor_op_in_block(member.stack) is None:",
        "if home is None:",
        levels=(),
    ),
)
EMISSION = (
    Fault(
        "the last change of a maximum is noted the wrong way round",
        "transforms/differentiation/track_extrema.py",
        "choices = (last, index) if extremum.is_first else (index, last)",
        "choices = (last, index)",
        needs="pattern",
    ),
    Fault(
        "shadows rotate forward where a loop runs backwards",
        "transforms/differentiation/reverse_control.py",
        "[shadow[image] for image in inverse(permutation)]",
        "[shadow[image] for image in permutation]",
    ),
    Fault(
        "restored buffers rotate forward where a loop runs backwards",
        "transforms/differentiation/reverse_control.py",
        "[contents[image] for image in inverse(swap)]",
        "[contents[image] for image in swap]",
    ),
    Fault(
        "a loop's adjoint does not reach what it starts from",
        "transforms/differentiation/reverse_control.py",
        "sweep.accumulate(adjoints, op.iter_args[position], adjoint)",
        "adjoints.setdefault(op.iter_args[position], adjoint)",
    ),
    Fault(
        "a while loop's last test has no reverse",
        "transforms/differentiation/reverse_control.py",
        "    reverse_test(adjoints, op.results)\n    sweep.builder.location",
        "    sweep.reverse_block(before, adjoints)\n    sweep.builder.location",
        needs="while",
    ),
    Fault(
        "shadows of swapped buffers are not permuted",
        "transforms/differentiation/shadow_buffers.py",
        "if order > 1:",
        "if order > 2:",
    ),
    Fault(
        "a store leaves its shadow as it is",
        "transforms/differentiation/reverse_sweep.py",
        "sweep.builder.insert(memref.StoreOp.get(zero, shadow, indices))\n    "
        "overwritten",
        "overwritten",
    ),
    Fault(
        "what a copy overwrites keeps its adjoint",
        "transforms/differentiation/reverse_sweep.py",
        "after = sweep.builder.result(arith.AddfOp(before, adjoint))",
        "after = adjoint",
        needs="copy",
    ),
    Fault(
        "numbers above one are factors of one",
        "transforms/differentiation/simplify_adjoints.py",
        "constant.value.data == 1.0",
        "constant.value.data >= 1.0",
        levels=(),
    ),
)
LOWERING = (
    Fault(
        "regions merge whose records cross",
        "analysis/balance/region_merging.py",
        "facts.pops[op] = Pop(tape, loads, region.tape)",
        "facts.pops[op] = Pop(tape, loads, None)",
        levels=("soa", "aos", "aosoa"),
    ),
    Fault(
        "merged regions have the room of one",
        "transforms/tape/merge_regions.py",
        'capacity, region.capacity, "pushes"',
        '0, region.capacity, "pushes"',
        levels=("soa", "aos", "aosoa"),
    ),
    Fault(
        "blocks of records overlap",
        "transforms/cached/arena_layout.py",
        "others = self._layout.stride_bytes - row",
        "others = self._layout.stride_bytes - 2 * row",
        levels=("aosoa",),
    ),
    Fault(
        "the slot before the first is the first",
        "transforms/streams/form_streams.py",
        "builder.select(wraps, last, ahead, ",
        "builder.select(wraps, base, ahead, ",
        levels=("streams",),
    ),
    Fault(
        "a chunk asks the tile of one tape only",
        "transforms/streams/strip_mine.py",
        "least = body.minimum(least, count, ",
        "least = body.minimum(least, least, ",
        levels=("layers",),
    ),
    Fault(
        "writes overtake reads in overlapped iterations",
        "analysis/scheduling/dependences.py",
        "before[op].update(reads_since.pop(memory, ()))",
        "reads_since.pop(memory, ())",
        levels=("soa",),
    ),
)
ARITHMETIC = (
    Fault(
        "halves are rounded to even",
        "backend/semantics/floats.py",
        'math.RoundOp: "round_away({0})"',
        'math.RoundOp: "round_even({0})"',
        needs="math.round",
    ),
    Fault(
        "unsigned minimum of signed numbers",
        "backend/semantics/integers.py",
        'arith.MinUIOp: IntegerRule("select(below({0}, {1}), {0}, {1})"',
        'arith.MinUIOp: IntegerRule("min({0}, {1})"',
        needs="arith.minui",
    ),
    Fault(
        "the greater of numbers and NaN is NaN",
        "backend/semantics/floats.py",
        'arith.MaxnumfOp: "maxnum({0}, {1})"',
        'arith.MaxnumfOp: "maximum({0}, {1})"',
        needs="arith.maxnumf",
    ),
)
FAULTS = (
    *ANALYSIS,
    *SHRINKING,
    *EMISSION,
    *LOWERING,
    *ARITHMETIC,
    *MEMORY,
    *COUNTING,
)
