"""Reference engine: views of buffers."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Attribute, SSAValue

from tapeflow.analysis.memory.views import in_order
from tapeflow.backend.runtime.buffer import Buffer
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memref_fit import misfit
from tapeflow.backend.runtime.view_shapes import (
    MOST_ELEMENTS,
    TOO_MANY_ELEMENTS,
    dimension_groups,
    kept_dimensions,
    stepping,
    whole_to_reinterpret,
)
from tapeflow.dialects.memref_additions import TransposeOp


@register_impls
class ViewFunctions(InterpreterFunctions):
    """Each gives the same memory, with other dimensions."""

    @impl(memref.AssumeAlignmentOp)
    def run_assume_alignment(
        self, interpreter: Interpreter, op: memref.AssumeAlignmentOp, args: PythonValues
    ) -> PythonValues:
        return (args[0],)

    @impl(memref.CastOp)
    def run_cast(
        self, interpreter: Interpreter, op: memref.CastOp, args: PythonValues
    ) -> PythonValues:
        return (fitting(args[0], op.dest.type),)

    @impl(memref.MemorySpaceCastOp)
    def run_memory_space_cast(
        self, interpreter: Interpreter, op: memref.MemorySpaceCastOp, args: PythonValues
    ) -> PythonValues:
        return (fitting(args[0], op.dest.type),)

    @impl(memref.SubviewOp)
    def run_subview(
        self, interpreter: Interpreter, op: memref.SubviewOp, args: PythonValues
    ) -> PythonValues:
        numbers = dict(zip(op.operands, args, strict=True))
        offsets, sizes, strides = (
            _values(in_order(static, dynamic), numbers)
            for static, dynamic in (
                (op.static_offsets, op.offsets),
                (op.static_sizes, op.sizes),
                (op.static_strides, op.strides),
            )
        )
        view = cast(Buffer, args[0]).view(offsets, sizes, strides)
        kept = kept_dimensions(op)
        shape = tuple(view.shape[axis] for axis in kept)
        steps = tuple(view.strides[axis] for axis in kept)
        return (fitting(replace(view, shape=shape, strides=steps), op.result.type),)

    @impl(memref.ReinterpretCastOp)
    def run_reinterpret_cast(
        self, interpreter: Interpreter, op: memref.ReinterpretCastOp, args: PythonValues
    ) -> PythonValues:
        whole_to_reinterpret(op)
        numbers = dict(zip(op.operands, args, strict=True))
        (offset,), sizes, strides = (
            _values(in_order(static, dynamic), numbers)
            for static, dynamic in (
                (op.static_offsets, op.offsets),
                (op.static_sizes, op.sizes),
                (op.static_strides, op.strides),
            )
        )
        _check_count(sizes)
        view = cast(Buffer, args[0]).reinterpreted(offset, sizes, strides)
        return (fitting(view, op.result.type),)

    @impl(memref.ExpandShapeOp)
    def run_expand_shape(
        self, interpreter: Interpreter, op: memref.ExpandShapeOp, args: PythonValues
    ) -> PythonValues:
        source, *_ = args
        numbers = dict(zip(op.operands, args, strict=True))
        shape = _values(in_order(op.static_output_shape, op.output_shape), numbers)
        strides: list[int] = []
        for group, size, stride in zip(
            dimension_groups(op), source.shape, source.strides, strict=True
        ):
            sizes = [shape[axis] for axis in group]
            _check_count(sizes)
            if prod(sizes) != size or min(sizes) < 0:
                raise ExecutionError(
                    f"a dimension of size {size} cannot be expanded to {sizes}"
                )
            strides += [stride * prod(sizes[n + 1 :]) for n in range(len(sizes))]
        view = replace(source, shape=tuple(shape), strides=tuple(strides))
        return (fitting(view, op.result.type),)

    @impl(memref.CollapseShapeOp)
    def run_collapse_shape(
        self, interpreter: Interpreter, op: memref.CollapseShapeOp, args: PythonValues
    ) -> PythonValues:
        source: Buffer = args[0]
        shape: list[int] = []
        strides: list[int] = []
        for group in dimension_groups(op):
            axes = stepping(op.src, group)
            for outer, inner in pairwise(axes):
                step = source.strides[inner] * source.shape[inner]
                if source.shape[outer] > 1 and source.strides[outer] != step:
                    raise ExecutionError(
                        f"dimensions {outer} and {inner} cannot be collapsed: "
                        f"stride {source.strides[outer]} is not {step}"
                    )
            shape.append(prod(source.shape[axis] for axis in group))
            strides.append(source.strides[axes[-1]])
        view = replace(source, shape=tuple(shape), strides=tuple(strides))
        return (fitting(view, op.result.type),)

    @impl(TransposeOp)
    def run_transpose(
        self, interpreter: Interpreter, op: TransposeOp, args: PythonValues
    ) -> PythonValues:
        source: Buffer = args[0]
        shape = tuple(source.shape[axis] for axis in op.axes)
        strides = tuple(source.strides[axis] for axis in op.axes)
        view = replace(source, shape=shape, strides=strides)
        return (fitting(view, op.result.type),)


def fitting(buffer: Buffer, type_: Attribute) -> Buffer:
    """The buffer; raises ExecutionError unless it is of the type."""
    if isinstance(type_, MemRefType):
        problem = misfit(type_, buffer.shape, buffer.strides, buffer.offset)
        if problem is not None:
            raise ExecutionError(problem)
    return buffer


def _check_count(sizes: Sequence[int]) -> None:
    for size in sizes:
        if size >= MOST_ELEMENTS:
            raise ExecutionError(TOO_MANY_ELEMENTS.format(size))


def _values(
    numbers: Sequence[int | SSAValue], values: dict[SSAValue, int]
) -> tuple[int, ...]:
    return tuple(n if isinstance(n, int) else values[n] for n in numbers)
