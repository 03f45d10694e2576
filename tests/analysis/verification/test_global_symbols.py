"""Globals that are asked for exist, and have the type that is expected."""

import pytest
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.diagnostics import message_of
from tapeflow.universe import full_context

TABLE = """"memref.global"() <{sym_name = "t", type = memref<4xf64>,
  sym_visibility = "private", initial_value = dense<1.0> : tensor<4xf64>}> : () -> ()
"""


ASKED = "  %t = memref.get_global @t : memref<4xf64>"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("@u : memref<4xf64>", "there is no global buffer @u"),
        ("@f : memref<4xf64>", "there is no global buffer @f"),
        ("@t : memref<5xf64>", "global buffer @t is memref<4xf64>, not memref<5xf64>"),
        ("@t : memref<4xf32>", "global buffer @t is memref<4xf64>, not memref<4xf32>"),
    ],
)
def test_globals_that_are_not_there(asked: str, message: str) -> None:
    text = (
        f"{TABLE}func.func @f() {{\n  %t = memref.get_global {asked}\n  func.return }}"
    )
    module = parse_module(text, "f.mlir", full_context())
    with pytest.raises(VerifyException) as caught:
        verify_module(module)
    told = message_of(caught.value)
    assert told.place == "f.mlir:4:8"
    assert told.text == f"'memref.get_global': {message}"


def test_a_global_that_is_there() -> None:
    text = f"{TABLE}func.func @f() {{\n{ASKED}\n  func.return }}"
    verify_module(parse_module(text, "f.mlir", full_context()))
