"""Pass `pipeline-loops`: an iteration begins while the one before is still at work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.dependences import carried_number
from tapeflow.analysis.scheduling.machine_choice import (
    ANY_DATAPATH,
    MOST_STAGES,
    USUAL_STAGES,
    StageCount,
)
from tapeflow.analysis.scheduling.stages import Stages, constant_span, cut_loop
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import functions_of, is_structured
from tapeflow.transforms.scheduling.loop_choice import loop_choice
from tapeflow.transforms.scheduling.proved_rings import (
    Rings,
    change_loops,
    uses_any,
    uses_rings,
)

Values = dict[SSAValue, SSAValue]
"""What stands for the values of a body in a copy of a part of it."""


@dataclass(frozen=True)
class PipelineLoopsPass(ModulePass):
    """Cut iterations of inner loops in two and run each half beside its neighbours'.

        scf.for %i = %c0 to %n step %c1 {
          %x = memref.load %from[%i] : memref<?xf64>
          %y = math.exp %x : f64
          memref.store %y, %to[%i] : memref<?xf64>
        }

    becomes, were the body long enough to be worth it,

        %some = arith.cmpi slt, %c0, %n : index
        scf.if %some {
          %x = memref.load %from[%c0] : memref<?xf64>
          %second = arith.addi %c0, %c1 : index
          %last_x, %last = scf.for %j = %second to %n step %c1
              iter_args(%x_i = %x, %i = %c0) -> (f64, index) {
            %x_j = memref.load %from[%j] : memref<?xf64>
            %y = math.exp %x_i : f64
            memref.store %y, %to[%i] : memref<?xf64>
            scf.yield %x_j, %j : f64, index
          }
          %y = math.exp %last_x : f64
          memref.store %y, %to[%last] : memref<?xf64>
        }

    A machine with a window sees the start of an iteration before it has done with the
    one before, so long chains of operations overlap that did not fit the window one
    after the other. Inside the loop the operations of both halves stand in the order in
    which they can start. No operation runs more or less often, and each gets the same
    operands, so no bit of a result changes.

    All that an iteration does with a ring stays in one half, in its order: so the
    tiles move as before, and no slot is given away that the other half still reads.

    Not cut are loops that hold loops, whose step is not 1 (the next number might not be
    an index), or whose iterations depend on each other from end to end; nor those with
    which `check-streams` could not prove a ring any more.
    """

    name = "pipeline-loops"

    stages: StageCount = "auto"
    """Parts of an iteration at most, a power of two: each cut makes two of one; `auto`
    for 2, or with a datapath for 4."""
    datapath: str = ANY_DATAPATH
    """The datapath to choose for, as words `name=number`, "" for that of `fair`, `none`
    for none in particular, `machine` for that of the machine it runs on."""
    explain: bool = False
    """Write the estimates for a datapath to standard error."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        stages = self.stages
        if stages == "auto":
            stages = USUAL_STAGES if self.datapath == ANY_DATAPATH else MOST_STAGES
        if stages < 1 or stages & (stages - 1):
            refuse(op, f"{self.name}: stages={stages} is not a power of two")
        graph = CallGraph(op)
        for number in range(stages.bit_length() - 1):
            for function in functions_of(op):
                if is_structured(function):
                    again = number > 0
                    change = partial(_pipeline, self, function, again)
                    change_loops(function, graph, change)


def _pipeline(
    pass_: PipelineLoopsPass,
    original: FuncOp,
    again: bool,
    function: FuncOp,
    graph: CallGraph,
    kept: Rings,
) -> None:
    explain = pass_.explain and function is original
    choice = loop_choice(function, pass_.name, pass_.datapath, "", explain)
    buffers = find_buffers(function, graph)
    loops = [op for op in operations_in(function) if isinstance(op, scf.ForOp)]
    cuts = [
        (loop, cut_loop(loop, buffers)) for loop in loops if not uses_any(loop, kept)
    ]
    for loop, stages in cuts:
        if stages is None:
            continue
        if choice is None or choice.is_cut(loop, stages, again=again):
            _LoopPipeliner(loop, stages).rewrite()


