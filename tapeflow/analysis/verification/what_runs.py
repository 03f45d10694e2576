"""What both engines can run: the operations and the types of a program.

The engines have a rule for each of these (`tests/backend/test_what_runs.py`), so
what is differentiated runs afterwards, too.
"""

from collections.abc import Iterator

from xdsl.dialects import arith, cf, func, math, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IndexType,
    IntegerType,
    MemRefType,
    NoneAttr,
    UnregisteredOp,
)
from xdsl.ir import Attribute, Operation, SSAValue

from tapeflow.analysis.memory.views import (
    REINTERPRET_REMEDY,
    VIEWS,
    reinterpret_problem,
    whole_of,
)
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp

_OWN = frozenset(("ad", "address", "tape", "spm", "stream"))
"""Our dialects. Not each of their operations runs at each level."""

RUNNABLE: frozenset[type[Operation]] = frozenset(
    (
        *arith.Arith.operations,
        *math.Math.operations,
        ErfcOp,
        RemFOp,
        *VIEWS,
        cf.AssertOp,
        memref.AllocOp,
        memref.AllocaOp,
        memref.CopyOp,
        memref.DeallocOp,
        memref.DimOp,
        memref.GetGlobalOp,
        memref.LoadOp,
        memref.RankOp,
        memref.StoreOp,
        scf.ExecuteRegionOp,
        scf.ForOp,
        scf.IfOp,
        scf.IndexSwitchOp,
        scf.WhileOp,
        func.CallOp,
    )
)
"""The operations of MLIR that run inside a function, without terminators."""

TERMINATORS = (scf.YieldOp, scf.ConditionOp, func.ReturnOp)
"""What a block that runs ends with."""

INDEX_BITS = 64
MAX_INTEGER_BITS = 64
STORED_BITS = (1, 8, 16, 32, 64)
"""Widths of the integers that buffers hold."""


def integer_bits(scalar_type: Attribute) -> int | None:
    """Width of an integer or index type, None for every other type."""
    match scalar_type:
        case IndexType():
            return INDEX_BITS
        case IntegerType() if scalar_type.width.data <= MAX_INTEGER_BITS:
            return scalar_type.width.data
        case _:
            return None


def is_scalar(type_: Attribute) -> bool:
    """Whether the engines compute with values of this type."""
    return is_float(type_) or integer_bits(type_) is not None


def running_problems(op: Operation) -> Iterator[tuple[str, str]]:
    """Why no engine runs an operation, and what to do about it."""
    name = op.op_name.data if isinstance(op, UnregisteredOp) else op.name
    if not can_run(op):
        yield (
            f"no engine runs '{name}'",
            (
                "write it with arith, math, func, scf and memref operations (see "
                "docs/differentiation.md)"
            ),
        )
        return
    if isinstance(op, memref.ReinterpretCastOp):
        problem = reinterpret_problem(op)
        if problem is not None:
            yield problem, REINTERPRET_REMEDY
    if isinstance(op, memref.DeallocOp) and is_global(op.memref):
        yield DEALLOCATED_GLOBAL, "deallocate what was allocated, once"
    if isinstance(op, memref.AllocOp | memref.AllocaOp):
        type_ = op.memref.type
        if not _is_contiguous(type_):
            reason = f"new memory is contiguous, which {type_} is not"
            yield reason, "allocate it without layout and use memref.subview"
    defined = (a for r in op.regions for block in r.blocks for a in block.args)
    for type_ in dict.fromkeys(value.type for value in (*op.results, *defined)):
        problem = _type_problem(type_)
        if problem is not None:
            yield problem


DEALLOCATED_GLOBAL = "a global buffer cannot be deallocated"


def is_global(value: SSAValue) -> bool:
    """Whether a memref is a global buffer or a view of one, by its definition."""
    return isinstance(whole_of(value).owner, memref.GetGlobalOp)


def can_run(op: Operation) -> bool:
    """Whether the engines know an operation."""
    return (
        isinstance(op, (func.FuncOp, *TERMINATORS))
        or type(op) in RUNNABLE
        or op.dialect_name() in _OWN
    )


def _is_contiguous(type_: MemRefType[Attribute]) -> bool:
    """Whether memory in row-major order, from its first element on, may fit a type."""
    if isinstance(type_.layout, NoneAttr):
        return True
    strides, step = type_.get_strides(), 1
    for size, stride in reversed(
        [*zip(type_.get_shape(), strides or (), strict=False)]
    ):
        if stride not in (None, step) and size != 1:
            return False
        if size == DYNAMIC_INDEX:
            break  # What is in front depends on it.
        step *= size
    return strides is not None and type_.get_offset() in (None, 0)


def _type_problem(type_: Attribute) -> tuple[str, str] | None:
    match type_:
        case MemRefType():
            element: Attribute = type_.element_type
            if not isinstance(type_.layout, NoneAttr) and type_.get_strides() is None:
                return f"no engine runs the memory layout of {type_}", "use strides"
            if is_float(element) or integer_bits(element) in STORED_BITS:
                return None
            return f"no memory holds values of type {element}", (
                "f32, f64, index, i1, i8, i16, i32 and i64 are held"
            )
        case _ if is_scalar(type_) or type_.name.split(".")[0] in _OWN:
            return None
        case _:
            return f"no engine computes with {type_}", (
                "f32, f64, index and integers up to 64 bits can be computed with"
            )
