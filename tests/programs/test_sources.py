"""The MLIR files parse, verify, and take the arguments that the generators make."""

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import arith, builtin, func, math, memref, scf
from xdsl.dialects.builtin import IndexType, MemRefType, f64, i32
from xdsl.parser import Parser

from tapeflow.programs import EVERY_PROGRAM, Program

DTYPES = {f64: np.float64, i32: np.int32, IndexType(): np.int64}
ALLOWED_OPS = (
    *arith.Arith.operations,
    *func.Func.operations,
    *math.Math.operations,
    *memref.MemRef.operations,
    *scf.Scf.operations,
)


def parse_function(program: Program) -> func.FuncOp:
    context = Context()
    for dialect in (builtin.Builtin, func.Func, scf.Scf, memref.MemRef):
        context.load_dialect(dialect)
    context.load_dialect(arith.Arith)
    context.load_dialect(math.Math)
    text = program.source_path.read_text()
    module = Parser(context, text, program.source_path.name).parse_module()
    module.verify()
    (function,) = module.ops
    assert isinstance(function, func.FuncOp)
    return function


@pytest.fixture(scope="module", params=EVERY_PROGRAM, ids=lambda p: p.name)
def program(request):
    return request.param


@pytest.fixture(scope="module")
def function(program):
    return parse_function(program)


def test_function_is_named_like_the_program_and_returns_a_scalar(program, function):
    assert function.sym_name.data == program.function
    assert tuple(function.function_type.outputs) == (f64,)


def test_only_the_expected_dialects_are_used(function):
    assert all(isinstance(op, ALLOWED_OPS) for op in function.walk())


def test_every_allocation_is_freed(function):
    names = [op.name for op in function.walk()]
    assert names.count("memref.alloc") == names.count("memref.dealloc")


@pytest.mark.parametrize("size", ["tiny", "small", "paper", "large"])
def test_arguments_have_the_types_of_the_function(program, function, size):
    inputs = program.make_inputs(size)
    types = tuple(function.function_type.inputs)
    assert list(inputs) == [f"arg{i}" for i in range(len(types))]
    for array, argument_type in zip(inputs.values(), types, strict=True):
        if not isinstance(argument_type, MemRefType):
            assert (array.dtype, array.shape) == (DTYPES[argument_type], ())
            continue
        assert array.dtype == DTYPES[argument_type.element_type]
        assert array.flags.c_contiguous
        declared = argument_type.get_shape()
        assert array.ndim == len(declared)
        for extent, length in zip(declared, array.shape, strict=True):
            assert extent in (builtin.DYNAMIC_INDEX, length)


def test_wrt_names_float_arguments(program, function):
    assert list(program.wrt) == sorted(set(program.wrt))
    for index in program.wrt:
        argument_type = function.function_type.inputs.data[index]
        if isinstance(argument_type, MemRefType):
            argument_type = argument_type.element_type
        assert argument_type == f64
