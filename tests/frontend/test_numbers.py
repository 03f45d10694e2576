"""Numbers of a text at the ends of their types: read as MLIR does, or refused."""

import math
import struct

import numpy as np
import pytest
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr

from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

CONTEXT = full_context()


def constant(literal: str) -> int | float:
    module = parse_module(f"%x = arith.constant {literal}", "f.mlir", CONTEXT)
    (op,) = module.ops
    assert isinstance(op, arith.ConstantOp)
    assert isinstance(op.value, FloatAttr | IntegerAttr)
    return op.value.value.data


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1.0e39 : f32", math.inf),
        ("-1.0e39 : f32", -math.inf),
        ("3.4028235e38 : f32", float(np.finfo(np.float32).max)),
        ("1.0e-46 : f32", 0.0),
        ("1.0e-45 : f32", 2.0**-149),
        ("16777217.0 : f32", 16777216.0),
        ("65520.0 : f16", math.inf),
        ("1.0e400 : f64", math.inf),
        ("4.9e-324 : f64", 5e-324),
        ("0x7F800000 : f32", math.inf),
        ("0x80000000 : f32", -0.0),
        ("0x1 : f64", 5e-324),
        ("0xFFF0000000000000 : f64", -math.inf),
        ("2 : f64", 2.0),
        ("9223372036854775807 : index", 2**63 - 1),
        ("-9223372036854775808 : index", -(2**63)),
        ("255 : i8", -1),
        ("-128 : i8", -128),
        ("18446744073709551615 : i64", -1),
        ("0xFF : i8", -1),
        ("true", -1),
    ],
)
def test_literals(literal: str, value: float) -> None:
    assert constant(literal) == value
    assert math.copysign(1.0, constant(literal)) == math.copysign(1.0, value)


@pytest.mark.parametrize("bits", ["0x7FC00001", "0xFFFFFFFF"])
def test_bits_of_a_nan(bits: str) -> None:
    assert math.isnan(constant(f"{bits} : f32"))


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("-0x7F800000 : f32", "leave '-' out"),
        ("0x1FFFFFFFF : f32", "0x1FFFFFFFF has more bits than f32"),
        ("9223372036854775808 : index", "does not fit index, which ends at 92233720"),
        ("-9223372036854775809 : index", "ends at -9223372036854775808"),
        ("256 : i8", "256 does not fit i8, which ends at 255"),
        ("-129 : i8", "-129 does not fit i8, which ends at -128"),
        ("1.5 : f80", "numbers of type f80 cannot be held"),
        ("dense<1.5> : vector<2xf128>", "numbers of type f128 cannot be held"),
        ("1.5 : i8", "a number with a point cannot have type i8"),
        ("1 : none", "a number cannot have type none"),
        ("9" * 6000, "an integer of 6000 digits is too large"),
        ('"never closed', "this string does not end on its line"),
        ("dense<[300]> : vector<1xi8>", "300 does not fit i8"),
        ("dense<1.0> : vector<99999999999xf32>", "99999999999 elements is too large"),
        ("dense<[1.0, 2.0]> : vector<3xf32>", "Shape mismatch in dense literal"),
        ("dense<> : vector<3xf32>", "Expected at least one element"),
    ],
)
def test_refused_literals(literal: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        constant(literal)
    assert message in str(raised.value)
    assert str(raised.value).startswith("f.mlir:1:")


@pytest.mark.parametrize("contents", ["dense<1.5>", 'dense<"0x000000000000F03F">'])
def test_a_large_global_is_no_list_of_numbers(contents: str) -> None:
    text = f"memref.global @g : memref<{2**40}xf64> = {contents}"
    with pytest.raises(InputError, match="elements is too large") as raised:
        parse_module(text, "f.mlir", CONTEXT)
    assert str(raised.value).startswith("f.mlir:1:")


def test_an_unclosed_string_takes_no_time() -> None:
    with pytest.raises(InputError, match="this string does not end"):
        parse_module('"' + "test op " * 1000, "f.mlir", CONTEXT)


def test_only_an_excerpt_of_a_long_line_is_shown() -> None:
    with pytest.raises(InputError) as raised:
        constant("1" + " " * 5000 + "$")
    assert len(str(raised.value)) < 500


def test_dense_constants() -> None:
    text = (
        'memref.global "private" @g : memref<4xf32> = '
        "dense<[1.0e39, 0x7F800000, -0.0, 1]>"
    )
    (op,) = parse_module(text, "f.mlir", CONTEXT).ops
    assert isinstance(op, memref.GlobalOp)
    assert isinstance(op.initial_value, DenseIntOrFPElementsAttr)
    bits = struct.pack("<4f", math.inf, math.inf, -0.0, 1.0)
    assert op.initial_value.data.data == bits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func.func private @f(memref<9223372036854775808xf64>)", "is not an index"),
        (
            "#m = affine_map<(i) -> (i * 9223372036854775808)>",
            "9223372036854775808 does not fit index",
        ),
        ('%x:99999999 = "test.op"() : () -> ()', "cannot have 99999999 results"),
        ("%t = tape.stack : !tape.region<[99999999 x f64], aos>", "at most 10000"),
        (
            "func.func private @f(!spm.ring<[f64], tile 1, slots 99999999, base 0>)",
            "at most 16384 slots",
        ),
    ],
)
def test_counts_that_are_too_large(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_module(text, "f.mlir", CONTEXT)
    assert message in str(raised.value)
    assert str(raised.value).startswith("f.mlir:1:")
