"""Every scalar op on every type: Python and machine code agree to the last bit."""

import ctypes
import itertools
import math
import random
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.dialects import test as test_dialect
from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Operation
from xdsl.irdl import IRDLOperation

from tapeflow.analysis.verification.what_runs import integer_bits
from tapeflow.backend.compiled.native.llvm_module import llvm_text
from tapeflow.backend.compiled.native.machine_code import load_object_code, object_code
from tapeflow.backend.compiled.native.run_layout import RUN_WORDS
from tapeflow.backend.semantics.floats import FLOAT_COMPARISONS, FLOAT_RESULTS
from tapeflow.backend.semantics.integers import (
    EXTENDED_HIGH,
    INTEGER_COMPARISONS,
    INTEGER_RESULTS,
)
from tapeflow.backend.semantics.python_functions import PYTHON_NAMESPACE
from tapeflow.backend.semantics.scalars import SCALAR_OPS, scalar_templates
from tapeflow.dialects.ad import is_float

F32, F64, I1, INDEX = Float32Type(), Float64Type(), IntegerType(1), IndexType()
FLOATS = (F32, F64)
INTEGERS = tuple(map(IntegerType, (1, 8, 16, 32, 64)))
ORDINALS = (*INTEGERS, INDEX)
MOST_POINTS = 500

Case = tuple[type[Operation], tuple[Attribute, ...], tuple[Attribute, ...], int | None]
"""Op class, operand types, result types, predicate."""


def cases() -> Iterator[Case]:
    def arity(op: type[Operation]) -> int:
        assert issubclass(op, IRDLOperation)
        return len(op.get_irdl_definition().operands)

    for op, type_ in itertools.product(FLOAT_RESULTS, FLOATS):
        yield op, (type_,) * arity(op), (type_,), None
    for op, type_ in itertools.product(INTEGER_RESULTS, ORDINALS):
        yield op, (type_,) * arity(op), (type_,), None
    for op, type_ in itertools.product(EXTENDED_HIGH, ORDINALS):
        yield op, (type_, type_), (type_, type_), None
    for type_ in ORDINALS:
        yield arith.AddUIExtendedOp, (type_, type_), (type_, I1), None
    for type_, predicate in itertools.product(
        ORDINALS, range(len(INTEGER_COMPARISONS))
    ):
        yield arith.CmpiOp, (type_, type_), (I1,), predicate
    for type_, predicate in itertools.product(FLOATS, range(len(FLOAT_COMPARISONS))):
        yield arith.CmpfOp, (type_, type_), (I1,), predicate
    for type_ in (*ORDINALS, *FLOATS):
        yield arith.SelectOp, (I1, type_, type_), (type_,), None
    for type_ in FLOATS:
        yield math_dialect.FmaOp, (type_,) * 3, (type_,), None
    yield from conversions()


def conversions() -> Iterator[Case]:
    for float_, integer in itertools.product(FLOATS, INTEGERS):
        yield math_dialect.FPowIOp, (float_, integer), (float_,), None
        for op in (arith.FPToSIOp, arith.FPToUIOp):
            yield op, (float_,), (integer,), None
        for op in (arith.SIToFPOp, arith.UIToFPOp):
            yield op, (integer,), (float_,), None
    for narrow, wide in itertools.combinations(INTEGERS, 2):
        yield arith.ExtSIOp, (narrow,), (wide,), None
        yield arith.ExtUIOp, (narrow,), (wide,), None
        yield arith.TruncIOp, (wide,), (narrow,), None
    for integer in INTEGERS:
        yield arith.IndexCastOp, (integer,), (INDEX,), None
        yield arith.IndexCastOp, (INDEX,), (integer,), None
    yield arith.ExtFOp, (F32,), (F64,), None
    yield arith.TruncFOp, (F64,), (F32,), None
    for a, b in ((F32, INTEGERS[3]), (F64, INTEGERS[4]), (F64, INDEX)):
        yield arith.BitcastOp, (a,), (b,), None
        yield arith.BitcastOp, (b,), (a,), None


