"""What linalg operations on buffers mean, for the dual evaluator.

Named operations by their textbook formulas, element by element.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import linalg
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, MemRefType
from xdsl.ir import Block, Operation
from xdsl.ir.affine import AffineDimExpr

from .dual_affine import numbers
from .dual_memory import Memory, held

Elements = NDArray[np.object_]
Apply = Callable[..., Any]
"""Name of a scalar operation, its operands, type: the result."""

ELEMENTWISE = {
    "linalg.add": "addf",
    "linalg.sub": "subf",
    "linalg.mul": "mulf",
    "linalg.min": "minimumf",
    "linalg.max": "maximumf",
    "linalg.exp": "exp",
    "linalg.sqrt": "sqrt",
    "linalg.log": "log",
}


class LinalgMeaning:
    """Runs linalg operations; bodies are run by the evaluator."""

    def __init__(
        self, run: Callable[[Block, Sequence[Any]], list[Any]], apply: Apply
    ) -> None:
        self.run = run
        self.apply = apply
        self.points: list[tuple[int, ...]] = []
        """Where the generics around are, innermost last."""

    def step(self, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of a linalg operation."""
        results = self._step(op, operands)
        for memory in operands:
            if isinstance(memory, Memory) and memory.is_constant:
                for place in np.ndindex(memory.elements.shape):
                    memory.elements[place] = held(memory, memory.elements[place])
        return results

    def _step(self, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
        arrays = [getattr(operand, "elements", operand) for operand in operands]
        match op:
            case linalg.ops.IndexOp():
                return (self.points[-1][op.dim.value.data],)
            case linalg.ops.GenericOp():
                self._generic(op, operands, arrays)
            case linalg.ops.ReduceOp():
                self._reduce(op, *arrays)
            case linalg.ops.TransposeOp():
                source, target = arrays
                axes = [int(axis) for axis in op.permutation.get_values()]
                target[...] = np.transpose(source, axes).copy()
            case linalg.ops.BroadcastOp():
                source, target = arrays
                added = [int(axis) for axis in op.dimensions.get_values()]
                for place in np.ndindex(target.shape):
                    kept = [k for axis, k in enumerate(place) if axis not in added]
                    target[place] = source[tuple(kept)]
            case _:
                self._named(op, arrays)
        return ()

    def _named(self, op: Operation, arrays: list[Any]) -> None:
        match op.name:
            case "linalg.fill":
                value, target = arrays
                _set_all(target, value)
            case "linalg.copy":
                source, target = arrays
                for place in np.ndindex(target.shape):
                    target[place] = source[place]
            case "linalg.matmul":
                self._matmul(_element(op), *arrays)
            case "linalg.conv_2d_nchw_fchw":
                self._convolution(op, *arrays)
            case _:
                self._elementwise(op, *arrays)

    def _generic(
        self, op: linalg.ops.GenericOp, operands: Sequence[Any], arrays: list[Any]
    ) -> None:
        maps = [attribute.data for attribute in op.indexing_maps.data]
        extents = [-1] * maps[0].num_dims
        for array, map_ in zip(arrays, maps, strict=True):
            for axis, result in enumerate(map_.results):
                if isinstance(result, AffineDimExpr):
                    extents[result.position] = array.shape[axis]
        assert min(extents, default=0) >= 0
        outputs = len(op.outputs)
        for point in np.ndindex(*extents):
            places = [tuple(numbers(map_, point)) for map_ in maps]
            elements = [
                array[_inside(array, place)] if isinstance(array, np.ndarray) else array
                for array, place in zip(arrays, places, strict=True)
            ]
            self.points.append(point)
            results = self.run(op.body.block, elements)
            self.points.pop()
            for memory, place, result in zip(
                operands[-outputs:], places[-outputs:], results, strict=True
            ):
                memory.elements[place] = held(memory, result)

    def _reduce(
        self, op: linalg.ops.ReduceOp, source: Elements, target: Elements
    ) -> None:
        left_out = [int(axis) for axis in op.dimensions.get_values()]
        for place in np.ndindex(source.shape):
            kept = tuple(k for axis, k in enumerate(place) if axis not in left_out)
            (target[kept],) = self.run(op.region.block, [source[place], target[kept]])

    def _matmul(self, type_: str, a: Elements, b: Elements, c: Elements) -> None:
        (rows, inner), columns = a.shape, b.shape[1]
        for i, j, k in np.ndindex(rows, columns, inner):
            product = self.apply("arith.mulf", [a[i, k], b[k, j]], type_)
            c[i, j] = self.apply("arith.addf", [c[i, j], product], type_)

    def _convolution(
        self,
        op: Operation,
        image: Elements,
        kernel: Elements,
        out: Elements,
    ) -> None:
        strides, dilations = (_pair(op, name) for name in ("strides", "dilations"))
        for place in np.ndindex(*out.shape, *kernel.shape[1:]):
            batch, feature, y, x, channel, ky, kx = place
            row = y * strides[0] + ky * dilations[0]
            column = x * strides[1] + kx * dilations[1]
            factors = [image[batch, channel, row, column]]
            factors.append(kernel[feature, channel, ky, kx])
            product = self.apply("arith.mulf", factors, _element(op))
            so_far = out[batch, feature, y, x]
            out[batch, feature, y, x] = self.apply(
                "arith.addf", [so_far, product], _element(op)
            )

    def _elementwise(self, op: Operation, *arrays: Any) -> None:
        *sources, target = arrays
        name = ELEMENTWISE[op.name]
        name = f"{'arith' if name.endswith('f') else 'math'}.{name}"
        for place in np.ndindex(target.shape):
            elements = [s[place] if isinstance(s, np.ndarray) else s for s in sources]
            target[place] = self.apply(name, elements, _element(op))


def _set_all(target: Elements, value: Any) -> None:
    for place in np.ndindex(target.shape):
        target[place] = value


def _inside(array: Elements, place: tuple[int, ...]) -> tuple[int, ...]:
    if any(not 0 <= k < n for k, n in zip(place, array.shape, strict=True)):
        raise IndexError(f"{place} is outside {array.shape}")
    return place


def _pair(op: Operation, name: str) -> list[int]:
    """Both numbers of a property; what is not said is 1."""
    given = op.properties.get(name, op.attributes.get(name))
    if given is None:
        return [1, 1]
    assert isinstance(given, DenseIntOrFPElementsAttr)
    return [int(k) for k in given.get_values()]


def _element(op: Operation) -> str:
    type_ = op.operands[-1].type
    assert isinstance(type_, MemRefType)
    return str(type_.element_type)
