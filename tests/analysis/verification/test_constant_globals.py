"""Writes to constant globals are refused, by whatever name they come."""

import pytest
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.diagnostics import message_of
from tapeflow.universe import full_context

T = "memref<4xf64>"
PART = "memref<2xf64, strided<[1], offset: 1>>"
HEAD = f""""memref.global"() <{{sym_name = "g", type = {T}, constant,
  sym_visibility = "private", initial_value = dense<1.0> : tensor<4xf64>}}> : () -> ()
func.func private @elsewhere({T}) -> {T}
func.func @writes_second(%a: {T}, %b: {T}) -> {T} {{
  memref.copy %a, %b : {T} to {T}
  func.return %b : {T}
}}
func.func @names() -> {T} {{
  %g = memref.get_global @g : {T}
  func.return %g : {T}
}}
"""
WRITES = {
    "store": f"memref.store %h, %g[%c0] : {T}",
    "copy": f"memref.copy %m, %g : {T} to {T}",
    "view": f"""%v = memref.subview %g[1] [2] [1] : {T} to {PART}
  memref.store %h, %v[%c0] : {PART}""",
    "select": f"""%v = arith.select %p, %g, %m : {T}
  memref.store %h, %v[%c0] : {T}""",
    "branch": f"""%v = scf.if %p -> ({T}) {{
    scf.yield %m : {T}
  }} else {{
    scf.yield %g : {T}
  }}
  memref.store %h, %v[%c0] : {T}""",
    "swapped": f"""%v, %w = scf.for %i = %c0 to %n step %n
      iter_args(%a = %g, %b = %m) -> ({T}, {T}) {{
    memref.store %h, %b[%c0] : {T}
    scf.yield %b, %a : {T}, {T}
  }}""",
    "callee": f"%v = func.call @writes_second(%m, %g) : ({T}, {T}) -> {T}",
    "returned": f"""%v = func.call @names() : () -> {T}
  memref.store %h, %v[%c0] : {T}""",
    "affine store": f"affine.store %h, %g[%n] : {T}",
    "linalg": f"linalg.fill ins(%h : f64) outs(%g : {T})",
}
READS = {
    "loads": f"%v = memref.load %g[%c0] : {T}",
    "copied from": f"memref.copy %g, %m : {T} to {T}",
    "affine load": f"%v = affine.load %g[%n] : {T}",
    "input of linalg": f"linalg.exp ins(%g : {T}) outs(%m : {T})",
    "input of linalg.generic": f"""linalg.generic {{
    indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
    iterator_types = ["parallel"]}} ins(%g : {T}) outs(%m : {T}) {{
  ^bb0(%u: f64, %v: f64):
    linalg.yield %u : f64
  }}""",
    "a view": f"""%a = memref.assume_alignment %g, 8 : {T}
  %d = memref.dim %a, %c0 : {T}
  %v = memref.subview %a[1] [2] [1] : {T} to {PART}
  %r = memref.load %v[%c0] : {PART}""",
    "what a call returns": f"""%v = func.call @writes_second(%g, %m) : ({T}, {T}) -> {T}
  memref.store %h, %v[%c0] : {T}""",
    "elsewhere": f"%v = func.call @elsewhere(%g) : ({T}) -> {T}",
    "another one": f"memref.store %h, %m[%c0] : {T}",
}


def check(body: str) -> None:
    text = f"""{HEAD}func.func @f(%m: {T}, %h: f64, %p: i1, %n: index) {{
  %c0 = arith.constant 0 : index
  %g = memref.get_global @g : {T}
  {body}
  func.return
}}"""
    verify_module(parse_module(text, "f.mlir", full_context()))


@pytest.mark.parametrize("name", WRITES)
def test_writes(name: str) -> None:
    with pytest.raises(VerifyException) as caught:
        check(WRITES[name])
    told = message_of(caught.value)
    assert "this may write to @g, which is constant" in told.text
    assert told.place is not None


@pytest.mark.parametrize("name", READS)
def test_reads(name: str) -> None:
    check(READS[name])
