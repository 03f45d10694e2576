"""Pass `lower-source`: what a program may be written in, as what is differentiated."""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tapeflow.dialects.scf_additions import UNSIGNED
from tapeflow.transforms.source.affine_to_scf import AffineToScfPass
from tapeflow.transforms.source.inline_execute_region import InlineExecuteRegionPass
from tapeflow.transforms.source.lower_parallel_to_for import LowerParallelToForPass
from tapeflow.transforms.source.lower_switch_to_if import LowerSwitchToIfPass

_SHORT = frozenset(
    (
        *("arith.index_castui", "func.call_indirect", "scf.forall", "ub.poison"),
        *("affine.delinearize_index", "affine.linearize_index", "affine.prefetch"),
        *("math.clampf", "math.isfinite", "math.isinf", "math.isnan"),
        *("math.isnormal", "math.sincos", "memref.alloca_scope", "memref.prefetch"),
        *("memref.atomic_rmw", "memref.generic_atomic_rmw", "memref.realloc"),
        *("memref.reinterpret_cast", "memref.reshape"),
    )
)
"""What `expand-operations` replaces, beside the index dialect."""


def _is_short(op: Operation) -> bool:
    """Whether `expand-operations` replaces an operation."""
    return (
        op.name in _SHORT
        or op.name.startswith("index.")
        or (op.name == "scf.for" and UNSIGNED in op.attributes)
    )


def source_passes(module: ModuleOp) -> Iterator[ModulePass]:
    """The passes that `lower-source` runs on a module, in order."""
    # Imported late, as few programs need them, and to define operations takes long.
    if any(map(_is_short, module.walk())):
        from tapeflow.transforms.source.expand_operations import ExpandOperationsPass

        yield ExpandOperationsPass()
    if any(op.dialect_name() == "linalg" for op in module.walk()):
        from tapeflow.transforms.source.lower_linalg_to_loops import (
            LowerLinalgToLoopsPass,
        )

        yield LowerLinalgToLoopsPass()
    yield AffineToScfPass()
    yield LowerParallelToForPass()  # after affine.parallel has become scf.parallel
    yield LowerSwitchToIfPass()
    yield InlineExecuteRegionPass()


@dataclass(frozen=True)
class LowerSourcePass(ModulePass):
    """Write a program with `scf.for`, `scf.if` and accesses to memrefs alone.

        affine.parallel (%i) = (0) to (%n) {        linalg.copy ins(%x : ...) outs(...)
    ==> lower-source
        scf.for %i = %c0 to %n step %c1 {

    Runs `expand-operations`, `lower-linalg-to-loops`, `affine-to-scf`,
    `lower-parallel-to-for`, `lower-switch-to-if` and `inline-execute-region`; a program
    with none of their operations stays as it is.
    """

    name = "lower-source"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for pass_ in source_passes(op):
            pass_.apply(ctx, op)
