"""The fast walk is that of xDSL; classes answer for side effects as operations do."""

from pathlib import Path

import pytest
from xdsl import traits
from xdsl.dialects import arith
from xdsl.rewriter import Rewriter

from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.frontend.reader import parse_module, read_module
from tapeflow.programs.registry import PROGRAMS
from tapeflow.universe import full_context

BLOCKS = """func.func private @outside(index) -> index
func.func @f(%n: index, %p: i1) -> index {
  %e = scf.execute_region -> index {
    cf.cond_br %p, ^a, ^b
  ^a:
    cf.br ^b
  ^b:
    %m = arith.addi %n, %n : index
    scf.yield %m : index
  }
  %q = scf.if %p -> (index) {
    scf.yield %n : index
  } else {
    %r = func.call @outside(%n) : (index) -> index
    scf.yield %r : index
  }
  %s = scf.if %p -> (index) {
    %d = arith.divui %n, %q : index
    scf.yield %d : index
  } else {
    scf.yield %n : index
  }
  return %s : index
}"""


@pytest.mark.parametrize("path", [None, *(p.source_path for p in PROGRAMS)])
def test_walks_and_side_effects(path: Path | None) -> None:
    context = full_context()
    module = (
        parse_module(BLOCKS, "f.mlir", context)
        if path is None
        else read_module(path, context)
    )
    found = [*operations_in(module)]
    assert found == [*module.walk()]
    for op in found:
        assert [*operations_in(op)] == [*op.walk()]
        assert is_side_effect_free(op) == traits.is_side_effect_free(op)


def test_the_current_operation_may_be_erased() -> None:
    module = parse_module(
        """func.func @f() {
          %0 = arith.constant 1 : index
          %1 = arith.constant 2 : index
          return
        }""",
        "f.mlir",
        full_context(),
    )
    for op in operations_in(module):
        if isinstance(op, arith.ConstantOp):
            Rewriter.erase_op(op)
    assert [op.name for op in module.walk()] == [
        "builtin.module",
        "func.func",
        "func.return",
    ]
