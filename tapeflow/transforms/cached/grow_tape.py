"""Emits the growth of a tape: a test, and twice the memory where it is used up.

%full = arith.cmpi eq, %top, %limit : index
%limit_1, %field_1 = scf.if %full -> (index, memref<?xf64>) {
  %limit_2 = arith.addi %limit, %limit : index
  %field_2 = memref.alloc(%limit_2) : memref<?xf64>
  scf.for %place = %c0 to %top step %c1 {
    ... copy the record at %place from %field to %field_2
  }
  memref.dealloc %field : memref<?xf64>
  scf.yield %limit_2, %field_2 : index, memref<?xf64>
} else {
  scf.yield %limit, %field : index, memref<?xf64>
}
"""

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.transforms.building.index_builder import Index, IndexBuilder, known
from tapeflow.transforms.building.sizes import add_sizes, multiply_sizes
from tapeflow.transforms.cached.tape_layouts import TapeLayout


def make_room(
    records: Index,
    top: SSAValue,
    limit: SSAValue,
    memory: Sequence[SSAValue],
    layout: TapeLayout,
    builder: IndexBuilder,
) -> list[SSAValue]:
    """The limit and the memory once there is room for so many records from `top` on.

    Args:
        limit: where the memory ends, at least one step from its start.
    """
    span = multiply_sizes(builder, records, layout.step, "span")
    if known(records) == 1:
        needed, is_short = None, builder.equal(top, limit, "full")
    else:
        needed = add_sizes(builder, top, span, "needed")
        is_short = builder.compare("sgt", needed, limit, "short")
    grown, kept = Block(), Block()
    inside = builder.at(InsertPoint.at_end(grown))
    size = inside.add(limit, limit, "limit")
    if needed is not None:
        size = inside.maximum(size, needed, "limit")
    capacity = inside.value(inside.divide_down(size, layout.step, "capacity"))
    larger = layout.allocate(capacity, memory[0].name_hint, inside)
    _move_records(top, memory, larger, layout, inside)
    layout.free(memory, inside)
    inside.insert(scf.YieldOp(inside.value(size), *larger))
    before = [limit, *memory]
    builder.at(InsertPoint.at_end(kept)).insert(scf.YieldOp(*before))
    types = [value.type for value in before]
    branch = scf.IfOp(is_short, types, Region(grown), Region(kept))
    names = (value.name_hint for value in memory)
    return list(builder.insert(branch, "limit", *names).results)


def _move_records(
    top: SSAValue,
    source: Sequence[SSAValue],
    target: Sequence[SSAValue],
    layout: TapeLayout,
    builder: IndexBuilder,
) -> None:
    block = Block(arg_types=[IndexType()])
    (place,) = block.args
    place.name_hint = "place"
    body = builder.at(InsertPoint.at_end(block))
    layout.move(source, target, place, body)
    body.insert(scf.YieldOp())
    start, step = builder.value(0), builder.value(layout.step)
    builder.insert(scf.ForOp(start, top, step, [], Region(block)))
