"""Layouts behind the cache: blocks of records, choices by region, memory allocated."""

import numpy as np
import pytest
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from hwmodel import PRESETS
from tapeflow.backend.execute import Execution, execute
from tapeflow.backend.runtime.execution import Engine
from tapeflow.dialects.tape import AllocateArenaOp, AllocateOp, PushOp
from tapeflow.dialects.tape_types import LAYOUTS, Layout
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerTapeToMemrefPass,
    SplitRecordsPass,
)
from tapeflow.transforms.tape.form_regions import Conditional
from tapeflow.universe import full_context

_ENGINES: tuple[Engine, Engine] = ("compiled", "reference")

MIXED = """
func.func @f(%n: index, %every: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f64
  %s = tape.stack : !tape.stack<i8>
  %t = tape.stack : !tape.stack<f64>
  %u = tape.stack : !tape.stack<i1>
  %v = tape.stack : !tape.stack<f32>
  %w = tape.stack : !tape.stack<index>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    %rest = arith.remui %i, %every : index
    %taken = arith.cmpi eq, %rest, %c1 : index
    scf.if %taken {
      %byte = arith.index_cast %i : index to i8
      %single = arith.truncf %a : f64 to f32
      %bit = arith.cmpf ogt, %a, %half : f64
      tape.push %s, %byte : !tape.stack<i8>
      tape.push %u, %bit : !tape.stack<i1>
      tape.push %w, %i : !tape.stack<index>
      tape.push %v, %single : !tape.stack<f32>
      tape.push %t, %a : !tape.stack<f64>
    }
    %b = math.sin %a : f64
    %c = arith.addf %b, %half : f64
    scf.yield %c : f64
  }
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%r = %last) -> (f64) {
    %before = arith.subi %n, %k : index
    %i = arith.subi %before, %c1 : index
    %rest = arith.remui %i, %every : index
    %taken = arith.cmpi eq, %rest, %c1 : index
    %new = scf.if %taken -> (f64) {
      %a = tape.pop %t : !tape.stack<f64>
      %single = tape.pop %v : !tape.stack<f32>
      %at = tape.pop %w : !tape.stack<index>
      %bit = tape.pop %u : !tape.stack<i1>
      %byte = tape.pop %s : !tape.stack<i8>
      %0 = arith.extf %single : f32 to f64
      %1 = arith.index_cast %at : index to i64
      %2 = arith.sitofp %1 : i64 to f64
      %3 = arith.uitofp %bit : i1 to f64
      %4 = arith.sitofp %byte : i8 to f64
      %5 = arith.mulf %r, %half : f64
      %6 = arith.addf %5, %a : f64
      %7 = arith.addf %6, %0 : f64
      %8 = arith.addf %7, %2 : f64
      %9 = arith.addf %8, %3 : f64
      %10 = arith.addf %9, %4 : f64
      scf.yield %10 : f64
    } else {
      scf.yield %r : f64
    }
    scf.yield %new : f64
  }
  func.return %sum : f64
}
"""
"""Every how many iterations saves one record of each width: 1 never, 2 each second."""


def _module(*passes: ModulePass) -> ModuleOp:
    context = full_context()
    module = parse_module(MIXED, "program.mlir", context)
    for pass_ in passes:
        pass_.apply(context, module)
        module.verify()
    return module


def _run(
    module: ModuleOp, n: int, every: int, engine: Engine = "compiled"
) -> Execution:
    machine = PRESETS["fair"]
    return execute(module, "f", [n, every, 0.7], machine, engine)


@pytest.mark.parametrize("block", [1, 2, 8, 32])
@pytest.mark.parametrize("conditional", ["growing", "bounded"])
@pytest.mark.parametrize(("n", "every"), [(0, 2), (1, 2), (9, 1), (17, 2), (70, 2)])
def test_blocks_keep_every_bit(
    block: int, conditional: Conditional, n: int, every: int
):
    expected = execute(_module(), "f", [n, every, 0.7]).results
    form = FormRegionsPass("aosoa", block, conditional)
    module = _module(form, LowerTapeToMemrefPass())
    compiled, reference = (_run(module, n, every, e) for e in _ENGINES)
    assert compiled.results == reference.results == expected
    assert compiled.counters == reference.counters
    assert compiled.tape_bytes == reference.tape_bytes


def test_blocks_have_no_padding():
    """22 bytes a record of five fields; 24 where records lie together."""
    sizes = {
        layout: sum(
            buffer.size_bytes
            for buffer in _run(
                _module(
                    FormRegionsPass(layout, conditional="bounded"),
                    LowerTapeToMemrefPass(),
                ),
                64,
                2,
            ).addresses
        )
        for layout in LAYOUTS
    }
    assert sizes["soa"] == sizes["aosoa"] == 64 * 22
    assert sizes["aos"] == 64 * 24


