"""Buffers of the dual evaluator, and what the operations of memref do to them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Operation

from .dual_affine import numbers
from .dual_numbers import Dual, still

Elements = NDArray[np.object_]


@dataclass(frozen=True)
class Memory:
    """A buffer: an object array of duals or integers; views share elements."""

    elements: Elements
    whole: Elements
    """All elements of what it is a part of, one after the other."""
    is_constant: bool = False
    """Whether no derivative flows through it."""

    @staticmethod
    def of(elements: Elements, is_constant: bool = False) -> "Memory":
        """A buffer that is no part of another."""
        return Memory(elements, elements.reshape(-1), is_constant)


@dataclass
class MemoryMeaning:
    """Runs the operations of memref."""

    definitions: Mapping[str, memref.GlobalOp]
    constant: Callable[[float, str], Any]
    """A number of a type as the evaluator holds it."""
    globals: dict[str, Memory] = field(default_factory=dict[str, Memory])

    def step(self, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of an operation of memref."""
        match op:
            case memref.LoadOp():
                memory, *place = operands
                return (memory.elements[inside(memory, place)],)
            case memref.StoreOp():
                value, memory, *place = operands
                memory.elements[inside(memory, place)] = held(memory, value)
                return ()
            case memref.CopyOp():
                source, target = operands
                if source.elements.shape != target.elements.shape:
                    raise IndexError("a copy between buffers of different shapes")
                copied = source.elements.copy()
                for place in np.ndindex(copied.shape):
                    copied[place] = held(target, copied[place])
                target.elements[...] = copied
                return ()
            case memref.AllocOp() | memref.AllocaOp():
                return (_allocate(op, operands),)
            case memref.DeallocOp():
                operands[0].elements[...] = None  # a later read shows
                return ()
            case memref.DimOp():
                return (operands[0].elements.shape[operands[1]],)
            case memref.RankOp():
                return (operands[0].elements.ndim,)
            case (
                memref.AssumeAlignmentOp()
                | memref.CastOp()
                | memref.MemorySpaceCastOp()
            ):
                return (operands[0],)
            case memref.SubviewOp() | memref.ReinterpretCastOp():
                return (_view(op, operands),)
            case memref.ExpandShapeOp() | memref.CollapseShapeOp():
                return (_reshaped(op, operands),)
            case _ if op.name == "memref.transpose":
                return (_transposed(op, operands[0]),)
            case memref.GetGlobalOp():
                return (self._global(op.name_.string_value()),)
            case _:
                raise NotImplementedError(op.name)

    def _global(self, name: str) -> Memory:
        if name not in self.globals:
            self.globals[name] = self._defined(self.definitions[name])
        return self.globals[name]

    def _defined(self, definition: memref.GlobalOp) -> Memory:
        type_, contents = definition.type, definition.initial_value
        assert isinstance(type_, MemRefType)
        assert isinstance(contents, DenseIntOrFPElementsAttr)
        elements = np.full(type_.get_shape(), None, object)
        for place, value in zip(
            np.ndindex(elements.shape), contents.get_values(), strict=True
        ):
            elements[place] = self.constant(cast(float, value), str(type_.element_type))
        return Memory.of(elements)


def globals_of(module: ModuleOp) -> dict[str, memref.GlobalOp]:
    """The global buffers that a module defines."""
    found = (op for op in module.ops if isinstance(op, memref.GlobalOp))
    return {op.sym_name.data: op for op in found}


def held(memory: Memory, value: Any) -> Any:
    """What a buffer keeps of a value."""
    if memory.is_constant and isinstance(value, Dual):
        return Dual(value.value, still(len(value.tangent.slope)))
    return value


def inside(memory: Memory, place: Sequence[int]) -> tuple[int, ...]:
    """The place; raises IndexError if it is outside the buffer."""
    for index, extent in zip(place, memory.elements.shape, strict=True):
        if not 0 <= index < extent:
            raise IndexError(f"{index} is outside 0 to {extent - 1}")
    return tuple(place)


