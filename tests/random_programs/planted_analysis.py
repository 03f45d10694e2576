"""Small plausible mistakes in the rules and the analyses of differentiation."""

from .fault import Fault

ANALYSIS = (
    Fault(
        "a product gives each factor its own value",
        "analysis/differentiation/derivative_rules.py",
        "arith.MulfOp: (G * B, G * A)",
        "arith.MulfOp: (G * A, G * B)",
    ),
    Fault(
        "the magnitude of zero has a slope",
        "analysis/differentiation/derivative_rules.py",
        'ForwardTerm(Compare("ogt", A, ZERO))',
        'ForwardTerm(Compare("oge", A, ZERO))',
        needs="math.absf",
    ),
    Fault(
        "the angle's derivatives have one sign",
        "analysis/differentiation/derivative_rules.py",
        "-(G / (A + B * (B / A)))",
        "G / (A + B * (B / A))",
        needs="math.atan2",
    ),
    Fault(
        "copysign forgets the sign of its argument",
        "analysis/differentiation/derivative_rules.py",
        "G * (_call(math.CopySignOp, ONE, A) * _call(math.CopySignOp, ONE, B))",
        "G * _call(math.CopySignOp, ONE, B)",
        needs="math.copysign",
    ),
    Fault(
        "fma gives its factors their own values",
        "analysis/differentiation/derivative_rules.py",
        "math.FmaOp: (G * B, G * A, G)",
        "math.FmaOp: (G * A, G * B, G)",
        needs="math.fma",
    ),
    Fault(
        "the inverse cosine grows",
        "analysis/differentiation/derivative_rules.py",
        "math.AcosOp: (-(G / ",
        "math.AcosOp: ((G / ",
        needs="math.acos",
    ),
    Fault(
        "no derivative flows through the results of branches",
        "analysis/ir/control_flow.py",
        "return (op,)",
        "return ()",
        needs="if",
    ),
    Fault(
        "a running extremum may have other uses",
        "analysis/differentiation/running_values.py",
        "users == [op, body.last_op]:",
        "op in users:",
        needs="extremum with other uses",
    ),
    Fault(
        "a counter forgets the step of its loop",
        "analysis/differentiation/running_values.py",
        "increment // step)",
        "increment)",
        needs="counter",
    ),
    Fault(
        "a counter may have another type than the index",
        "analysis/differentiation/running_values.py",
        "or value.type != index.type",
        "",
        needs="counter",
    ),
    Fault(
        "a sum may be subtracted from",
        "analysis/differentiation/loop_fusion.py",
        "case arith.SubfOp() as subtraction if use.index == 0:",
        "case arith.SubfOp() as subtraction:",
    ),
    Fault(
        "a sum may also be used otherwise",
        "analysis/differentiation/loop_fusion.py",
        "if len(uses) != 1:",
        "if not uses:",
    ),
    Fault(
        "a buffer is private that an iteration reads before it writes",
        "analysis/differentiation/loop_fusion.py",
        ") and self.accesses.overwritten_first(body, buffer)",
        ")",
        needs="samples through a work buffer",
    ),
    Fault(
        "a fused loop reads what is written behind it",
        "analysis/differentiation/loop_fusion.py",
        "else not activity.buffers.written_after(buffer, loop, scope)",
        "else True",
    ),
    Fault(
        "an adjoint inside a nested block is taken to be known",
        "analysis/differentiation/loop_fusion.py",
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
        "analysis/differentiation/loop_fusion.py",
        "if not value.op.has_trait(Pure) or value.op.regions:",
        "if value.op.regions:",
        needs="samples through a work buffer",
    ),
    Fault(
        "one store overwrites a whole buffer",
        "analysis/memory/overwriting.py",
        "case memref.StoreOp() if not op.indices:",
        "case memref.StoreOp():",
        needs="sum at the end",
    ),
    Fault(
        "a loop from anywhere fills a buffer",
        "analysis/memory/overwriting.py",
        "if constant_of(loop.lb) != 0 or constant_of(loop.step) != 1:",
        "if constant_of(loop.step) != 1:",
        needs="sum at the end",
    ),
    Fault(
        "everything is loaded behind what fills it",
        "analysis/memory/overwriting.py",
        "    if isinstance(op, memref.StoreOp):\n        return True\n    if not",
        "    if isinstance(op, memref.StoreOp | memref.LoadOp):\n"
        "        return True\n    if not",
        needs="sum at the end",
    ),
    Fault(
        "what is filled is loaded at other places",
        "analysis/memory/overwriting.py",
        "        own is index\n",
        "        own is not None\n",
        needs="sum at the end",
    ),
    Fault(
        "stores in earlier iterations are not undone",
        "analysis/differentiation/value_restoration.py",
        "return any(not around.isdisjoint(ancestors(read)) for read in reads)",
        "return False",
        needs="writes behind reads",
    ),
    Fault(
        "a store's value is reloaded after writes that are not undone",
        "analysis/differentiation/value_restoration.py",
        "if isinstance(access, memref.LoadOp):\n            return True",
        "if access is not None:\n            return True",
        needs="writes behind reads",
    ),
    Fault(
        "a value is reloaded from a store that may not run",
        "analysis/differentiation/recall_ways.py",
        "and store.parent is owner_block(value)",
        "",
    ),
    Fault(
        "loads are repeated whatever was written",
        "analysis/differentiation/recall_ways.py",
        "if self.later.unchanged_after(access, self.scopes.around(access)):",
        "if not self.buffers.written_after(\n"
        "            access.memref, access, self.scopes.around(access)\n"
        "        ):",
    ),
)