def test_what_is_not_taken_takes_no_memory():
    def allocated(every: int, conditional: Conditional, n: int) -> int:
        form = FormRegionsPass("aos", conditional=conditional)
        addresses = _run(_module(form, LowerTapeToMemrefPass()), n, every).addresses
        return sum(buffer.size_bytes for buffer in addresses)

    assert allocated(1, "growing", 1000) == allocated(1, "growing", 0) <= 64
    assert allocated(1, "bounded", 1000) == allocated(2, "bounded", 1000) == 24000
    assert 500 * 24 <= allocated(2, "growing", 1000) <= 4 * 500 * 24


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("conditional", ["growing", "bounded"])
def test_one_allocation_a_region_outside_of_loops(
    layout: Layout, conditional: Conditional
):
    form = FormRegionsPass(layout, conditional=conditional)
    module = _module(form, LowerTapeToMemrefPass())
    kinds = AllocateArenaOp | memref.AllocOp
    allocations = [op for op in module.walk() if isinstance(op, kinds)]
    outside = [op for op in allocations if not _loops_around(op)]
    assert len(outside) == (1 if layout in ("aos", "aosoa") else 5)
    # What grows allocates at its one push, and nowhere else.
    assert len(allocations) == len(outside) * (2 if conditional == "growing" else 1)


def _loops_around(op: Operation) -> bool:
    around = op.parent_op()
    while around is not None and not isinstance(around, scf.ForOp):
        around = around.parent_op()
    return around is not None


def test_layouts_of_single_regions():
    form = FormRegionsPass(layouts="f=aos,f:0=aosoa:16")
    (region,) = (op for op in _module(form).walk() if isinstance(op, AllocateOp))
    assert region.tape.type.layout.data == "aosoa"
    assert region.tape.type.block_records == 16


@pytest.mark.parametrize(
    ("layouts", "problem"),
    [
        ("g=soa", "there is no function 'g'; there are: f"),
        ("f:1=soa", "no tape region 1; there are: 0 [index, f64, f32, i8, i1]"),
        ("f=rows", "'rows' is no layout; layouts: soa, padded-soa, aos, aosoa"),
        ("f=aosoa:3", "power of two"),
        ("f=soa,f=aos", "'f' has two layouts"),
        ("soa", "neither FUNCTION=LAYOUT nor FUNCTION:REGION=LAYOUT"),
    ],
)
def test_unknown_layouts_are_refused(layouts: str, problem: str):
    with pytest.raises(DiagnosticException) as caught:
        _module(FormRegionsPass(layouts=layouts))
    assert problem in str(caught.value)


@pytest.mark.parametrize("bound", [1, 8, 12, 16, 20])
@pytest.mark.parametrize("n", [0, 1, 30])
def test_parts_of_records_keep_every_bit(bound: int, n: int):
    expected = execute(_module(), "f", [n, 2, 0.7]).results
    module = _module(
        FormRegionsPass("aos"),
        SplitRecordsPass(bytes=bound),
        FormLayersPass(1024, 2),
        AssignScratchpadPass(1024, 2),
        FormStreamsPass(),
    )
    assert execute(module, "f", [n, 2, 0.7]).results == expected


WIDE = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  STACKS
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    PUSHES
    %b = math.sin %a : f64
    scf.yield %b : f64
  }
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%r = %last) -> (f64) {
    POPS
    scf.yield %sum0 : f64
  }
  func.return %sum : f64
}
"""


def _wide(fields: int) -> str:
    numbers = range(fields)
    stacks = (f"%s{k} = tape.stack : !tape.stack<f64>" for k in numbers)
    pushes = (
        f"%v{k} = arith.addf %{'a' if k == 0 else f'v{k - 1}'}, %x : f64\n"
        f"tape.push %s{k}, %v{k} : !tape.stack<f64>"
        for k in numbers
    )
    last = fields - 1
    pops = (
        f"%p{k} = tape.pop %s{k} : !tape.stack<f64>\n"
        f"%sum{k} = arith.addf %{'r' if k == last else f'sum{k + 1}'}, %p{k} : f64"
        for k in reversed(numbers)
    )
    text = WIDE.replace("STACKS", "\n".join(stacks))
    return text.replace("PUSHES", "\n".join(pushes)).replace("POPS", "\n".join(pops))


@pytest.mark.parametrize(("fields", "parts"), [(8, 1), (16, 2), (24, 3), (100, 13)])
def test_records_larger_than_a_slot_stream_in_parts(fields: int, parts: int):
    """Two slots of a line each; 100 fields are 12 parts of 8 fields and one of 4."""
    context = full_context()
    module = parse_module(_wide(fields), "program.mlir", context)
    expected = execute(module, "f", [20, 0.3]).results
    capacity_bytes = 128 if fields % parts == 0 else 256
    for pass_ in (
        FormRegionsPass("aos"),
        SplitRecordsPass(capacity_bytes=capacity_bytes, slots=2),
    ):
        pass_.apply(context, module)
    pushes = sum(isinstance(op, PushOp) for op in module.walk())
    if fields % parts == 0:
        assert pushes == parts
    for pass_ in (
        FormLayersPass(capacity_bytes, 2),
        AssignScratchpadPass(capacity_bytes, 2),
        FormStreamsPass(),
    ):
        pass_.apply(context, module)
    result = execute(module, "f", [20, 0.3], PRESETS["fair"])
    assert np.array_equal(result.results, expected)
    assert result.counters is not None
    assert result.counters.dma_transfers > 0
