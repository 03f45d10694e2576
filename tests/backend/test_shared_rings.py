"""Rings that are in use together and share bytes are an error on both engines."""

import pytest
from xdsl.dialects.func import FuncOp

from hwmodel import preset
from tapeflow.analysis.streams.check import check_streams
from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import AssignScratchpadPass
from tapeflow.universe import full_context

RINGS = """
func.func @inner(%x: f64) -> f64 {
  %c1 = arith.constant 1 : index
  %base = arith.constant INNER : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base INNER>
  spm.store %x, %ring[%base] field 0 : !spm.ring<[f64], tile 8, slots 1, base INNER>
  %y = spm.load %ring[%base] field 0 : !spm.ring<[f64], tile 8, slots 1, base INNER>
  func.return %y : f64
}
func.func @between(%x: f64) -> f64 {
  %y = func.call @inner(%x) : (f64) -> f64
  func.return %y : f64
}
func.func @outer(%x: f64, %calls: i1) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %before = func.call @between(%x) : (f64) -> f64
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  spm.store %before, %ring[%c0] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  scf.if %calls {
    %again = func.call @between(%x) : (f64) -> f64
    scf.yield
  }
  %y = spm.load %ring[%c0] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return %y : f64
}
"""
ENGINES = ("reference", "compiled")
REGIONS = """
func.func @inner(%x: f64) -> f64 {
  %c1 = arith.constant 1 : index
  %t = tape.allocate %c1 : !tape.region<[f64], aos, tile 8>
  tape.push %t, %x : !tape.region<[f64], aos, tile 8>
  %y = tape.pop %t : !tape.region<[f64], aos, tile 8>
  func.return %y : f64
}
func.func @outer(%x: f64) -> f64 {
  %c1 = arith.constant 1 : index
  %t = tape.allocate %c1 : !tape.region<[f64], aos, tile 8>
  tape.push %t, %x : !tape.region<[f64], aos, tile 8>
  %z = func.call @inner(%x) : (f64) -> f64
  %y = tape.pop %t : !tape.region<[f64], aos, tile 8>
  %sum = arith.addf %y, %z : f64
  func.return %sum : f64
}
"""


def module_of(text: str):
    module = parse_module(text, "rings.mlir", full_context())
    module.verify()
    return module


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_may_not_take_the_bytes_of_a_ring_in_use(engine: Engine) -> None:
    module = module_of(RINGS.replace("INNER", "0"))
    (result,) = execute(module, "outer", [1.5, 0], engine=engine).results
    assert result == 1.5
    with pytest.raises(ExecutionError, match="where a ring of @inner lies") as error:
        execute(module, "outer", [1.5, 1], engine=engine)
    assert ":21:" in str(error.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_rings_of_caller_and_callee_side_by_side(engine: Engine) -> None:
    module = module_of(RINGS.replace("INNER", "64"))
    (result,) = execute(module, "outer", [1.5, 1], engine=engine).results
    assert result == 1.5


@pytest.mark.parametrize("engine", ENGINES)
def test_two_rings_of_one_function(engine: Engine) -> None:
    second = "%r = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>"
    text = RINGS.replace("INNER", "0").replace(
        "  func.return", f"  {second}\n  func.return", 1
    )
    with pytest.raises(ExecutionError, match="where another ring lies"):
        execute(module_of(text), "inner", [1.5], engine=engine)


def siblings() -> str:
    """Two functions with a ring of their own, which a third one calls in turn."""
    inner = REGIONS.partition("func.func @outer")[0]
    calls = "\n".join(
        f"%y{at} = func.call @{name}(%x) : (f64) -> f64"
        for at, name in enumerate(("inner", "other", "inner"))
    )
    both = inner + inner.replace("@inner", "@other").replace("tile 8", "tile 16")
    return f"""{both}
    func.func @outer(%x: f64) -> f64 {{
      {calls}
      %sum = arith.addf %y0, %y1 : f64
      %all = arith.addf %sum, %y2 : f64
      func.return %all : f64
    }}"""


def test_rings_that_are_not_in_use_together_share_bytes_of_a_machine() -> None:
    module = module_of(siblings())
    AssignScratchpadPass(128).apply(full_context(), module)
    fair = preset("fair")
    runs = [execute(module, "outer", [1.5], fair, engine=name) for name in ENGINES]
    assert [run.results for run in runs] == [(4.5,), (4.5,)]
    assert runs[0].counters == runs[1].counters


@pytest.mark.parametrize("engine", ENGINES)
def test_a_machine_tells_of_bytes_in_use_where_they_are_taken(engine: Engine) -> None:
    module = module_of(RINGS.replace("INNER", "0"))
    fair = preset("fair")
    (result,) = execute(module, "outer", [1.5, 0], fair, engine=engine).results
    assert result == 1.5
    with pytest.raises(ExecutionError, match="give each ring bytes of its own"):
        execute(module, "outer", [1.5, 1], fair, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_assigned_rings_of_caller_and_callee(engine: Engine) -> None:
    module = module_of(REGIONS)
    AssignScratchpadPass(128).apply(full_context(), module)
    for function in module.ops:
        assert isinstance(function, FuncOp)
        assert [verdict.answer for verdict in check_streams(function)] == ["proved"]
    (result,) = execute(module, "outer", [1.5], engine=engine).results
    assert result == 3.0