def _allocate(op: memref.AllocOp | memref.AllocaOp, sizes: Sequence[int]) -> Memory:
    type_ = op.memref.type
    assert isinstance(type_, MemRefType)
    dynamic = iter(sizes)
    shape = [n if n != DYNAMIC_INDEX else next(dynamic) for n in type_.get_shape()]
    return Memory.of(np.full(shape, None, object))


def _mixed(static: DenseArrayBase[Any], dynamic: Iterator[int]) -> list[int]:
    return [next(dynamic) if n == DYNAMIC_INDEX else n for n in static.get_values()]


def _view(
    op: memref.SubviewOp | memref.ReinterpretCastOp, operands: Sequence[Any]
) -> Memory:
    """Every step-th element of each axis, or of the whole buffer in a row."""
    memory, *rest = operands
    dynamic = iter(rest)
    starts, counts, steps = (
        _mixed(array, dynamic)
        for array in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    if 0 in counts:
        view = np.empty(counts, object)
    elif isinstance(op, memref.SubviewOp):
        view = _part(memory.elements, starts, counts, steps)
    else:
        row, (start,) = memory.whole, starts
        reach = sum((n - 1) * k for n, k in zip(counts, steps, strict=True))
        if not 0 <= start <= start + reach < row.size:
            raise IndexError("a view outside its buffer")
        view = as_strided(row[start:], counts, [row.strides[0] * k for k in steps])
    if isinstance(op, memref.SubviewOp):
        type_ = op.result.type
        assert isinstance(type_, MemRefType)
        view = _dropped(view, op, type_.get_shape())
    return replace(memory, elements=view)


def _part(
    elements: Elements, starts: list[int], counts: list[int], steps: list[int]
) -> Elements:
    for axis, (start, count, step) in enumerate(
        zip(starts, counts, steps, strict=True)
    ):
        places = [start + k * step for k in range(count)]
        if any(not 0 <= place < elements.shape[axis] for place in places):
            raise IndexError(f"a view of {places} along axis {axis}")
    corner = elements[tuple(slice(start, None) for start in starts)]
    bytes_ = [a * b for a, b in zip(corner.strides, steps, strict=True)]
    return as_strided(corner, counts, bytes_)


def _reshaped(
    op: memref.ExpandShapeOp | memref.CollapseShapeOp, operands: Sequence[Any]
) -> Memory:
    memory, *rest = operands
    dynamic = iter(rest)
    if isinstance(op, memref.ExpandShapeOp):
        shape = _mixed(op.static_output_shape, dynamic)
    else:
        sizes = iter(memory.elements.shape)
        groups = [[next(sizes) for _ in group] for group in op.reassociation]
        shape = [math.prod(group) for group in groups]
    return replace(memory, elements=memory.elements.reshape(shape, copy=False))


def _transposed(op: Operation, memory: Memory) -> Memory:
    """Axis k of the result is the axis of the operand that the k-th index names."""
    map_ = op.properties["permutation"]
    assert isinstance(map_, AffineMapAttr)
    axes = numbers(map_.data, range(map_.data.num_dims))
    return replace(memory, elements=memory.elements.transpose(axes))


def _dropped(view: Elements, op: memref.SubviewOp, wanted: Sequence[int]) -> Elements:
    """The view without leading axes of static size 1 that the type does not have."""
    axes = list(op.static_sizes.get_values())
    kept = [*range(len(axes))]
    for axis, size in enumerate(axes):
        rest = [axes[k] for k in kept if k != axis]
        if size == 1 and len(kept) > len(wanted) and _may_be(rest, wanted):
            kept.remove(axis)
    return view[(*(slice(None) if k in kept else 0 for k in range(len(axes))), ...)]


def _may_be(sizes: list[int], wanted: Sequence[int]) -> bool:
    """Whether sizes become the wanted ones when some that are 1 are left out."""
    rest = iter(sizes)
    for size in wanted:
        for other in rest:
            if other == size:
                break
            if other != 1:
                return False
        else:
            return False
    return all(size == 1 for size in rest)