class _LoopPipeliner:
    """Rewrites one loop.

    Its new carried values are, in this order, those that the late half computes, those
    that the early half computes, for the iteration to come, and what the early half
    leaves for the late one.
    """

    def __init__(self, loop: scf.ForOp, stages: Stages):
        self._loop = loop
        self._stages = stages
        self._yields = yielded(loop.body.block)
        self._counter, *self._carried = loop.body.block.args
        self._left = self._left_for_late()

    def _left_for_late(self) -> list[SSAValue]:
        early = set(self._stages.early)
        used = [v for op in self._stages.late for v in _operands(op)]
        used += [self._yields[n] for n in self._stages.late_carried]
        found = dict.fromkeys(
            value
            for value in used
            if value.owner in early
            or value is self._counter
            or carried_number(value, self._loop) in self._stages.early_carried
        )
        return list(found)

    def rewrite(self) -> None:
        loop = self._loop
        # Where a ring is used the test stays: by it `check-streams` knows the loop.
        if (constant_span(loop) or 0) > 0 and not uses_rings(loop):
            results = self._emit(Builder(InsertPoint.before(loop)))
        else:
            some = arith.CmpiOp(loop.lb, loop.ub, "slt")
            some.result.name_hint = "some"
            none = Block([scf.YieldOp(*loop.iter_args)])
            types = [value.type for value in loop.iter_args]
            branch = scf.IfOp(some.result, types, Region(Block()), Region(none))
            some.location = branch.location = loop.location
            Rewriter.insert_op([some, branch], InsertPoint.before(loop))
            builder = Builder(InsertPoint.at_end(branch.true_region.block))
            builder.insert(scf.YieldOp(*self._emit(builder)))
            results = branch.results
        for result, old in zip(results, loop.results, strict=True):
            result.name_hint = result.name_hint or old.name_hint
        Rewriter.replace_op(loop, (), results)

    def _emit(self, builder: Builder) -> Sequence[SSAValue]:
        loop, stages = self._loop, self._stages
        first: Values = {self._counter: loop.lb}
        first |= {self._carried[n]: loop.iter_args[n] for n in stages.early_carried}
        _copy(stages.early, first, builder)
        step = builder.insert(arith.AddiOp(loop.lb, loop.step))
        step.result.name_hint = "second"
        late_carried = [loop.iter_args[n] for n in stages.late_carried]
        kernel = builder.insert(self._kernel(step.result, late_carried, first))
        step.location = kernel.location = loop.location
        last = self._late_values(kernel.results)
        _copy(stages.late, last, builder)
        results: list[SSAValue] = [*loop.iter_args]
        for number in stages.late_carried:
            results[number] = _at(last, self._yields[number])
        following = kernel.results[len(stages.late_carried) :]
        for number, value in zip(stages.early_carried, following, strict=False):
            results[number] = value
        return results

    def _kernel(
        self, second: SSAValue, late_carried: list[SSAValue], first: Values
    ) -> scf.ForOp:
        """The loop whose iteration runs an early half and the late one before it."""
        stages = self._stages
        start = [*late_carried, *self._next(first)]
        body = Block(arg_types=[self._counter.type, *(v.type for v in start)])
        counter, *arguments = body.args
        counter.name_hint = self._counter.name_hint
        late = self._late_values(arguments)
        following = arguments[len(stages.late_carried) :]
        early: Values = {self._counter: counter}
        early |= {
            self._carried[n]: argument
            for n, argument in zip(stages.early_carried, following, strict=False)
        }
        builder = Builder(InsertPoint.at_end(body))
        halves = dict.fromkeys(stages.late, late) | dict.fromkeys(stages.early, early)
        # Among those that can start together, the older iteration goes first.
        for op in sorted(halves, key=stages.starts.__getitem__):
            _copy([op], halves[op], builder)
        next_late = [_at(late, self._yields[n]) for n in stages.late_carried]
        builder.insert(scf.YieldOp(*next_late, *self._next(early)))
        return scf.ForOp(second, self._loop.ub, self._loop.step, start, Region(body))

    def _next(self, early: Values) -> list[SSAValue]:
        """What the early half computes for its next one and leaves for the late one."""
        carried = [self._yields[n] for n in self._stages.early_carried]
        return [_at(early, value) for value in (*carried, *self._left)]

    def _late_values(self, values: Sequence[SSAValue]) -> Values:
        """What the late half finds in the new carried values."""
        late = [self._carried[n] for n in self._stages.late_carried]
        left = values[len(self._yields) :]
        found: Values = dict(zip(late, values, strict=False))
        found |= zip(self._left, left, strict=True)
        for old, new in found.items():
            new.name_hint = new.name_hint or old.name_hint
        return found


def _operands(op: Operation) -> Iterable[SSAValue]:
    return (value for inner in op.walk() for value in inner.operands)


def _copy(operations: Iterable[Operation], values: Values, builder: Builder) -> None:
    for op in operations:
        builder.insert(op.clone(values))


def _at(values: Values, value: SSAValue) -> SSAValue:
    return values.get(value, value)
