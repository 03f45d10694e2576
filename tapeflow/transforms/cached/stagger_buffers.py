"""Pass `stagger-buffers`: buffers of one function begin where they do not alias."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.dialects.tape_attributes import TAPE_SKEW
from tapeflow.transforms.building.rewriting import is_structured


@dataclass(frozen=True)
class StaggerBuffersPass(ModulePass):
    """Number the buffers of each function and let buffer k begin k lines after a page.

        %a = memref.alloc(%n) : memref<?xf64>
        %b = memref.alloc(%n) : memref<?xf64>

    becomes

        %a = memref.alloc(%n) {tape.skew = 1 : i64} : memref<?xf64>
        %b = memref.alloc(%n) {tape.skew = 2 : i64} : memref<?xf64>

    Buffers of one size often begin a power of two apart, so that equal places of all of
    them fall into one set of the cache and evict each other. Those that have a number,
    as arrays of a tape in layout `padded-soa` do, keep it. The caller's buffers lie
    where they lie.
    """

    name = "stagger-buffers"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if is_structured(function):
                _stagger(function)


def _stagger(function: FuncOp) -> None:
    allocations = [op for op in function.walk() if isinstance(op, memref.AllocOp)]
    marks = (op.attributes.get(TAPE_SKEW) for op in allocations)
    skews = (mark.value.data for mark in marks if isinstance(mark, IntegerAttr))
    # Not 0, where the caller's buffers often begin.
    following = max(skews, default=0) + 1
    for allocation in allocations:
        if not isinstance(allocation.attributes.get(TAPE_SKEW), IntegerAttr):
            allocation.attributes[TAPE_SKEW] = IntegerAttr(following, i64)
            following += 1
