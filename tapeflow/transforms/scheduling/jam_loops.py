"""Pass `jam-loops`: iterations of outer loops run side by side in their inner loops."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import AnyFloat, FloatAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import is_argument_of
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.jam_nests import Nest, Run
from tapeflow.analysis.scheduling.jam_plans import Factor, Plan, find_plans
from tapeflow.analysis.scheduling.machine_choice import ANY_DATAPATH
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import functions_of, is_structured
from tapeflow.transforms.scheduling.loop_choice import loop_choice
from tapeflow.transforms.scheduling.proved_rings import Rings, change_loops, uses_any

Values: TypeAlias = dict[SSAValue, SSAValue]
"""What stands for the values of a body in one of its copies."""


@dataclass(frozen=True)
class JamLoopsPass(ModulePass):
    """Unroll outer loops and fuse the inner loops of the copies.

        scf.for %i = %c0 to %n step %c1 {
          %s = scf.for %j = %c0 to %m step %c1 iter_args(%t = %zero) -> (f64) {
            %a = memref.load %matrix[%i, %j] : memref<?x?xf64>
            %x = memref.load %vector[%j] : memref<?xf64>
            %p = arith.mulf %a, %x : f64
            %u = arith.addf %t, %p : f64
            scf.yield %u : f64
          }
          memref.store %s, %to[%i] : memref<?xf64>
        }

    becomes for a factor of 2, and likewise for 4,

        scf.for %i = %c0 to %end step %c2 {
          %i_1 = arith.addi %i, %c1 : index
          %s, %s_1 = scf.for %j = %c0 to %m step %c1
              iter_args(%t = %zero, %t_1 = %zero) -> (f64, f64) {
            %a = memref.load %matrix[%i, %j] : memref<?x?xf64>
            %x = memref.load %vector[%j] : memref<?xf64>
            ...
            %a_1 = memref.load %matrix[%i_1, %j] : memref<?x?xf64>
            %p_1 = arith.mulf %a_1, %x : f64
            ...
          }
          memref.store %s, %to[%i] : memref<?xf64>
          memref.store %s_1, %to[%i_1] : memref<?xf64>
        }

    and the loop as it was for what is left, from %end, the largest multiple of 2 below
    %n, to %n. What the copies have in common runs once, and what they sum up are chains
    beside each other. No float operation changes places with one that it depends on,
    through memory or otherwise, so no bit of a result changes; where that cannot be
    shown, a loop stays. What copies add to one element one after the other is left to
    a pass that knows what memory holds. A loop that pushes to rings or pops from them
    stays, too, where `check-streams` could not prove its copies.
    """

    name = "jam-loops"

    factor: Factor = "auto"
    """Iterations side by side, 1, 2, 4, 8 or 16; `auto` for what seems best to 4, or
    with a datapath to 8."""
    datapath: str = ANY_DATAPATH
    """The datapath to choose for, as words `name=number`, "" for that of `fair`, `none`
    for none in particular, `machine` for that of the machine it runs on."""
    sizes: str = ""
    """Sizes of the program, as of `place-tape`."""
    explain: bool = False
    """Write the estimates for a datapath to standard error."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        factor = self.factor
        require_factor(op, self.name, factor)
        graph = CallGraph(op)
        for function in functions_of(op):
            if is_structured(function):
                change = partial(_jam, self, function)
                change_loops(function, graph, change)


def require_factor(module: ModuleOp, name: str, factor: Factor) -> None:
    """Refuse a number of iterations side by side that is not halved to 1.

    Raises:
        DiagnosticException: tells which numbers are.
    """
    if factor != "auto" and factor not in (1, 2, 4, 8, 16):
        refuse(module, f"{name}: factor={factor} is not 1, 2, 4, 8 or 16")


def _jam(
    pass_: JamLoopsPass,
    original: FuncOp,
    function: FuncOp,
    graph: CallGraph,
    kept: Rings,
) -> None:
    explain = pass_.explain and function is original
    choice = loop_choice(function, pass_.name, pass_.datapath, pass_.sizes, explain)
    buffers = find_buffers(function, graph)
    constants = FunctionConstants(function)
    plans = find_plans(function.body.block, buffers, pass_.factor, choice)
    for plan in plans:
        if uses_any(plan.body.nest.loop, kept):
            continue
        jam(plan, constants)


def jam(plan: Plan, constants: FunctionConstants) -> None:
    """Put loops of several iterations at a time in front of a loop."""
    copies = plan.copies
    while copies > 1:
        _LoopJammer(plan, copies, constants).rewrite()
        # What is left of four at a time goes by two at a time; without loops inside,
        # that is soon done one by one.
        copies = 1 if plan.is_flat else copies // 2


