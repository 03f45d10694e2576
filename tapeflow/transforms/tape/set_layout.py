"""Gives tape regions another layout."""

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.rewriter import Rewriter

from tapeflow.analysis.tape.region_layouts import StatedLayout
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_REGION
from tapeflow.dialects.tape_types import BLOCK_RECORDS, Layout, TapeRegionType


def set_layout(
    allocate: AllocateOp, layout: Layout, block: int = BLOCK_RECORDS
) -> AllocateOp:
    """The allocation of the same region in another layout, in place of the old one.

    Args:
        block: records per block of `aosoa`.
    """
    fields = allocate.tape.type.fields
    type_ = TapeRegionType.of(fields, layout, block=block)
    new = AllocateOp(allocate.capacity, type_, allocate.growing is not None)
    new.attributes |= allocate.attributes
    new.location = allocate.location
    new.tape.name_hint = allocate.tape.name_hint
    Rewriter.replace_op(allocate, new)
    return new


def number_regions(function: FuncOp) -> None:
    """Number the tape regions of a function in the order of their allocations."""
    for number, allocate in enumerate(_regions(function)):
        allocate.attributes[TAPE_REGION] = IntegerAttr(number, i64)


def set_stated_layouts(module: ModuleOp, stated: Sequence[StatedLayout]) -> None:
    """Give functions and single regions the layouts that are stated for them.

    Raises:
        ValueError: there is no such function or region.
    """
    functions = {
        op.sym_name.data: op
        for op in module.walk()
        if isinstance(op, FuncOp) and not op.is_declaration
    }
    # What is said of one region counts before what is said of all.
    for one in sorted(stated, key=lambda one: one.region is not None):
        if one.function not in functions:
            raise ValueError(
                f"there is no function '{one.function}'; there are: "
                f"{', '.join(functions) or 'none'}"
            )
        regions = _regions(functions[one.function])
        numbers = range(len(regions)) if one.region is None else (one.region,)
        if one.region is not None and one.region >= len(regions):
            raise ValueError(
                f"function '{one.function}' has no tape region {one.region}; "
                f"{_listed(regions)}"
            )
        for number in numbers:
            set_layout(regions[number], one.layout.layout, one.layout.block)


def _regions(function: FuncOp) -> list[AllocateOp]:
    return [op for op in function.walk() if isinstance(op, AllocateOp)]


def _listed(regions: Sequence[AllocateOp]) -> str:
    if not regions:
        return "it has none"
    records = (
        f"{number} [{', '.join(map(str, region.tape.type.fields))}]"
        for number, region in enumerate(regions)
    )
    return f"there are: {', '.join(records)}"
