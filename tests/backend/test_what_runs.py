"""The differentiator takes what the engines run: one list of operations and types."""

import pytest
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.verification.what_runs import RUNNABLE, STORED_BITS
from tapeflow.backend.compiled.emit.source import RULES
from tapeflow.backend.reference.buffers import CopyFunctions, MemrefFunctions
from tapeflow.backend.reference.calls import AdFunctions, CfFunctions, FuncFunctions
from tapeflow.backend.reference.control import ScfFunctions
from tapeflow.backend.reference.rings import SpmFunctions, TransferFunctions
from tapeflow.backend.reference.scalars import ScalarFunctions
from tapeflow.backend.reference.tapes import ArenaFunctions, TapeFunctions
from tapeflow.backend.reference.views import ViewFunctions
from tapeflow.backend.runtime.scalar_types import storage_dtype
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context

REFERENCE = (
    *(AdFunctions, FuncFunctions, CopyFunctions, MemrefFunctions, ScalarFunctions),
    *(ScfFunctions, SpmFunctions, TransferFunctions, ArenaFunctions, TapeFunctions),
    CfFunctions,
    ViewFunctions,
)
RULES_OF: dict[str, set[type[Operation]]] = {
    "compiled": set(RULES),
    "reference": {
        op_class
        for functions in REFERENCE
        for op_class, _ in object.__new__(functions)._impls()
    },
}


@pytest.mark.parametrize("engine", RULES_OF)
def test_engines_know_what_can_run(engine: str) -> None:
    own = {op for op in RULES_OF[engine] if op not in RUNNABLE}
    assert set(RUNNABLE) <= RULES_OF[engine]
    assert {op.name.split(".")[0] for op in own} <= {
        "ad",
        "address",
        "tape",
        "spm",
        "stream",
    }


def test_widths_that_buffers_hold() -> None:
    widths = [n for n in range(1, 129) if storage_dtype(IntegerType(n)) is not None]
    assert widths == [*STORED_BITS]


BODIES = {
    "memref.view": """
  %v = "memref.view"(%m, %c0) <{operandSegmentSizes = array<i32: 1, 1, 0>}>
    : (memref<8xi8>, index) -> memref<1xi64>
  %n = memref.load %v[%c0] : memref<1xi64>""",
    "memref.extract_strided_metadata": """
  %b, %o, %s, %t = memref.extract_strided_metadata %m
    : memref<8xi8> -> memref<i8>, index, index, index""",
    "memref.atomic_rmw": """
  %n = "memref.atomic_rmw"(%one, %m, %c0) <{kind = 1 : i64}>
    : (i8, memref<8xi8>, index) -> i8""",
    "memref.alloca_scope": """
  "memref.alloca_scope"() ({
    "memref.alloca_scope.return"() : () -> ()
  }) : () -> ()""",
    "from the beginning of a buffer": """
  %n = scf.for %i = %c0 to %c0 step %c1 iter_args(%a = %m) -> (memref<8xi8>) {
    %q = memref.reinterpret_cast %a to offset: [0], sizes: [4], strides: [1]
      : memref<8xi8> to memref<4xi8, strided<[1]>>
    scf.yield %a : memref<8xi8>
  }""",
    "new memory is contiguous": "  %n = memref.alloc() : memref<4xi8, strided<[2]>>",
    "new memory": "  %n = memref.alloca() : memref<4xi8, strided<[1], offset: 2>>",
    "i128": "  %n = arith.extsi %one : i8 to i128",
    "i7": "  %n = memref.alloc() : memref<2xi7>",
    "vector<2xi8>": "  %n = arith.constant dense<1> : vector<2xi8>",
    "memory layout": """
  %n = memref.alloc() : memref<4xi8, affine_map<(d0) -> (d0 floordiv 2)>>""",
}


@pytest.mark.parametrize("name", BODIES)
def test_what_no_engine_runs_is_not_differentiated(name: str) -> None:
    text = f"""func.func @f(%x: f64, %m: memref<8xi8>) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1 : i8
{BODIES[name]}
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}}"""
    context = full_context()
    request = f"{text}\nad.gradient @f_grad of @f wrt [0]"
    module = parse_module(request, "f.mlir", context)
    with pytest.raises(DiagnosticException, match=name):
        DifferentiatePass().apply(context, module)
