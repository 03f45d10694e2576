"""Small plausible mistakes, each a change of one place in the product's source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A mistake, and the text that it replaces once in a file below `tapeflow/`."""

    name: str
    path: str
    right: str
    wrong: str
    needs: str = ""
    """A construct without which a program cannot show it, and is not run."""
    levels: bool = False
    """Whether it shows only after the passes below the abstract tape."""


ANALYSIS = (
    Fault(
        "a product gives each factor its own value",
        "analysis/derivative_rules.py",
        "arith.MulfOp: (G * B, G * A)",
        "arith.MulfOp: (G * A, G * B)",
    ),
    Fault(
        "the magnitude of zero has a slope",
        "analysis/derivative_rules.py",
        'Recorded(Compare("ogt", A, ZERO))',
        'Recorded(Compare("oge", A, ZERO))',
        needs="math.absf",
    ),
    Fault(
        "the angle's derivatives have one sign",
        "analysis/derivative_rules.py",
        "-(G / (A + B * (B / A)))",
        "G / (A + B * (B / A))",
        needs="math.atan2",
    ),
    Fault(
        "copysign forgets the sign of its argument",
        "analysis/derivative_rules.py",
        "G * (_call(math.CopySignOp, ONE, A) * _call(math.CopySignOp, ONE, B))",
        "G * _call(math.CopySignOp, ONE, B)",
        needs="math.copysign",
    ),
    Fault(
        "fma gives its factors their own values",
        "analysis/derivative_rules.py",
        "math.FmaOp: (G * B, G * A, G)",
        "math.FmaOp: (G * A, G * B, G)",
        needs="math.fma",
    ),
    Fault(
        "the inverse cosine grows",
        "analysis/derivative_rules.py",
        "math.AcosOp: (-(G / ",
        "math.AcosOp: ((G / ",
        needs="math.acos",
    ),
    Fault(
        "no derivative flows through the results of branches",
        "analysis/activity.py",
        "case scf.IfOp() | scf.ExecuteRegionOp() | scf.IndexSwitchOp():",
        "case scf.ExecuteRegionOp() | scf.IndexSwitchOp():",
        needs="if",
    ),
    Fault(
        "a running extremum may have other uses",
        "analysis/running_values.py",
        "if users == [op, terminator]:",
        "if op in users:",
        needs="pattern",
    ),
    Fault(
        "a counter forgets the step of its loop",
        "analysis/running_values.py",
        "increment // step)",
        "increment)",
        needs="pattern",
    ),
    Fault(
        "a counter may have another type than the index",
        "analysis/running_values.py",
        "or value.type != index.type",
        "",
        needs="pattern",
    ),
    Fault(
        "a sum may be subtracted from",
        "analysis/accumulators.py",
        "case arith.SubfOp() as subtraction if use.index == 0:",
        "case arith.SubfOp() as subtraction:",
    ),
    Fault(
        "a sum may also be used otherwise",
        "analysis/accumulators.py",
        "if len(uses) != 1:",
        "if not uses:",
    ),
    Fault(
        "a buffer is private that an iteration reads before it writes",
        "analysis/fusion.py",
        ") and self.accesses.overwritten_first(body, buffer)",
        ")",
    ),
    Fault(
        "a fused loop reads what is written behind it",
        "analysis/fusion.py",
        "else not activity.buffers.written_after(buffer, loop, scope)",
        "else True",
    ),
    Fault(
        "an adjoint inside a nested block is taken to be known",
        "analysis/fusion.py",
        """            if user is not use.operation:
                if value in self.facts.captured.get(user, ()):
                    return False
""",
        """            if user is not use.operation:
                continue
""",
    ),
    Fault(
        "loads are moved in front of fused loops",
        "analysis/fusion.py",
        "if not value.op.has_trait(Pure) or value.op.regions:",
        "if value.op.regions:",
    ),
    Fault(
        "one store overwrites a whole buffer",
        "analysis/overwriting.py",
        "case memref.StoreOp() if not op.indices:",
        "case memref.StoreOp():",
    ),
    Fault(
        "a loop from anywhere fills a buffer",
        "analysis/overwriting.py",
        "if constant_of(loop.lb) != 0 or constant_of(loop.step) != 1:",
        "if constant_of(loop.step) != 1:",
    ),
    Fault(
        "what is filled is loaded at other places",
        "analysis/overwriting.py",
        "        own is index\n",
        "        own is not None\n",
    ),
    Fault(
        "stores in earlier iterations are not undone",
        "analysis/undo.py",
        "return any(not around.isdisjoint(ancestors(read)) for read in reads)",
        "return False",
    ),
    Fault(
        "a store's value is reloaded after writes that are not undone",
        "analysis/undo.py",
        "if isinstance(access, memref.LoadOp):\n            return True",
        "if access is not None:\n            return True",
    ),
    Fault(
        "a value is reloaded from a store that may not run",
        "analysis/recall_ways.py",
        "and store.parent is owner_block(value)",
        "",
    ),
    Fault(
        "loads are repeated whatever was written",
        "analysis/recall_ways.py",
        "if self.buffers.unchanged_after(access, self.scopes.around(access)):",
        "if not self.buffers.written_after(\n"
        "            access.memref, access, self.scopes.around(access)\n"
        "        ):",
    ),
)
SHRINKING = (
    Fault(
        "narrow numbers without a sign get one",
        "analysis/stack_contents.py",
        "return Narrowing(IntegerType(width), arith.ExtUIOp)",
        "return Narrowing(IntegerType(width), arith.ExtSIOp)",
        levels=True,
    ),
    Fault(
        "a difference lies where the sum lies",
        "analysis/integer_intervals.py",
        "arith.SubiOp: _monotonic(int.__sub__)",
        "arith.SubiOp: _monotonic(int.__add__)",
        levels=True,
    ),
    Fault(
        "extui keeps the sign",
        "analysis/integer_intervals.py",
        "arith.ExtUIOp: _without_sign",
        "arith.ExtUIOp: _same_number",
        levels=True,
        needs="arith.extui",
    ),
    Fault(
        "shrui keeps the sign",
        "analysis/integer_intervals.py",
        "    if a.low < 0:\n        # The sign",
        "    if a.low > a.high:\n        # The sign",
        levels=True,
        needs="arith.shrui",
    ),
    Fault(
        "what a loop carries stays as it begins",
        "analysis/integer_ranges.py",
        "self._join(loop.body.block.args[1:], op.operands)",
        "pass",
        levels=True,
    ),
    Fault(
        "the last truth value of a word is read upside down",
        "transforms/pack_truth_values.py",
        'arith.CmpiOp(word, zero, "slt")',
        'arith.CmpiOp(word, zero, "sge")',
        levels=True,
    ),
    Fault(
        "truth values of a word are read one bit off",
        "transforms/pack_truth_values.py",
        "amount = self._constants.value(number, self._width)",
        "amount = self._constants.value(number - 1, self._width)",
        levels=True,
    ),
    Fault(
        "stacks gather across uses between",
        "analysis/stack_groups.py",
        "> len(site)",
        "> len(site) + 99",
        levels=True,
    ),
    Fault(
        "a value that changes is taken for constant",
        "analysis/stack_contents.py",
        "if home is None or home.find_ancestor_op_in_block(member.stack) is None:",
        "if home is None:",
        levels=True,
    ),
)
EMISSION = (
    Fault(
        "the last change of a maximum is noted the wrong way round",
        "transforms/track_extrema.py",
        "choices = (last, index) if extremum.carried == 0 else (index, last)",
        "choices = (last, index)",
        needs="pattern",
    ),
    Fault(
        "shadows rotate forward where a loop runs backwards",
        "transforms/reverse_control.py",
        "[shadow[image] for image in inverse(permutation)]",
        "[shadow[image] for image in permutation]",
    ),
    Fault(
        "restored buffers rotate forward where a loop runs backwards",
        "transforms/reverse_control.py",
        "[contents[image] for image in inverse(swap)]",
        "[contents[image] for image in swap]",
    ),
    Fault(
        "a loop's adjoint does not reach what it starts from",
        "transforms/reverse_control.py",
        "sweep.accumulate(adjoints, op.iter_args[position], adjoint)",
        "adjoints.setdefault(op.iter_args[position], adjoint)",
    ),
    Fault(
        "a while loop's last test has no reverse",
        "transforms/reverse_control.py",
        "    reverse_test(adjoints, op.results)\n    sweep.builder.location",
        "    sweep.reverse_block(before, adjoints)\n    sweep.builder.location",
        needs="while",
    ),
    Fault(
        "shadows of swapped buffers are not permuted",
        "transforms/shadow_buffers.py",
        "if order > 1:",
        "if order > 2:",
    ),
    Fault(
        "a store leaves its shadow as it is",
        "transforms/reverse_memory.py",
        "sweep.builder.add(memref.StoreOp.get(zero, shadow, indices))\n    overwritten",
        "overwritten",
    ),
    Fault(
        "what a copy overwrites keeps its adjoint",
        "transforms/reverse_memory.py",
        "after = sweep.builder.value(arith.AddfOp(before, adjoint))",
        "after = adjoint",
        needs="copy",
    ),
    Fault(
        "numbers above one are factors of one",
        "transforms/simplify_adjoints.py",
        "constant.value.data == 1.0",
        "constant.value.data >= 1.0",
        levels=True,
    ),
)
LOWERING = (
    Fault(
        "regions merge whose records cross",
        "analysis/region_mirrors.py",
        "facts.pops[op] = Pop(tape, loads, region.tape)",
        "facts.pops[op] = Pop(tape, loads, None)",
        levels=True,
    ),
    Fault(
        "merged regions have the room of one",
        "transforms/merge_regions.py",
        'capacity, region.capacity, "pushes"',
        '0, region.capacity, "pushes"',
        levels=True,
    ),
    Fault(
        "blocks of records overlap",
        "transforms/arena_layout.py",
        "others = self._layout.stride_bytes - row",
        "others = self._layout.stride_bytes - 2 * row",
        levels=True,
    ),
    Fault(
        "the slot before the first is the first",
        "transforms/form_streams.py",
        "return builder.select(wraps, last, ahead, ",
        "return builder.select(wraps, base, ahead, ",
        levels=True,
    ),
    Fault(
        "a chunk asks the tile of one tape only",
        "transforms/strip_mine.py",
        "least = body.minimum(least, count, ",
        "least = body.minimum(least, least, ",
        levels=True,
    ),
    Fault(
        "writes overtake reads in overlapped iterations",
        "analysis/loop_dependences.py",
        "before[op].update(reads_since.pop(memory, ()))",
        "reads_since.pop(memory, ())",
        levels=True,
    ),
)
ARITHMETIC = (
    Fault(
        "halves are rounded to even",
        "backend/float_semantics.py",
        'math.RoundOp: "round_away({0})"',
        'math.RoundOp: "round_even({0})"',
        needs="math.round",
    ),
    Fault(
        "unsigned minimum of signed numbers",
        "backend/integer_semantics.py",
        'arith.MinUIOp: IntegerRule("select(below({0}, {1}), {0}, {1})"',
        'arith.MinUIOp: IntegerRule("min({0}, {1})"',
        needs="arith.minui",
    ),
    Fault(
        "the greater of numbers and NaN is NaN",
        "backend/float_semantics.py",
        'arith.MaxnumfOp: "maxnum({0}, {1})"',
        'arith.MaxnumfOp: "maximum({0}, {1})"',
        needs="arith.maxnumf",
    ),
)
FAULTS = (*ANALYSIS, *SHRINKING, *EMISSION, *LOWERING, *ARITHMETIC)
