"""Functions in modules inside a module."""

from pathlib import Path

from tapeflow.frontend.reader import read_module
from tapeflow.universe import full_context

FUNCTION = "func.func @f(%x: f64) -> f64 { return %x : f64 }"


def test_functions_of_inner_modules_are_found(tmp_path: Path) -> None:
    file = tmp_path / "f.mlir"
    file.write_text(f"module {{ module @inner {{ {FUNCTION} }} }}")
    module = read_module(file, full_context())
    assert [op.name for op in module.ops] == ["func.func"]


def test_a_name_given_twice_keeps_modules_apart(tmp_path: Path) -> None:
    file = tmp_path / "f.mlir"
    file.write_text(f"module {{ {FUNCTION} module @inner {{ {FUNCTION} }} }}")
    module = read_module(file, full_context())
    assert [op.name for op in module.ops] == ["func.func", "builtin.module"]
