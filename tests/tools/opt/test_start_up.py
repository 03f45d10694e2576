"""What a command does not need for its file is not imported."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

TEXT = """\
func.func @f(%x: f64) -> f64 {
  %0 = arith.mulf %x, %x : f64
  func.return %0 : f64
}
"""
LINALG = """\
func.func @f(%x: memref<3xf64>, %v: f64) {
  linalg.fill ins(%v : f64) outs(%x : memref<3xf64>)
  func.return
}
"""
HEAVY = ("click", "igraph", "llvmlite", "numba", "numpy", "rich", "sympy")


def imported(tool: str, *arguments: str | Path) -> set[str]:
    """The modules that a run of a command has imported in the end."""
    shown = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"from {tool} import main\n"
        "main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", shown, *map(str, arguments)],
        capture_output=True,
        text=True,
        # What users have; measuring test coverage would import more.
        env=os.environ | {"TAPEFLOW_VERIFY_EACH": "0"},
    )
    assert run.returncode == 0, run.stderr
    return set(run.stderr.splitlines()[-1].split())


def found(names: Sequence[str], modules: set[str]) -> list[str]:
    """Those names that are among the modules."""
    return [name for name in names if name in modules]


@pytest.mark.parametrize("options", [(), ("-p", "cse")])
def test_tapeflow_opt_on_scalars(tmp_path: Path, options: tuple[str, ...]):
    program = tmp_path / "f.mlir"
    program.write_text(TEXT)
    modules = imported("tapeflow.tools.opt.command", program, *options)
    assert found([*HEAVY, "xdsl.dialects.linalg"], modules) == []
    assert "xdsl.dialects.arith" in modules


def test_tapeflow_opt_on_linalg(tmp_path: Path):
    program = tmp_path / "f.mlir"
    program.write_text(LINALG)
    modules = imported("tapeflow.tools.opt.command", program)
    assert "xdsl.dialects.linalg" in modules
    assert found(HEAVY, modules) == []


def test_a_gradient_of_scalars(tmp_path: Path):
    program, inputs = tmp_path / "f.mlir", tmp_path / "in.npz"
    program.write_text(TEXT)
    np.savez(inputs, allow_pickle=False, arg0=2.0)
    options = ("--wrt", "0", "--inputs", inputs, "--output", tmp_path / "out.npz")
    modules = imported("tapeflow.tools.main", "grad", program, *options)
    unneeded = ("igraph", "rich", "sympy", "xdsl.dialects.linalg")
    assert found(unneeded, modules) == []
