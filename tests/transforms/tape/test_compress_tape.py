"""Compressed tapes: what codecs do to numbers, and the same bits at all levels."""

import math
import random
from typing import get_args

import numpy as np
import pytest
from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.tape.codecs import CODECS, Codec
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Engine, execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    CompressTapePass,
    DifferentiatePass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerSourcePass,
    LowerTapeToMemrefPass,
)
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.tape.float_codecs import decode, encode
from tapeflow.universe import full_context
from tests.random_programs.generate import generate
from tests.random_programs.levels import FRONT
from tests.random_programs.requests import answer, requests
from tests.sizes import sized

CONTEXT = full_context()
ENGINES = get_args(Engine)
SEEDS = range(7000, sized(7008, 7400))
LARGEST = float(np.finfo(np.float64).max)
LARGEST_F32 = float(np.finfo(np.float32).max)
LARGEST_BF16 = (2 - 2.0**-7) * 2.0**127


def rounded(codec, numbers):
    """The numbers of one record after encoding and decoding, alike on both engines."""
    loads = "\n".join(
        f"%c{i} = arith.constant {i} : index\n"
        f"%x{i} = memref.load %a[%c{i}] : memref<?xf64>"
        for i in range(len(numbers))
    )
    text = f"func.func @f(%a: memref<?xf64>) {{\n{loads}\nfunc.return\n}}"
    module = parse_module(text, "program.mlir", CONTEXT)
    function = next(op for op in module.walk() if isinstance(op, FuncOp))
    elements = [op for op in function.walk() if isinstance(op, memref.LoadOp)]
    end = function.body.block.last_op
    assert end is not None
    builder = IndexBuilder.before(end, FunctionConstants(function))
    values = [load.res for load in elements]
    stored = encode(codec, values, builder)
    types = [value.type for value in values]
    for load, back in zip(elements, decode(codec, stored, types, builder), strict=True):
        builder.insert(memref.StoreOp.get(back, load.memref, list(load.indices)))
    module.verify()
    answers = []
    for engine in ENGINES:
        array = np.array(numbers, np.float64)
        execute(module, "f", [array], engine=engine)
        answers.append(array)
    np.testing.assert_array_equal(*answers)
    np.testing.assert_array_equal(*map(np.signbit, answers))
    return answers[0].tolist()


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("f32", math.pi, float(np.float32(math.pi))),
        ("f32", 1e300, LARGEST_F32),
        ("f32", -LARGEST, -LARGEST_F32),
        ("f32", LARGEST_F32 * (1 + 2.0**-25), LARGEST_F32),
        ("f32", math.inf, math.inf),
        ("f32", 2.0**-149, 2.0**-149),
        ("f32", 2.0**-150, 0.0),
        ("f32", 5e-324, 0.0),
        ("bf16", 1 + 2.0**-8, 1.0),
        ("bf16", 1 + 3 * 2.0**-8, 1 + 2.0**-6),
        ("bf16", LARGEST_F32, LARGEST_BF16),
        ("bf16", -1e300, -LARGEST_BF16),
        ("bf16", -math.inf, -math.inf),
        ("bf16", 2.0**-133, 2.0**-133),
    ],
)
def test_a_number(name, number, expected):
    assert rounded(Codec.parse(name), [number]) == [expected]


@pytest.mark.parametrize("name", ["f32", "bf16"])
def test_what_stays(name):
    back = rounded(Codec.parse(name), [-0.0, 0.0, math.nan, 1.5])
    assert math.copysign(1, back[0]) == -1 and math.copysign(1, back[1]) == 1
    assert math.isnan(back[2]) and back[3] == 1.5


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_a_block(bits):
    codec = Codec.parse(f"fixed-rate:{bits}")
    block = [3.0, -0.7, 1e-12, -0.0, 0.0]
    back = rounded(codec, block)
    unit = 2.0 ** (2 - bits + 1 - 1)
    assert np.abs(np.subtract(back, block)).max() <= unit
    assert back[0] == 3.0
    assert math.copysign(1, back[3]) == 1
    # The largest of all is within a unit, and nothing becomes infinite.
    largest, other = rounded(codec, [LARGEST, -LARGEST])
    assert largest == -other
    assert abs(largest / LARGEST - 1) <= 2.0 ** (2 - bits)
    assert rounded(codec, [5e-324, -1e-310]) == [0.0, 0.0]
    assert np.isnan(rounded(codec, [1.0, math.inf])).all()
    assert np.isnan(rounded(codec, [math.nan, 2.0])).all()


