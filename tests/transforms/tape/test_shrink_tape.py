"""A smaller tape holds the same bits."""

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.dialects.tape import StackOp
from tapeflow.frontend.reader import parse_module, read_module
from tapeflow.programs import PROGRAMS, Program, get_program
from tapeflow.transforms import (
    DifferentiatePass,
    FormRegionsPass,
    LowerTapeToMemrefPass,
    ShrinkTapePass,
)
from tapeflow.universe import full_context


def flags_program(count: int) -> str:
    """Bit k of 80 is saved on stack k; what comes back is added up by place."""
    names = range(count)
    pushes = "\n".join(
        f"""%p{k} = memref.load %bits[%i, %k{k}] : memref<?x80xi1>
    tape.push %s{k}, %p{k} : !tape.stack<i1>"""
        for k in names
    )
    pops = "\n".join(
        f"""%q{k} = tape.pop %s{k} : !tape.stack<i1>
    memref.store %q{k}, %out[%i, %k{k}] : memref<?x80xi1>"""
        for k in names
    )
    constants = "\n".join(f"%k{k} = arith.constant {k} : index" for k in names)
    stacks = "\n".join(f"%s{k} = tape.stack : !tape.stack<i1>" for k in names)
    return f"""
func.func @f(%bits: memref<?x80xi1>, %out: memref<?x80xi1>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  {constants}
  %n = memref.dim %bits, %c0 : memref<?x80xi1>
  {stacks}
  scf.for %i = %c0 to %n step %c1 {{
    {pushes}
  }}
  ad.turn
  %last = arith.subi %n, %c1 : index
  scf.for %j = %c0 to %n step %c1 {{
    %i = arith.subi %last, %j : index
    {pops}
  }}
  func.return
}}"""


def shrunk(text: str) -> ModuleOp:
    context = full_context()
    module = parse_module(text, "program.mlir", context)
    ShrinkTapePass().apply(context, module)
    module.verify()
    return module


def stack_types(module: ModuleOp) -> list[str]:
    return [
        str(op.tape.type.element) for op in module.walk() if isinstance(op, StackOp)
    ]


@pytest.mark.parametrize(
    ("count", "types"),
    [
        (1, ["i1"]),
        (2, ["i8"]),
        (8, ["i8"]),
        (9, ["i16"]),
        (17, ["i16", "i1"]),
        (18, ["i16", "i8"]),
        (32, ["i32"]),
        (64, ["i64"]),
        (75, ["i64", "i16"]),
    ],
)
def test_fewest_bytes(count: int, types: list[str]):
    assert sorted(stack_types(shrunk(flags_program(count)))) == sorted(types)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("count", [2, 3, 8, 18, 64, 75])
def test_every_bit_comes_back(count: int, engine: Engine):
    module = shrunk(flags_program(count))
    for pass_ in (FormRegionsPass("aos"), LowerTapeToMemrefPass()):
        pass_.apply(full_context(), module)
    bits = np.random.default_rng(count).random((5, 80)) < 0.5
    out = np.zeros_like(bits)
    execute(module, "f", [bits, out], None, engine)
    assert out[:, :count].tobytes() == bits[:, :count].tobytes()
    assert not out[:, count:].any()


@pytest.mark.parametrize(
    ("modulus", "types"),
    [
        (128, ["i8", "i8"]),
        (129, ["i8", "i16"]),
        (256, ["i8", "i16"]),
        (257, ["i16", "i16"]),
        (32769, ["i16", "i32"]),
        (65537, ["i32", "i32"]),
    ],
)
def test_integers_at_the_edges_of_types(compare_levels, modulus: int, types: list[str]):
    places = np.array([0, 1, 126, 127, 128, 255, 256, 32767, 32768, 65535, 65536, -1])
    text = f"""
func.func @f(%x: memref<?xindex>, %y: memref<?xindex>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = arith.constant {modulus} : index
  %n = memref.dim %x, %c0 : memref<?xindex>
  %s = tape.stack : !tape.stack<index>
  %t = tape.stack : !tape.stack<index>
  scf.for %i = %c0 to %n step %c1 {{
    %v = memref.load %x[%i] : memref<?xindex>
    %a = arith.remui %v, %m : index
    %b = arith.remsi %v, %m : index
    tape.push %s, %a : !tape.stack<index>
    tape.push %t, %b : !tape.stack<index>
  }}
  ad.turn
  scf.for %i = %c0 to %n step %c1 {{
    %a = tape.pop %s : !tape.stack<index>
    %b = tape.pop %t : !tape.stack<index>
    %c = arith.muli %a, %m : index
    %d = arith.addi %c, %b : index
    memref.store %d, %y[%i] : memref<?xindex>
  }}
  func.return
}}"""
    compare_levels(text, places, np.zeros_like(places))
    assert stack_types(shrunk(text)) == types


def gradient(program: Program, *passes: ShrinkTapePass) -> tuple[GradientResult, int]:
    """The gradient under save-all, and its bytes of tape."""
    context = full_context()
    module = read_module(program.source_path, context)
    compiled = compile_gradient(
        module,
        program.function,
        program.wrt,
        (DifferentiatePass(policy="save-all"), *passes),
        context,
    )
    result = compiled.run(program.make_inputs("tiny"), engine="reference")
    assert result.tape_bytes is not None
    return result, result.tape_bytes


def bits_of(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_programs_keep_their_bits(program: Program):
    before, bytes_before = gradient(program)
    after, bytes_after = gradient(program, ShrinkTapePass())
    assert bits_of(after) == bits_of(before)
    assert bytes_after <= bytes_before


def test_two_choices_take_one_byte():
    pathfinder = get_program("pathfinder")
    _, before = gradient(pathfinder)
    _, after = gradient(pathfinder, ShrinkTapePass())
    assert after * 2 == before > 0
