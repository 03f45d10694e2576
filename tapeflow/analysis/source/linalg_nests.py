"""The loop nests that linalg operations stand for, and what they cannot mean here."""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import linalg
from xdsl.dialects.builtin import MemRefType, TensorType
from xdsl.dialects.linalg.abstract_ops import (
    LinalgStructuredOperation,
    PoolingOperation,
)
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.utils.hints import isa

from tapeflow.analysis.source.affine_problems import Problem
from tapeflow.analysis.source.linalg_named import (
    element_type,
    has_scalars,
    named_body,
    named_maps,
)
from tapeflow.dialects.linalg_additions import MapOp, NamedOp

_NESTS = (
    LinalgStructuredOperation,
    linalg.ops.BroadcastOp,
    linalg.ops.ReduceOp,
    MapOp,
    NamedOp,
)


def linalg_classes(module: Operation) -> frozenset[type[Operation]]:
    """The classes of a module's operations of linalg that stand for loop nests."""
    return frozenset(type(op) for op in module.walk() if isinstance(op, _NESTS))


_TENSORS = (
    "'{name}' on tensors; tapeflow takes buffers, so bufferize the program first "
    "(mlir-opt --one-shot-bufferize) or write it with memrefs"
)


@dataclass(frozen=True)
class LinalgNest:
    """A perfect loop nest around a body of scalars."""

    operands: tuple[SSAValue, ...]
    """What the body reads, then what it reads and writes: buffers or scalars."""
    maps: tuple[AffineMap, ...]
    """Induction variables to indices, for each operand."""
    outputs: int
    """How many operands, the last ones, are written."""
    body: Block
    """An argument for each operand's element; yields the outputs' new elements."""

    @property
    def loops(self) -> int:
        """The number of loops; the last runs fastest."""
        return self.maps[0].num_dims

    def extent_of(self, loop: int) -> tuple[SSAValue, int] | None:
        """A buffer and its axis along which a loop runs, None if there is none."""
        for operand, map_ in zip(self.operands, self.maps, strict=True):
            for axis, index in enumerate(map_.results):
                if index == AffineDimExpr(loop):
                    return operand, axis
        return None


def linalg_nest(op: Operation) -> LinalgNest:
    """The loop nest of an operation of `LINALG_OPS`."""
    match op:
        case LinalgStructuredOperation():
            maps = tuple(attr.data for attr in op.get_indexing_maps())
            return LinalgNest(tuple(op.operands), maps, len(op.outputs), op.body.block)
        case linalg.ops.BroadcastOp():
            kept = _other_axes(op.init, op.dimensions.get_values())
            body = op.hidden_region.block
            return LinalgNest((op.input, op.init), kept, 1, body)
        case linalg.ops.ReduceOp():
            kept = _other_axes(op.input, op.dimensions.get_values())
            return LinalgNest((op.input, op.init), kept[::-1], 1, op.region.block)
        case NamedOp():
            maps, outputs = named_maps(op), len(op.outputs)
            return LinalgNest(tuple(op.operands), maps, outputs, named_body(op))
        case MapOp():
            return _map_nest(op)
        case _:
            raise AssertionError(f"'{op.name}' is no loop nest")


def _map_nest(op: MapOp) -> LinalgNest:
    """Its body may leave the output out, which it does not read."""
    body = op.mapper.block
    target = op.outputs[0].type
    assert isa(target, MemRefType | TensorType)
    if len(body.args) < len(op.operands):
        body.insert_arg(target.get_element_type(), len(body.args))
    maps = (AffineMap.identity(target.get_num_dims()),) * len(op.operands)
    return LinalgNest(tuple(op.operands), maps, 1, body)


def _other_axes(
    full: SSAValue, left_out: tuple[int, ...]
) -> tuple[AffineMap, AffineMap]:
    """The map to all axes of a buffer but some, and the one to all."""
    assert isa(full.type, MemRefType | TensorType)
    rank = full.type.get_num_dims()
    identity = AffineMap.identity(rank)
    unused = [axis in left_out for axis in range(rank)]
    return identity.drop_results(unused), identity


def linalg_problems(op: Operation) -> Iterator[Problem]:
    """Everything that keeps a linalg operation from becoming loops over buffers."""
    values = (*op.operands, *op.results)
    if any(isinstance(value.type, TensorType) for value in values):
        yield op, _TENSORS.format(name=op.name)
        return
    if isinstance(op, NamedOp):
        problem = _named_problem(op)
        if problem is not None:
            yield op, problem
            return
    nest = linalg_nest(op)
    if isinstance(op, PoolingOperation) and not nest.body.args[-1].uses:
        # xDSL 0.74 gives `pooling_nchw_max` a body that reads the window instead.
        yield op, f"'{op.name}' without its running value; write it as linalg.generic"
    for loop in range(nest.loops):
        if nest.extent_of(loop) is None:
            yield (
                op,
                f"no buffer is indexed by d{loop} alone, so the loop has no extent; "
                "add one that is",
            )
    yield from _yield_problems(op, nest)
    for inner in nest.body.walk():
        if isinstance(inner, linalg.ops.IndexOp):
            number = inner.dim.value.data
            if not 0 <= number < nest.loops:
                yield inner, f"there is no loop {number}; there are {nest.loops}"


def _named_problem(op: NamedOp) -> str | None:
    """What keeps a named operation from having loops and a body."""
    if not has_scalars(op):
        types = dict.fromkeys(str(element_type(value)) for value in op.operands)
        return (
            f"'{op.name}' on elements of type {', '.join(types)}; write it with f32, "
            "f64 or integers (a complex number as two of them)"
        )
    if not op.outputs:
        return f"'{op.name}' without an output; give it a buffer in outs(...)"
    maps = named_maps(op)
    if len(maps) != len(op.operands):
        return f"'{op.name}' has {len(op.operands)} operands for {len(maps)} maps"
    for operand, map_ in zip(op.operands, maps, strict=True):
        type_ = operand.type
        rank = type_.get_num_dims() if isinstance(type_, MemRefType) else 0
        if rank != len(map_.results):
            return (
                f"'{op.name}' takes an operand of {len(map_.results)} dimensions "
                f"where {type_} stands"
            )
    return None


def _yield_problems(op: Operation, nest: LinalgNest) -> Iterator[Problem]:
    terminator = nest.body.last_op
    yielded = () if terminator is None else tuple(terminator.operand_types)
    outputs = nest.operands[len(nest.operands) - nest.outputs :]
    if len(yielded) != len(outputs):
        yield op, f"{len(yielded)} yielded values for {len(outputs)} outputs"
        return
    for type_, output in zip(yielded, outputs, strict=True):
        if not isa(output.type, MemRefType):
            yield op, f"an output of type {output.type}; it must be a buffer"
        elif output.type.element_type != type_:
            yield (
                op,
                f"a value of type {type_} for a buffer of "
                f"{output.type.element_type}; convert it in a linalg.generic",
            )
