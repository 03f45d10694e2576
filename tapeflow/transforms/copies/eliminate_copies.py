"""Pass `eliminate-copies`: what was copied is read, or written, where it also is."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.copies.copy_nests import Access, find_copies
from tapeflow.analysis.copies.detours import Detour, DetourSearch
from tapeflow.analysis.copies.index_bounds import IndexBounds
from tapeflow.analysis.copies.kept_order import KeptOrder
from tapeflow.analysis.copies.nest_relations import Needed
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.operation_costs import is_function_of_operands
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.extents import extent_of
from tapeflow.analysis.memory.lifetimes import BufferLives
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)


@dataclass(frozen=True)
class EliminateCopiesPass(ModulePass):
    """Spare copies of one buffer to another: transposes, slices, reshapes, pads.

        scf.for %i = %c0 to %n step %c1 {
          scf.for %j = %c0 to %m step %c1 {
            %v = memref.load %x[%i, %j] : memref<?x?xf64>
            memref.store %v, %t[%j, %i] : memref<?x?xf64>
          }
        }
        ... memref.load %t[%b, %a] : memref<?x?xf64>

    becomes

        ... memref.load %x[%a, %b] : memref<?x?xf64>

    and where the origin is a buffer that a nest in front of the copy fills, that nest
    may instead write where the copy would. What is read stays the same to the last bit,
    and errors of subscripts stay errors. So do all bits of gradients that are taken
    later, unless `reorder` allows another order of their sums; where none is taken any
    more, it changes nothing but what may be spared.
    """

    name = "eliminate-copies"

    reorder: bool = False
    """Whether adjoints may add up in another order where a gradient is taken later."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        graph = CallGraph(op)
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                while _round(function, graph, keeps_adjoints=not self.reorder):
                    pass


def _round(function: FuncOp, graph: CallGraph, *, keeps_adjoints: bool) -> bool:
    """Spare what copies can be; whether that may have made others needless."""
    copies = [*find_copies(function)]
    if not copies:
        return False
    constants = FunctionConstants(function)
    bounds, buffers = IndexBounds(), find_buffers(function, graph)
    order = KeptOrder(
        buffers=buffers,
        lives=BufferLives(buffers),
        bounds=bounds,
        keeps_adjoints=keeps_adjoints,
        is_called=bool(graph.calls_to(function)),
    )
    search = DetourSearch(bounds, order)
    spared = 0
    for copy in copies:
        if copy.load.parent is None:
            continue  # It reads another buffer now: the next round looks at it.
        try:
            detour = search.judge(copy)
        except Needed:
            continue
        _Shortcut(detour, bounds, constants).rewrite()
        order.forget_positions()
        spared += 1
    return spared > 0


@dataclass(frozen=True)
class _Shortcut:
    """Rewrites one detour."""

    detour: Detour
    bounds: IndexBounds
    constants: FunctionConstants

    def rewrite(self) -> None:
        detour = self.detour
        for fill in detour.fills:
            assert detour.producer is not None, "only producers have fills in front"
            fill.detach()
            Rewriter.insert_op(fill, InsertPoint.before(detour.producer))
        for redirected in detour.accesses:
            builder = IndexBuilder.before(redirected.access, self.constants)
            values = {
                counter: builder.value(self._computed(builder, number))
                for counter, number in redirected.counters.items()
            }
            for op in redirected.copied:
                builder.put(op.clone(values))
            subscripts = [values.get(value, value) for value in detour.kept.indices]
            _replace(redirected.access, detour.kept.memref, subscripts, builder)
        self._erase()

    def _erase(self) -> None:
        copy = self.detour.copy
        place = copy.store.parent_op()
        Rewriter.erase_op(copy.store)
        if not copy.load.res.uses:
            Rewriter.erase_op(copy.load)
        while isinstance(place, scf.ForOp) and _does_nothing(place):
            around = place.parent_op()
            Rewriter.erase_op(place)
            place = around
        self._erase_buffer(self.detour.needless)

    def _erase_buffer(self, buffer: SSAValue) -> None:
        uses = [use.operation for use in buffer.uses]
        for op in uses:
            if isinstance(op, memref.DimOp):
                axis = constant_of(op.index)
                extent = None if axis is None else extent_of(buffer, axis)
                if extent is not None:
                    builder = IndexBuilder.before(op, self.constants)
                    op.result.replace_all_uses_with(builder.value(extent))
                    Rewriter.erase_op(op)
        uses = [use.operation for use in buffer.uses]
        if all(isinstance(op, memref.DeallocOp) for op in uses):
            for op in uses:
                Rewriter.erase_op(op)
            if isinstance(buffer.owner, Operation):
                Rewriter.erase_op(buffer.owner)

    def _computed(self, builder: IndexBuilder, polynomial: Polynomial) -> Index:
        total: Index = 0
        for atoms, factor in sorted(polynomial):
            product: Index = factor
            for atom in atoms:
                (value,) = self.bounds.forms.sources(atom)
                product = builder.mul(product, builder.cast(value), None)
            total = builder.add(total, product, None)
        return total


def _replace(
    access: Access, buffer: SSAValue, subscripts: list[SSAValue], builder: IndexBuilder
) -> None:
    """Let an access mean an element of another buffer."""
    if isinstance(access, memref.StoreOp):
        builder.insert(memref.StoreOp.get(access.value, buffer, subscripts))
    else:
        load = memref.LoadOp.get(buffer, subscripts)
        access.res.replace_all_uses_with(builder.result(load, access.res.name_hint))
    Rewriter.erase_op(access)


def _does_nothing(loop: scf.ForOp) -> bool:
    return not loop.iter_args and all(
        isinstance(op, scf.YieldOp) or is_function_of_operands(op)
        for op in loop.body.block.ops
    )
