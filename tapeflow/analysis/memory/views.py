"""Views: other names for (part of) a buffer's memory, and what their indices may mean.

Usually different indices of a view are different elements. They need not be: with a
stride of 0, or with strides of `memref.reinterpret_cast` that are smaller than what
they step over, one element has several indices.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, MemRefType, NoneAttr
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.dialects.memref_additions import TransposeOp

Number: TypeAlias = int | SSAValue | None
"""A number that is known, that is computed, or that is not known at all."""

VIEWS = (
    memref.AssumeAlignmentOp,
    memref.CastOp,
    memref.CollapseShapeOp,
    memref.ExpandShapeOp,
    memref.MemorySpaceCastOp,
    memref.ReinterpretCastOp,
    memref.SubviewOp,
    TransposeOp,
)
"""Operations whose result is (part of) their first operand's memory.

Their other operands are indices.
"""

_ALLOCATIONS = (memref.AllocOp, memref.AllocaOp, memref.GetGlobalOp)


def whole_of(view: SSAValue) -> SSAValue:
    """What a memref is a view of, directly or by views of views."""
    while isinstance(view.owner, VIEWS):
        view = view.owner.operands[0]
    return view


def has_plain_layout(buffer: SSAValue) -> bool:
    """Whether the type of a memref says that it is contiguous, in row-major order."""
    type_ = buffer.type
    return isinstance(type_, MemRefType) and isinstance(type_.layout, NoneAttr)


def reinterpret_problem(op: memref.ReinterpretCastOp) -> str | None:
    """Why it is not known where a reinterpret_cast counts its elements from.

    It counts them from the beginning of the buffer, not of the view that it is given.
    """
    whole = whole_of(op.source)
    owner = whole.owner
    if not isinstance(owner, Block):
        is_whole = isinstance(owner, _ALLOCATIONS)
    else:
        is_whole = isinstance(owner.parent_op(), func.FuncOp)
    if is_whole and has_plain_layout(whole):
        return None
    return (
        f"'{op.name}' counts elements from the beginning of a buffer, and it is not "
        "known here which buffer that is"
    )


REINTERPRET_REMEDY = (
    "use memref.subview, which counts from the view, or reinterpret the allocation or "
    "function argument itself"
)


def may_overlap_itself(value: SSAValue) -> bool:
    """Whether two indices of a memref may be one element, given that what it is a
    view of has no such indices.

    A function's arguments are promised to have none, as far as their types allow it.
    """
    match value.owner:
        case memref.SubviewOp() as part:
            sizes = _numbers(part.static_sizes, part.sizes)
            steps = _numbers(part.static_strides, part.strides)
            return any(
                size not in (0, 1) and (not isinstance(step, int) or step == 0)
                for size, step in zip(sizes, steps, strict=True)
            )
        case memref.ReinterpretCastOp() as cast:
            sizes = _numbers(cast.static_sizes, cast.sizes)
            strides = _numbers(cast.static_strides, cast.strides)
            return not (_is_row_major(sizes, strides) or _is_nested(sizes, strides))
        case Operation() as op if isinstance(op, VIEWS):
            return False
        case _:
            return _says_that_it_overlaps(value)


def may_be_given_overlap(argument: SSAValue) -> bool:
    """Whether a caller may pass a memref of which two indices are one element."""
    type_ = argument.type
    if not isinstance(type_, MemRefType) or isinstance(type_.layout, NoneAttr):
        return False
    strides = type_.get_strides()
    sizes = [None if n == DYNAMIC_INDEX else n for n in type_.get_shape()]
    return strides is None or not _is_nested(sizes, strides)


def _says_that_it_overlaps(value: SSAValue) -> bool:
    """Whether the type of a memref tells that two indices are one element."""
    type_ = value.type
    if not isinstance(type_, MemRefType) or isinstance(type_.layout, NoneAttr):
        return False
    strides = type_.get_strides()
    if strides is None:
        return True
    sizes = [None if n == DYNAMIC_INDEX else n for n in type_.get_shape()]
    if None in strides:
        pairs = zip(sizes, strides, strict=True)
        return any(stride == 0 and size not in (0, 1) for size, stride in pairs)
    return not _is_nested(sizes, strides)


def in_order(
    static: DenseArrayBase[Any], dynamic: Sequence[SSAValue]
) -> list[int | SSAValue]:
    """Offsets, sizes or strides, of which some are operands, in their order."""
    values = iter(dynamic)
    return [
        next(values) if number == DYNAMIC_INDEX else number
        for number in static.iter_values()
    ]


def _numbers(
    static: DenseArrayBase[Any], dynamic: Sequence[SSAValue]
) -> Sequence[Number]:
    """The same; operands that are constants as numbers."""
    return [
        value if isinstance(value, int) else _number(value)
        for value in in_order(static, dynamic)
    ]


def _number(value: SSAValue) -> int | SSAValue:
    constant = constant_of(value)
    return value if constant is None else constant


def _is_nested(sizes: Sequence[Number], strides: Sequence[Number]) -> bool:
    """Whether each known stride is more than all smaller ones reach together."""
    steps: list[tuple[int, Number]] = []
    for size, stride in zip(sizes, strides, strict=True):
        if size in (0, 1):
            continue
        if not isinstance(stride, int):
            return False
        steps.append((abs(stride), size))
    reach = 0
    for stride, size in sorted(steps, key=lambda step: step[0]):
        if reach is None or stride <= reach:
            return False
        reach = reach + (size - 1) * stride if isinstance(size, int) else None
    return True


def _is_row_major(sizes: Sequence[Number], strides: Sequence[Number]) -> bool:
    """Whether each stride is the one behind it times the size behind it."""
    if strides and (not isinstance(strides[-1], int) or strides[-1] == 0):
        return False
    inner = zip(sizes[1:], strides[1:], strict=True)
    return all(
        _is_product(stride, size, step)
        for stride, (size, step) in zip(strides, inner, strict=False)
    )


def _is_product(product: Number, size: Number, step: Number) -> bool:
    if isinstance(product, int) or product is None:
        return isinstance(size, int) and product == size * step  # pyright: ignore
    if product is size:
        return step == 1
    if isinstance(product.owner, arith.MuliOp):
        factors = [*map(_number, product.owner.operands)]
        return factors in ([size, step], [step, size])
    return False
