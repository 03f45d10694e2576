"""Pass `unroll-loops`: short loops of constant bounds become their iterations."""

from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.analysis.integers.number_attributes import integer_attribute
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.scheduling.short_loops import constant_trips
from tapeflow.dialects.tape_attributes import TAPE_SIZE
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import functions_of, is_structured
from tapeflow.transforms.scheduling.proved_rings import Rings, change_loops, uses_any


@dataclass(frozen=True)
class UnrollLoopsPass(ModulePass):
    """Replace loops of few iterations, known while compiling, by these.

        %s = scf.for %i = %c0 to %c2 step %c1 iter_args(%t = %zero) -> (f64) {
          %j = arith.addi %i, %c1 : index
          %x = memref.load %a[%j] : memref<?xf64>
          %u = arith.addf %t, %x : f64
          scf.yield %u : f64
        }

    becomes

        %x = memref.load %a[%c1] : memref<?xf64>
        %u = arith.addf %zero, %x : f64
        %x_1 = memref.load %a[%c2] : memref<?xf64>
        %s = arith.addf %u, %x_1 : f64

    Inner loops come first, so a loop around them may be short in turn. Loops that hold
    other loops or calls stay, and so do those with records of a tape or transfers.
    """

    name = "unroll-loops"

    most: int = 8
    """Iterations of a loop, at most."""
    operations: int = 128
    """Operations of all iterations of a loop together, at most."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        for name, number in (("most", self.most), ("operations", self.operations)):
            if number < 0:
                refuse(op, f"{self.name}: {name}={number} is negative")
        graph = CallGraph(op)
        for function in functions_of(op):
            if is_structured(function):
                change_loops(function, graph, self._unroll_short)

    def _unroll_short(self, function: FuncOp, graph: CallGraph, kept: Rings) -> None:
        constants = FunctionConstants(function)
        # Each loop after those inside it.
        for loop in reversed([*function.walk()]):
            if isinstance(loop, scf.ForOp):
                trips = constant_trips(loop, self.most, self.operations)
                if trips is not None and not uses_any(loop, kept):
                    _unroll(loop, trips, constants)


def _unroll(loop: scf.ForOp, trips: int, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(loop, constants)
    first, step = constant_of(loop.lb), constant_of(loop.step)
    assert first is not None and step is not None
    counter, *carried = loop.body.block.args
    type_ = cast("IntegerType | IndexType", counter.type)
    *operations, _ = loop.body.block.ops
    current: list[SSAValue] = [*loop.iter_args]
    for trip in range(trips):
        values = dict[SSAValue, SSAValue](zip(carried, current, strict=True))
        number = integer_attribute(first + trip * step, type_)
        values[counter] = constants.value(number)
        for op in operations:
            _put(op, values, builder)
        current = [values.get(value, value) for value in yielded(loop.body.block)]
    for result, value in zip(loop.results, current, strict=True):
        value.name_hint = value.name_hint or result.name_hint
    Rewriter.replace_op(loop, (), current)


def _put(
    op: Operation, values: dict[SSAValue, SSAValue], builder: IndexBuilder
) -> None:
    """Insert an operation of an iteration; sums of numbers are numbers."""
    if isinstance(op, arith.AddiOp | arith.SubiOp) and isinstance(
        op.result.type, IndexType
    ):
        builder.location = op.location
        lhs, rhs = (values.get(value, value) for value in op.operands)
        name = op.result.name_hint
        plus = isinstance(op, arith.AddiOp)
        combine = builder.add if plus else builder.sub
        total = combine(lhs, rhs, name, is_size=TAPE_SIZE in op.attributes)
        values[op.result] = builder.value(total)
    else:
        builder.put(op.clone(values))
