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

from xdsl.ir import SSAValue

from tapeflow.transforms.building.index_builder import Index, IndexBuilder, known
from tapeflow.transforms.cached.tape_layouts import TapeLayout


def make_room(
    records: Index,
    top: SSAValue,
    limit: SSAValue,
    memory: Sequence[SSAValue],
    layout: TapeLayout,
    builder: IndexBuilder,
) -> Sequence[SSAValue]:
    """The limit and the memory once there is room for so many records from `top` on.

    Args:
        limit: where the memory ends, at least one step from its start.
    """
    span = builder.mul(records, layout.step, "span", is_size=True)
    if known(records) == 1:
        needed, is_short = None, builder.equal(top, limit, "full")
    else:
        needed = builder.add(top, span, "needed", is_size=True)
        is_short = builder.compare("sgt", needed, limit, "short")

    def grow() -> Sequence[SSAValue]:
        size = builder.add(limit, limit, "limit")
        if needed is not None:
            size = builder.maximum(size, needed, "limit")
        capacity = builder.value(builder.divide_down(size, layout.step, "capacity"))
        larger = layout.allocate(capacity, memory[0].name_hint, builder)
        _move_records(top, memory, larger, layout, builder)
        layout.free(memory, builder)
        return [builder.value(size), *larger]

    room = builder.branch(is_short, grow, lambda: [limit, *memory])
    names = ("limit", *(value.name_hint for value in memory))
    for value, name in zip(room, names, strict=True):
        value.name_hint = name
    return room


def _move_records(
    top: SSAValue,
    source: Sequence[SSAValue],
    target: Sequence[SSAValue],
    layout: TapeLayout,
    builder: IndexBuilder,
) -> None:
    def move(place: SSAValue, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
        place.name_hint = "place"
        layout.move(source, target, place, builder)
        return ()

    bounds = builder.value(0), top, builder.value(layout.step)
    builder.loop(bounds, (), move)
