"""Addresses that cost nothing: accesses and what else is computed remain."""

import numpy as np

from hwmodel import PRESETS
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import WaiveAddressesPass
from tapeflow.universe import full_context

TEXT = """func.func @f(%x: memref<?x?xf64>, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> (index) {
    %i1 = arith.addi %i, %c1 : index
    %both = arith.muli %i, %c1 : index
    %v = memref.load %x[%i, %i1] : memref<?x?xf64>
    memref.store %v, %x[%i1, %both] : memref<?x?xf64>
    scf.yield %both : index
  }
  func.return %r : index
}"""


def test_only_arithmetic_of_addresses_is_free() -> None:
    n = 5
    module = parse_module(TEXT, "f.mlir", full_context())
    counted: dict[str, int] = {}
    outcomes: set[bytes] = set()
    for name in ("as written", "waived", "compiled"):
        if name == "waived":
            WaiveAddressesPass().apply(full_context(), module)
        x = np.arange(36.0).reshape(6, 6)
        engine = "compiled" if name == "compiled" else "reference"
        counters = execute(module, "f", [x, n], PRESETS["fair"], engine).counters
        assert counters is not None
        counted[name] = counters.operations
        outcomes.add(x.tobytes())
    assert len(outcomes) == 1
    # Loop control, %i1, %both, two addresses of two operations, two accesses.
    assert counted["as written"] == (2 + 1 + 1 + 4 + 2) * n
    # %both is returned.
    assert counted["waived"] == counted["compiled"] == (2 + 1 + 2) * n