def points(type_: Attribute) -> list[float]:
    bits = integer_bits(type_)
    if bits is None:
        numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 3.7, -0.3, 1e30, 5e-324, 0.1]
        numbers += [math.inf, -math.inf, math.nan, 127.5, -128.5, 2.0**31, -(2.0**63)]
        if isinstance(type_, Float64Type):
            return [*numbers, 1e308, 2.0**64, 710.1, 1 + 2.0**-52]
        return [float(np.float32(number)) for number in numbers]
    if bits == 1:
        return [False, True]
    half = 1 << (bits - 1)
    few = {0, 1, -1, 2, -2, 3, 7, -7, bits, bits - 1, 63, half - 1, -half, half // 3}
    return sorted(n for n in few if -half <= n < half)


def operation(case: Case) -> Operation:
    op, operands, results, predicate = case
    source = test_dialect.TestOp(result_types=list(operands))
    properties = {} if predicate is None else {"predicate": IntegerAttr(predicate, 64)}
    return op.create(
        operands=list(source.results),
        result_types=list(results),
        properties=properties,
    )


def word_type(type_: Attribute) -> str:
    return "float" if is_float(type_) else "bool" if type_ == I1 else "int"


def to_word(value: float) -> int:
    if isinstance(value, float):
        return struct.unpack("<q", struct.pack("<d", value))[0]
    return int(value)


def machine_code(
    texts: list[str], operands: tuple[Attribute, ...], results: list[Attribute]
) -> Callable[[tuple[float, ...]], list[int]]:
    """One function that computes all texts, as words in to words out."""
    parameters = ", ".join(f"v{i}: {word_type(t)}" for i, t in enumerate(operands))
    types = ", ".join(map(word_type, results))
    source = f"def f(run: run, {parameters}) -> ({types},):\n"
    source += f"    return ({', '.join(texts)},)\n"
    code = load_object_code(object_code(llvm_text(source, "f")))
    run = (ctypes.c_int64 * len(RUN_WORDS))()
    out = (ctypes.c_int64 * len(results))()

    def call(arguments: tuple[float, ...]) -> list[int]:
        words = (ctypes.c_int64 * len(arguments))(*map(to_word, arguments))
        addresses = map(ctypes.addressof, (run, words, out))
        assert code.entry(*addresses) == 0
        return list(out)

    return call


def same(expected: float, word: int) -> bool:
    if isinstance(expected, float) and expected != expected:
        found = struct.unpack("<d", struct.pack("<q", word))[0]
        return found != found
    return to_word(expected) == (word & 1 if isinstance(expected, bool) else word)


GROUPS: dict[tuple[Attribute, ...], list[Case]] = defaultdict(list)
for _case in cases():
    GROUPS[_case[1]].append(_case)


def test_no_op_is_left_out():
    covered = {case[0] for group in GROUPS.values() for case in group}
    assert set(SCALAR_OPS) - covered == {arith.ConstantOp}


@pytest.mark.parametrize(
    "operands", GROUPS, ids=lambda types: "-".join(map(str, types))
)
def test_machine_code_agrees_with_python(operands):
    names = [f"v{number}" for number in range(len(operands))]
    texts: list[str] = []
    results: list[Attribute] = []
    for case in GROUPS[operands]:
        templates = scalar_templates(operation(case))
        texts += [template.format(*names) for template in templates]
        results += case[2]
    python = eval(
        f"lambda {', '.join(names)}: ({', '.join(texts)},)", dict(PYTHON_NAMESPACE)
    )
    native = machine_code(texts, operands, results)
    every = list(itertools.product(*map(points, operands)))
    chosen = random.Random(7).sample(every, min(len(every), MOST_POINTS))
    for arguments in chosen:
        for text, expected, word in zip(
            texts, python(*arguments), native(arguments), strict=True
        ):
            assert same(expected, word), (text, arguments, expected, word)
