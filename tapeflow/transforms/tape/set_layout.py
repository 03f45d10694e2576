"""Gives tape regions another layout, and finds those that an option names."""

from collections.abc import Sequence
from typing import TypeVar

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.rewriter import Rewriter

from tapeflow.analysis.tape.region_layouts import RegionLayout
from tapeflow.analysis.tape.region_options import RegionOption
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_REGION
from tapeflow.dialects.tape_types import BLOCK_RECORDS, Layout, TapeRegionType

OptionT = TypeVar("OptionT")


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
    for number, allocate in enumerate(regions_of(function)):
        allocate.attributes[TAPE_REGION] = IntegerAttr(number, i64)


def set_stated_layouts(
    module: ModuleOp, stated: Sequence[RegionOption[RegionLayout]]
) -> None:
    """Give functions and single regions the layouts that are stated for them.

    Raises:
        ValueError: there is no such function or region.
    """
    for region, layout in stated_regions(module, stated).items():
        set_layout(region, layout.layout, layout.block)


def stated_regions(
    module: ModuleOp, stated: Sequence[RegionOption[OptionT]]
) -> dict[AllocateOp, OptionT]:
    """What is said of each region of which something is said.

    Raises:
        ValueError: there is no such function or region.
    """
    functions = {
        op.sym_name.data: op
        for op in module.walk()
        if isinstance(op, FuncOp) and not op.is_declaration
    }
    said: dict[AllocateOp, OptionT] = {}
    for one in stated:
        if one.function is not None and one.function not in functions:
            raise ValueError(
                f"there is no function '{one.function}'; there are: "
                f"{', '.join(functions) or 'none'}"
            )
        named = [functions[one.function]] if one.function else functions.values()
        for function in named:
            regions = regions_of(function)
            if one.region is not None and one.region >= len(regions):
                raise ValueError(
                    f"function '{one.function}' has no tape region {one.region}; "
                    f"{_listed(regions)}"
                )
            chosen = regions if one.region is None else [regions[one.region]]
            said.update(dict.fromkeys(chosen, one.value))
    return said


def regions_of(function: FuncOp) -> list[AllocateOp]:
    """The tape regions of a function in the order of their numbers."""
    return [op for op in function.walk() if isinstance(op, AllocateOp)]


def _listed(regions: Sequence[AllocateOp]) -> str:
    if not regions:
        return "it has none"
    records = (
        f"{number} [{', '.join(map(str, region.tape.type.fields))}]"
        for number, region in enumerate(regions)
    )
    return f"there are: {', '.join(records)}"