DECIDING = """
func.func @f(%x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %tape = tape.allocate %n {ATTRIBUTE} : !tape.region<[f64, f64, i32], aos>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    %k = arith.fptosi %v : f64 to i32
    tape.push %tape, %v, %v, %k : !tape.region<[f64, f64, i32], aos>
  }
  ad.turn
  %work = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a, %b, %k = tape.pop %tape : !tape.region<[f64, f64, i32], aos>
    memref.store %a, %work[%c0] : memref<?xf64>
    %again = memref.load %work[%c0] : memref<?xf64>
    %is = arith.cmpf ogt, %again, %zero : f64
    scf.if %is {
      memref.store %b, %y[%i] : memref<?xf64>
    }
  }
  memref.dealloc %work : memref<?xf64>
  func.return
}
"""


def compressed(text, codec):
    module = parse_module(text, "program.mlir", CONTEXT)
    CompressTapePass(codec).apply(CONTEXT, module)
    module.verify()
    return str(module)


def test_what_decides_stays_exact_also_through_memory():
    text = compressed(DECIDING.replace("{ATTRIBUTE}", ""), "bf16")
    assert "!tape.region<[f64, i32, i16], aos>" in text
    # A shared exponent would take what one value saves.
    text = compressed(DECIDING.replace("{ATTRIBUTE}", ""), "fixed-rate:32")
    assert "!tape.region<[f64, i32, i32, i16], aos>" in text


def test_an_allocation_asks_for_its_own():
    own = DECIDING.replace("ATTRIBUTE", 'tape.compress = "f32"')
    assert "[f64, f32, i32]" in compressed(own, "bf16")
    exempt = DECIDING.replace("ATTRIBUTE", 'tape.compress = "none"')
    assert "tape.compressed" not in compressed(exempt, "bf16")
    wrong = DECIDING.replace("ATTRIBUTE", "tape.compress = 8 : i64")
    with pytest.raises(DiagnosticException, match="is no codec"):
        compressed(wrong, "bf16")


def test_it_compresses_once():
    module = parse_module(DECIDING.replace("{ATTRIBUTE}", ""), "p.mlir", CONTEXT)
    CompressTapePass("bf16").apply(CONTEXT, module)
    once = str(module)
    CompressTapePass("bf16").apply(CONTEXT, module)
    assert str(module) == once


@pytest.mark.parametrize("length", [0, 1, 5])
def test_edges_of_lengths(length):
    module = parse_module(DECIDING.replace("{ATTRIBUTE}", ""), "p.mlir", CONTEXT)
    CompressTapePass("f32").apply(CONTEXT, module)
    x = np.linspace(-1.0, 1.0, length) + 0.1
    expected = np.where(x[::-1] > 0, x[::-1].astype(np.float32), 0.0)
    for engine in ENGINES:
        y = np.zeros(length)
        execute(module, "f", [x, y], engine=engine)
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("codec", ["f64", "bf16,bf16", "f=fixed-rate:7", "f:x=f32"])
def test_codecs_that_are_none(codec):
    with pytest.raises(ValueError, match="(?i)codec"):
        CompressTapePass(codec)


def test_random_programs():
    """Values stay, and gradients are the same bits at all levels below."""
    kinds = [_compare(seed) for seed in SEEDS]
    assert kinds.count("rounded") >= len(kinds) // 8, kinds


def _compare(seed):
    case = generate(seed)
    module = parse_module(case.text, "program.mlir", CONTEXT)
    asked = requests(case, module)
    choose = random.Random(seed)
    codec = choose.choice(CODECS)
    LowerSourcePass().apply(CONTEXT, module)
    module.body.block.add_ops([request.op() for request in asked])
    try:
        _apply(module, DifferentiatePass("save-all"), *FRONT, FormRegionsPass("aos"))
    except DiagnosticException:
        return "refused"

    def run(module, engine: Engine = "reference"):
        return [answer(module, case, request, engine) for request in asked]

    exact = run(module)
    _apply(module, CompressTapePass(codec))
    module.verify()
    verify_dominance(module)
    near = run(module)
    for one, other in zip(exact, near, strict=True):
        for given, found in (one.values, other.values), (one.buffers, other.buffers):
            np.testing.assert_equal(found, given)
    cached, streamed = module.clone(), module.clone()
    _apply(cached, LowerTapeToMemrefPass())
    rings = (AssignScratchpadPass(8192, 2), FormStreamsPass(), LowerTapeToMemrefPass())
    try:
        _apply(streamed, FormLayersPass(8192, 2), *rings)
    except DiagnosticException:
        streamed = cached
    expected = [each.bits() for each in near]
    for level in (cached, streamed):
        assert [each.bits() for each in run(level)] == expected, (seed, codec)
    if seed % 6 == 0:
        assert [each.bits() for each in run(cached, "compiled")] == expected
    return "rounded" if "tape.compressed" in str(module) else "exact"


def _apply(module, *passes):
    for pass_ in passes:
        pass_.apply(CONTEXT, module)
