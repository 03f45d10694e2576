"""Loops whose iterations overlap: any trip count, changing memory, carried values."""

import numpy as np
import pytest
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import PipelineLoopsPass
from tapeflow.universe import full_context

_TAIL = """
    %p = arith.mulf %e, %e : f64
    %q = arith.divf %p, %two : f64
    %r = arith.subf %q, %e : f64
    %u = arith.mulf %r, %two : f64
    %w = arith.addf %u, %e : f64
"""
"""Enough behind %e that a cut is worth it."""

BODIES = {
    "elements": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %e = math.exp %x : f64
    {_TAIL}
    memref.store %w, %to[%i] : memref<?xf64>
    scf.yield %s, %t : f64, f64
    """,
    "sum": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %e = math.exp %x : f64
    {_TAIL}
    %s2 = arith.addf %s, %w : f64
    scf.yield %s2, %t : f64, f64
    """,
    "early and late sums": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %t2 = arith.addf %t, %x : f64
    %y = arith.mulf %t, %x : f64
    %e = math.sin %y : f64
    {_TAIL}
    %s2 = arith.addf %s, %w : f64
    %s3 = arith.mulf %s2, %t : f64
    scf.yield %s3, %t2 : f64, f64
    """,
    "turns": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %e = math.sin %x : f64
    {_TAIL}
    %s2 = arith.addf %s, %w : f64
    scf.yield %t, %s2 : f64, f64
    """,
    "last one": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %e = math.sin %x : f64
    {_TAIL}
    memref.store %w, %to[%i] : memref<?xf64>
    scf.yield %x, %w : f64, f64
    """,
    "scatter": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %at = arith.remui %i, %three : index
    %e = math.exp %x : f64
    {_TAIL}
    %old = memref.load %to[%at] : memref<?xf64>
    %new = arith.addf %old, %w : f64
    memref.store %new, %to[%at] : memref<?xf64>
    scf.yield %s, %t : f64, f64
    """,
    "reads what it wrote": f"""
    %at = arith.shrui %i, %three : index
    %x = memref.load %to[%at] : memref<?xf64>
    %e = math.sin %x : f64
    {_TAIL}
    memref.store %w, %to[%i] : memref<?xf64>
    %v = arith.addf %s, %w : f64
    scf.yield %v, %t : f64, f64
    """,
    "branch": f"""
    %x = memref.load %from[%i] : memref<?xf64>
    %is = arith.cmpf ogt, %x, %two : f64
    %e = math.sin %x : f64
    {_TAIL}
    %z = scf.if %is -> (f64) {{
      memref.store %x, %to[%i] : memref<?xf64>
      scf.yield %w : f64
    }} else {{
      %old = memref.load %to[%i] : memref<?xf64>
      scf.yield %old : f64
    }}
    %s2 = arith.addf %s, %z : f64
    scf.yield %s2, %t : f64, f64
    """,
}


def _module(body: str, counter: str = "index") -> ModuleOp:
    to_index = {
        "index": "%i = arith.addi %k, %zero : index",
        "i8": "%i = arith.index_cast %k : i8 to index",
    }[counter]
    text = f"""
    func.func @f(%from: memref<?xf64>, %to: memref<?xf64>, %a: {counter}, %n: {counter})
        -> (f64, f64) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : {counter}
      %three = arith.constant 3 : index
      %two = arith.constant 2.0 : f64
      %s0, %t0 = scf.for %k = %a to %n step %one
          iter_args(%s = %two, %t = %two) -> (f64, f64)
          {": " + counter if counter != "index" else ""} {{
        {to_index}
        {body}
      }}
      func.return %s0, %t0 : f64, f64
    }}
    """
    return parse_module(text, "program.mlir", full_context())


def _outcome(module: ModuleOp, first: int, end: int) -> list[bytes]:
    values = np.linspace(0.3, 4.1, 130)
    buffers = values, values[::-1].copy()
    found = execute(module, "f", [*buffers, first, end], None, "compiled")
    again = [array.copy() for array in (values, values[::-1])]
    other = execute(module, "f", [*again, first, end], None, "reference")
    assert found.results == other.results
    np.testing.assert_array_equal(buffers[1], again[1])
    return [np.array(found.results).tobytes(), buffers[1].tobytes()]


def _is_cut(module: ModuleOp) -> bool:
    return any(isinstance(op, scf.IfOp) and op.results for op in module.walk())


@pytest.mark.parametrize("stages", [2, 4])
@pytest.mark.parametrize("name", BODIES)
def test_each_trip_count_gives_the_same_bits(name: str, stages: int):
    plain, cut = _module(BODIES[name]), _module(BODIES[name])
    PipelineLoopsPass(stages).apply(full_context(), cut)
    cut.verify()
    loops = [op for op in cut.walk() if isinstance(op, scf.ForOp)]
    operations = [op for op in cut.walk() if isinstance(op, arith.DivfOp)]
    assert len(loops) == 1
    # Only where iterations depend on each other from end to end nothing is cut.
    assert (len(operations) == 1) == (name == "reads what it wrote")
    for first, end in ((0, 0), (3, 2), (0, 1), (0, 2), (0, 3), (2, 7), (0, 60)):
        assert _outcome(cut, first, end) == _outcome(plain, first, end), (first, end)


def test_narrow_counters_end_where_their_type_does():
    plain, cut = (_module(BODIES["sum"], "i8") for _ in range(2))
    PipelineLoopsPass().apply(full_context(), cut)
    assert _is_cut(cut)
    for first, end in ((0, 127), (126, 127), (127, 127), (-128, -128), (5, -5)):
        assert _outcome(cut, first, end) == _outcome(plain, first, end), (first, end)


def test_what_is_new_lies_where_the_loop_does():
    module = _module(BODIES["sum"])
    (loop,) = (op for op in module.walk() if isinstance(op, scf.ForOp))
    where = loop.location
    PipelineLoopsPass().apply(full_context(), module)
    added = (scf.ForOp, scf.IfOp, arith.CmpiOp)
    found = [op.location for op in module.walk() if isinstance(op, added)]
    assert found == [where] * 3


def test_loops_of_other_steps_stay():
    """The number after the last could be beyond what an index holds."""
    text = str(_module(BODIES["sum"])).replace(
        "arith.constant 1 :", "arith.constant 2 :"
    )
    module = parse_module(text, "program.mlir", full_context())
    before = str(module)
    PipelineLoopsPass(4).apply(full_context(), module)
    assert str(module) == before


def test_a_thousand_accesses_to_what_the_loop_writes_stay_together():
    lines = [
        f"%x{n} = memref.load %to[%i] : memref<?xf64>\n"
        f"memref.store %x{n}, %to[%i] : memref<?xf64>"
        for n in range(1000)
    ]
    body = "\n".join([*lines, "scf.yield %s, %t : f64, f64"])
    module = _module(body)
    PipelineLoopsPass().apply(full_context(), module)
    assert not _is_cut(module)