class _LoopJammer:
    """Rewrites one loop: one of several iterations at a time comes in front of it."""

    def __init__(self, plan: Plan, copies: int, constants: FunctionConstants):
        self._plan = plan
        self._body = plan.body
        self._loop = plan.body.nest.loop
        self._copies = copies
        self._builder = IndexBuilder.before(self._loop, constants)
        self._values: list[Values] = [{} for _ in range(copies)]

    def rewrite(self) -> None:
        loop, builder = self._loop, self._builder
        end = self._end()
        ahead = {value: self._computed(by) for value, by in self._plan.ahead.items()}
        step = builder.value(self._copies)
        own = self._own_sums()
        starts = [*loop.iter_args, *(self._neutral(value) for _, value in own)]
        body = Block(arg_types=[loop.lb.type, *(value.type for value in starts)])
        carried = len(loop.body.block.args)
        self._name(body.args[:carried], loop.body.block.args)
        for (copy, value), argument in zip(own, body.args[carried:], strict=True):
            self._name([argument], [value], copy)
        main = scf.ForOp(loop.lb, end, step, starts, Region(body))
        main.attributes |= loop.attributes
        builder.insert(main, *(value.name_hint for value in loop.results))
        counter = loop.body.block.args[0]
        with builder.inside(body):
            for copy, (before, values) in enumerate(pairwise(self._values), 1):
                moved = builder.add(body.args[0], copy, counter.name_hint)
                values[counter] = builder.value(moved)
                for value, by in ahead.items():
                    grown = builder.add(before[value], by, value.name_hint)
                    values[value] = builder.value(grown)
            self._emit(self._body.nest)
            builder.insert(scf.YieldOp(*self._ends(own)))
        loop.operands[0] = end
        for number, value in enumerate(self._totals(main.results)):
            loop.operands[3 + number] = value

    def _own_sums(self) -> list[tuple[int, SSAValue]]:
        """The sums that copies but the first have of their own, each with its copy."""
        _, *arguments = self._loop.body.block.args
        sums = [arguments[number] for number in sorted(self._body.apart)]
        return [(copy, value) for copy in range(1, self._copies) for value in sums]

    def _neutral(self, value: SSAValue) -> SSAValue:
        """What a sum begins with that changes no other, not even -0.0."""
        assert isa(value.type, AnyFloat)
        return self._builder.constants.value(FloatAttr(-0.0, value.type), "nothing")

    def _ends(self, own: list[tuple[int, SSAValue]]) -> list[SSAValue]:
        """What the copies hand on together, then what those with sums of their own."""
        block, last = self._loop.body.block, self._copies - 1
        together = [
            self._at(0 if number in self._body.apart else last, value)
            for number, value in enumerate(yielded(block))
        ]
        following: Values = dict(zip(block.args[1:], yielded(block), strict=True))
        return together + [self._at(copy, following[value]) for copy, value in own]

    def _totals(self, results: Sequence[SSAValue]) -> list[SSAValue]:
        """What all copies carry out of their loop: sums of copies are added up."""
        number_of_values = len(self._loop.results)
        totals, own = [*results[:number_of_values]], iter(results[number_of_values:])
        for _ in range(1, self._copies):
            for number in sorted(self._body.apart):
                added = arith.AddfOp(totals[number], next(own))
                name = totals[number].name_hint
                totals[number] = self._builder.result(added, name)
        return totals

    def _end(self) -> SSAValue:
        """The first iteration that is left: no bound wraps around on the way."""
        loop, builder = self._loop, self._builder
        last = builder.maximum(loop.ub, loop.lb, "end")
        span = builder.sub(last, loop.lb, "span")
        together = builder.multiple_below(span, self._copies, "together")
        return builder.value(builder.add(loop.lb, together, "end"))

    def _computed(self, polynomial: Polynomial) -> Index:
        """The value of what carried values grow by."""
        builder = self._builder
        total: Index = 0
        for atoms, factor in sorted(polynomial):
            product: Index = factor
            for atom in atoms:
                product = builder.mul(product, self._atom(atom), "growth")
            total = builder.add(total, product, "growth")
        return total

    def _atom(self, atom: int) -> Index:
        """The value of a source, or the iterations of a loop with these bounds."""
        first, *others = self._plan.forms.sources(atom)
        if not others:
            return self._builder.cast(first)
        last = self._builder.maximum(others[0], first, "end")
        return self._builder.sub(last, first, "trips")

    def _emit(self, nest: Nest) -> None:
        for part in nest.parts:
            if isinstance(part, Run):
                self._emit_run(part)
            else:
                self._emit_loop(part)

    def _emit_run(self, run: Run) -> None:
        for copy, values in enumerate(self._values):
            for op in run.operations:
                if copy and self._body.is_shared(op):
                    self._share(op.results, copy)
                    continue
                for inner in op.walk():
                    for value in inner.operands:
                        self._at(copy, value)
                self._builder.put(op.clone(values))

    def _share(self, values: Sequence[SSAValue], copy: int) -> None:
        for value in values:
            self._values[copy][value] = self._values[0][value]

    def _emit_loop(self, nest: Nest) -> None:
        """The loop of all copies, which carries the values of one after the other."""
        old, builder = nest.loop, self._builder
        everyone = range(self._copies)
        starts = [self._at(c, value) for c in everyone for value in old.iter_args]
        counter, *carried = old.body.block.args
        block = Block(arg_types=[counter.type, *(value.type for value in starts)])
        self._name(block.args[:1], [counter])
        arguments = iter(block.args[1:])
        for copy in everyone:
            self._values[copy][counter] = block.args[0]
            self._name([next(arguments) for _ in carried], carried, copy)
        with builder.inside(block):
            self._emit(nest)
            ends = yielded(old.body.block)
            values = [self._at(c, value) for c in everyone for value in ends]
            builder.put(scf.YieldOp(*values))
        lower, upper, step = (self._at(0, value) for value in old.operands[:3])
        new = scf.ForOp(lower, upper, step, starts, Region(block))
        new.attributes |= old.attributes
        new.location = old.location
        builder.put(new)
        results = iter(new.results)
        for copy in everyone:
            self._name([next(results) for _ in old.results], old.results, copy)

    def _name(
        self, new: Sequence[SSAValue], old: Sequence[SSAValue], copy: int = 0
    ) -> None:
        for value, known in zip(new, old, strict=True):
            value.name_hint = known.name_hint
            self._values[copy][known] = value

    def _at(self, copy: int, value: SSAValue) -> SSAValue:
        """What stands for a value in a copy; the one before hands carried ones on."""
        values = self._values[copy]
        if value not in values and copy and is_argument_of(value, self._loop):
            assert isinstance(value, BlockArgument)
            following = yielded(self._loop.body.block)[value.index - 1]
            values[value] = self._at(copy - 1, following)
        return values.get(value, value)
