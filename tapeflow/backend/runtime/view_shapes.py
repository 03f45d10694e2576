"""What views make of the dimensions of a buffer, for both engines."""

from collections.abc import Sequence

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue

from tapeflow.analysis.memory.views import (
    REINTERPRET_REMEDY,
    reinterpret_problem,
    whole_of,
)
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of

MOST_ELEMENTS = 1 << 30
"""A dimension of a view that is not part of another has fewer, so that products of two
fit in an index."""
TOO_MANY_ELEMENTS = "a dimension of a view cannot have {0} elements, at most 2**30 - 1"


def dimension_groups(
    op: memref.CollapseShapeOp | memref.ExpandShapeOp,
) -> tuple[tuple[int, ...], ...]:
    """The dimensions of the larger shape that become each one of the smaller.

    Raises:
        ExecutionError: they are not all of them, in their order.
    """
    large, small = _rank(op.src), _rank(op.result)
    if isinstance(op, memref.ExpandShapeOp):
        large, small = small, large
    groups = tuple(
        tuple(int(axis.value.data) for axis in group) for group in op.reassociation
    )
    axes = [axis for group in groups for axis in group]
    if len(groups) != small or (groups and axes != [*range(large)]):
        message = (
            f"'{op.name}' needs {small} groups with the dimensions 0 to {large - 1} "
            "in order"
        )
        raise ExecutionError(message, location_of(op))
    return groups


def stepping(buffer: SSAValue, axes: Sequence[int]) -> tuple[int, ...]:
    """Of some dimensions of a buffer those that its type does not give size 1.

    The strides of the others play no part; of none the last is left.
    """
    type_ = buffer.type
    assert isinstance(type_, MemRefType)
    kept = tuple(axis for axis in axes if type_.get_shape()[axis] != 1)
    return kept or tuple(axes[-1:])


def whole_to_reinterpret(op: memref.ReinterpretCastOp) -> SSAValue:
    """The memref from whose first element a reinterpret_cast counts.

    Raises:
        ExecutionError: it is not known which one that is.
    """
    problem = reinterpret_problem(op)
    if problem is not None:
        raise ExecutionError(f"{problem}; {REINTERPRET_REMEDY}", location_of(op))
    return whole_of(op.source)


def _rank(buffer: SSAValue) -> int:
    assert isinstance(buffer.type, MemRefType)
    return len(buffer.type.get_shape())


def kept_dimensions(part: memref.SubviewOp) -> list[int]:
    """Dimensions of the source that the result type has: others have size one."""
    assert isinstance(part.result.type, MemRefType)
    wanted = list(part.result.type.get_shape())
    unneeded = len(part.static_sizes) - len(wanted)
    kept: list[int] = []
    for dimension, size in enumerate(part.static_sizes.iter_values()):
        fits = len(kept) < len(wanted) and wanted[len(kept)] == size
        if unneeded and size == 1 and not fits:
            unneeded -= 1
        else:
            kept.append(dimension)
    return kept[: len(wanted)]
