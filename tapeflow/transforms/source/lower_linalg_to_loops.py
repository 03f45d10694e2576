"""Pass `lower-linalg-to-loops`: linalg on buffers as loops with loads and stores."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import linalg, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    MemRefType,
    ModuleOp,
    UnknownLoc,
)
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.hints import isa

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.source.linalg_nests import (
    LinalgNest,
    linalg_classes,
    linalg_nest,
    linalg_problems,
)
from tapeflow.dialects.linalg_additions import ADDITIONS, SoftmaxOp
from tapeflow.transforms.building.buffer_loops import for_each_index
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse_all
from tapeflow.transforms.building.rewriting import (
    Lowering,
    lower_operations,
    operations_of,
    replace_operation,
)
from tapeflow.transforms.source.affine_expressions import emit_map
from tapeflow.transforms.source.lower_softmax import lower_softmax

_INDUCTION_NAMES = "ijklmnopq"


@dataclass(frozen=True)
class LowerLinalgToLoopsPass(ModulePass):
    """Turn linalg operations on buffers into perfect loop nests.

        linalg.fill ins(%zero : f64) outs(%c : memref<?x4xf64>)

    becomes

        %extent = memref.dim %c, %c0 : memref<?x4xf64>
        scf.for %i = %c0 to %extent step %c1 {
          scf.for %j = %c0 to %c4 step %c1 {
            memref.store %zero, %c[%i, %j] : memref<?x4xf64>
          }
        }

    Generic and named operations alike, reductions in order of their indices. A
    `linalg.copy` whose buffers may overlap becomes a `memref.copy`. Tensors are
    refused.
    """

    name = "lower-linalg-to-loops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        classes = linalg_classes(op)
        found = operations_of(op, classes)
        refuse_all(
            [problem for inner, _ in found for problem in linalg_problems(inner)]
        )
        _keep_whole(op)
        nests: dict[type[Operation], Lowering] = dict.fromkeys(classes, _lower)
        lower_operations(op, nests | {SoftmaxOp: lower_softmax})


def _keep_whole(module: ModuleOp) -> None:
    """Let copies that may be inside one buffer be copies, not loops.

    A copy reads everything before it writes, which loops do only if buffers are apart.
    """
    graph = CallGraph(module)
    kinds = (linalg.ops.CopyOp, ADDITIONS["linalg.copy"])
    copies = [*operations_of(module, kinds)]
    buffers = {
        function: find_buffers(function, graph)
        for function in {function for _, function in copies}
    }
    for copy, function in copies:
        source, *_, target = copy.operands
        if buffers[function].same(source, target):
            replace_operation(copy, memref.CopyOp(source, target))


def _lower(op: Operation, constants: FunctionConstants) -> None:
    nest = linalg_nest(op)
    builder = IndexBuilder.before(op, constants)
    extents = [_extent(nest, loop, builder) for loop in range(nest.loops)]

    def visit(indices: Sequence[SSAValue]) -> None:
        for number, index in enumerate(indices):
            index.name_hint = (_INDUCTION_NAMES[number:] or "i")[0]
        _emit_body(op, nest, indices, builder)

    for_each_index(builder, extents, visit)
    if nest.body.parent is None and nest.body.last_op is not None:
        Rewriter.erase_op(nest.body.last_op)
    Rewriter.erase_op(op)


def _extent(nest: LinalgNest, loop: int, builder: IndexBuilder) -> SSAValue:
    source = nest.extent_of(loop)
    assert source is not None
    buffer, axis = source
    assert isa(buffer.type, MemRefType)
    extent = buffer.type.get_shape()[axis]
    if extent != DYNAMIC_INDEX:
        return builder.value(extent)
    return builder.insert(memref.DimOp(buffer, builder.value(axis)), "extent").result


def _emit_body(
    op: Operation, nest: LinalgNest, indices: Sequence[SSAValue], builder: IndexBuilder
) -> None:
    """Load what the body reads, move it here, store what it yields."""

    def subscripts(map_: AffineMap) -> list[SSAValue]:
        return [builder.value(i) for i in emit_map(builder, map_, indices, "index")]

    first_output = len(nest.operands) - nest.outputs
    for arg, operand, map_ in zip(
        nest.body.args, nest.operands, nest.maps, strict=True
    ):
        value = operand
        if arg.uses and isinstance(operand.type, MemRefType):
            load = memref.LoadOp.get(operand, subscripts(map_))
            name = arg.name_hint or ("in" if arg.index < first_output else "out")
            value = builder.insert(load, name).res
        arg.replace_all_uses_with(value)
    yielded = _move_body(op, nest.body, indices, builder)
    outputs, maps = nest.operands[first_output:], nest.maps[first_output:]
    for value, output, map_ in zip(yielded, outputs, maps, strict=True):
        builder.insert(memref.StoreOp.get(value, output, subscripts(map_)))


def _move_body(
    op: Operation, body: Block, indices: Sequence[SSAValue], builder: IndexBuilder
) -> tuple[SSAValue, ...]:
    """Move the body's operations to the builder's place; what the body yields."""
    terminator = body.last_op
    assert terminator is not None
    for inner in tuple(body.walk()):
        if isinstance(inner, linalg.ops.IndexOp):
            inner.result.replace_all_uses_with(indices[inner.dim.value.data])
            Rewriter.erase_op(inner)
        elif isinstance(inner.location, UnknownLoc):  # the body of a named operation
            inner.location = op.location
            for result in inner.results:
                result.name_hint = result.name_hint or "value"
    for inner in tuple(body.ops):
        if inner is not terminator:
            inner.detach()
            Rewriter.insert_op(inner, builder.point)
    return tuple(terminator.operands)
