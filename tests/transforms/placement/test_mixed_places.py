"""Regions of one function in different places: every combination means the same."""

import itertools
from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.passes import ModulePass

from hwmodel import override, preset
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import execute
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import PLACES, TAPE_PLACE, TAPE_SLOTS, TAPE_TILE
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerSpmToBlockingPass,
    LowerTapeToMemrefPass,
)
from tapeflow.universe import full_context

# Three regions: one a loop alone, one in a triangle, one behind a branch.
PROGRAM = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f64
  %inner = tape.stack : !tape.stack<f64>
  %outer = tape.stack : !tape.stack<f64>
  %taken = tape.stack : !tape.stack<i1>
  %rare = tape.stack : !tape.stack<f32>
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    %b = scf.for %j = %c0 to %i step %c1 iter_args(%c = %a) -> (f64) {
      %d = math.sin %c : f64
      tape.push %inner, %c : !tape.stack<f64>
      scf.yield %d : f64
    }
    %e = arith.addf %b, %half : f64
    %p = arith.cmpf ogt, %e, %half : f64
    tape.push %outer, %b : !tape.stack<f64>
    tape.push %taken, %p : !tape.stack<i1>
    scf.if %p {
      %h = arith.truncf %e : f64 to f32
      tape.push %rare, %h : !tape.stack<f32>
    }
    scf.yield %e : f64
  }
  ad.turn
  %z = scf.for %k = %c0 to %n step %c1 iter_args(%a = %y) -> (f64) {
    %p = tape.pop %taken : !tape.stack<i1>
    %o = tape.pop %outer : !tape.stack<f64>
    %w = scf.if %p -> (f64) {
      %h = tape.pop %rare : !tape.stack<f32>
      %v = arith.extf %h : f32 to f64
      scf.yield %v : f64
    } else {
      scf.yield %half : f64
    }
    %q = arith.mulf %a, %o : f64
    %b = arith.addf %q, %w : f64
    %r = arith.subi %n, %k : index
    %trips = arith.subi %r, %c1 : index
    %c = scf.for %j = %c0 to %trips step %c1 iter_args(%d = %b) -> (f64) {
      %v = tape.pop %inner : !tape.stack<f64>
      %e = math.cos %v : f64
      %g = arith.addf %d, %e : f64
      scf.yield %g : f64
    }
    scf.yield %c : f64
  }
  func.return %z : f64
}
"""
REGIONS = 3
LENGTH = 20
MACHINE = override(preset("wide"), "scratchpad.capacity_bytes=8192")


def _placed(
    places: Sequence[str], slots: Sequence[int], text: str = PROGRAM
) -> ModuleOp:
    """The program with the places of its regions written on them."""
    context = full_context()
    module = parse_module(text, "program.mlir", context)
    FormRegionsPass("aos").apply(context, module)
    regions = [op for op in module.walk() if isinstance(op, AllocateOp)]
    for region, place, count in zip(regions, places, slots, strict=True):
        region.attributes[TAPE_PLACE] = StringAttr(place)
        if place == "stream":
            region.attributes[TAPE_SLOTS] = IntegerAttr(count, i64)
            region.attributes[TAPE_TILE] = IntegerAttr(5, i64)
    return module


COMBINATIONS = list(enumerate(itertools.product(PLACES, repeat=REGIONS)))


def _passes(streams: ModulePass, order: int = 0) -> list[ModulePass]:
    """The lowering of what is behind the cache may come at any time, by number."""
    passes = [FormLayersPass(8192, 2), AssignScratchpadPass(8192, 2), streams]
    passes.insert(1 + order % 3, LowerTapeToMemrefPass())
    return passes


def _check(module: ModuleOp, passes: Sequence[ModulePass]) -> None:
    """Run it after every pass, at the end on both engines and the machine."""
    context = full_context()
    arguments = (LENGTH, 0.3)
    expected = execute(module, "f", arguments).results
    for pass_ in passes:
        pass_.apply(context, module)
        module.verify()
        verify_dominance(module)
        after = execute(module, "f", arguments, engine="reference")
        assert after.results == expected
    reference, compiled = (
        execute(module, "f", arguments, MACHINE, engine)
        for engine in ("reference", "compiled")
    )
    assert reference.results == compiled.results == expected
    assert reference.counters == compiled.counters
    assert reference.tape_bytes == compiled.tape_bytes


@pytest.mark.parametrize(("number", "places"), COMBINATIONS)
def test_every_combination_of_places(number: int, places: tuple[str, ...]):
    _check(_placed(places, (2, 1, 3)), _passes(FormStreamsPass(), number))


@pytest.mark.parametrize(("number", "places"), COMBINATIONS)
def test_blocking_transfers_beside_memory(number: int, places: tuple[str, ...]):
    _check(_placed(places, (1, 1, 1)), _passes(LowerSpmToBlockingPass(), number))


def test_what_stays_in_the_scratchpad_is_never_transferred():
    known = f"func.func @f(%x: f64) -> f64 {{\n  %n = arith.constant {LENGTH} : index"
    text = PROGRAM.replace("func.func @f(%n: index, %x: f64) -> f64 {", known)
    module = _placed(["scratchpad"] * REGIONS, [1] * REGIONS, text)
    for pass_ in _passes(FormStreamsPass()):
        pass_.apply(full_context(), module)
    counters = execute(module, "f", (0.3,), MACHINE).counters
    assert counters is not None
    assert counters.scratchpad_writes > LENGTH * (LENGTH - 1) // 2
    assert counters.dma_transfers == 0
