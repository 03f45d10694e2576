"""Buffers, views and bounds on the reference engine."""

import numpy as np
import pytest

from hwmodel import preset
from tapeflow.backend.runtime.execution_error import ExecutionError

LOAD = """func.func @f(%x: memref<?x3xf64>, %i: index, %j: index) -> f64 {
  %v = memref.load %x[%i, %j] : memref<?x3xf64>
  func.return %v : f64
}"""


def test_arguments_are_changed_in_place(run):
    text = """func.func @f(%x: memref<?xf32>, %i: index, %v: f32) {
  memref.store %v, %x[%i] : memref<?xf32>
  func.return
}"""
    array = np.zeros(3, np.float32)
    run(text, array, 1, 2.5)
    assert array.tolist() == [0.0, 2.5, 0.0]


@pytest.mark.parametrize(("i", "j"), [(2, 0), (0, 3), (-1, 0), (0, -1)])
def test_out_of_bounds_is_an_error_with_numbers(run, i, j):
    array = np.arange(6.0).reshape(2, 3)
    message = rf"index \[{i}, {j}\] is out of bounds of buffer 'x' of shape \[2, 3\]"
    with pytest.raises(ExecutionError, match=message):
        run(LOAD, array, i, j)
    assert run(LOAD, array, 1, 2).results == (5.0,)


def test_a_store_out_of_bounds_changes_nothing(run):
    text = """func.func @f(%x: memref<?xf64>, %i: index, %v: f64) {
  memref.store %v, %x[%i] : memref<?xf64>
  func.return
}"""
    array = np.zeros(2)
    with pytest.raises(ExecutionError, match="out of bounds"):
        run(text, array, 2, 1.0)
    assert array.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("element", "value"),
    [("f64", 0.1), ("f32", 0.5), ("i1", True), ("i8", -128), ("i32", 7), ("index", -9)],
)
def test_every_element_type_of_any_rank(run, element, value):
    text = f"""func.func @f(%v: {element}, %n: index) -> ({element}, {element}) {{
  %one = arith.constant 1 : index
  %p = memref.alloc() : memref<{element}>
  memref.store %v, %p[] : memref<{element}>
  %q = memref.alloca(%n) : memref<2x?x3x{element}>
  memref.store %v, %q[%one, %n_1, %one] : memref<2x?x3x{element}>
  %a = memref.load %p[] : memref<{element}>
  %b = memref.load %q[%one, %n_1, %one] : memref<2x?x3x{element}>
  func.return %a, %b : {element}, {element}
}}""".replace("  %p = ", "  %n_1 = arith.subi %n, %one : index\n  %p = ")
    assert run(text, value, 4).results == (value, value)


def test_fresh_memory_shows_what_nobody_wrote(run):
    text = """func.func @f() -> (f64, i32, i1) {
  %a = memref.alloc() : memref<f64>
  %b = memref.alloc() : memref<i32>
  %c = memref.alloc() : memref<i1>
  %x = memref.load %a[] : memref<f64>
  %y = memref.load %b[] : memref<i32>
  %z = memref.load %c[] : memref<i1>
  func.return %x, %y, %z : f64, i32, i1
}"""
    x, y, z = run(text).results
    assert np.isnan(x) and y == -1 and z


def test_dim_cast_and_copy(run):
    text = """func.func @f(%x: memref<?x3xf64>, %y: memref<?x3xf64>) -> index {
  %zero = arith.constant 0 : index
  "memref.copy"(%x, %y) : (memref<?x3xf64>, memref<?x3xf64>) -> ()
  %c = "memref.cast"(%y) : (memref<?x3xf64>) -> memref<2x3xf64>
  %n = memref.dim %x, %zero : memref<?x3xf64>
  func.return %n : index
}"""
    x, y = np.arange(6.0).reshape(2, 3), np.zeros((2, 3))
    assert run(text, x, y).results == (2,)
    assert (x == y).all()
    with pytest.raises(ExecutionError, match=r"copy a buffer of shape \[2, 3\]"):
        run(text, x, np.zeros((4, 3)))
    with pytest.raises(ExecutionError, match=r"shape \[3, 3\] does not fit"):
        run(text, np.zeros((3, 3)), np.zeros((3, 3)))


SUBVIEW = """
!strided = memref<2x2xf64, strided<[8, 2], offset: ?>>
func.func @f(%x: memref<4x4xf64>, %o: index, %i: index, %j: index) -> f64 {
  %v = memref.subview %x[%o, 1] [2, 2] [2, 2] : memref<4x4xf64> to
      memref<2x2xf64, strided<[8, 2], offset: ?>>
  %r = memref.load %v[%i, %j] : memref<2x2xf64, strided<[8, 2], offset: ?>>
  func.return %r : f64
}""".replace("!strided = memref<2x2xf64, strided<[8, 2], offset: ?>>\n", "")


def test_subviews_have_strides_and_bounds(run):
    x = np.arange(16.0).reshape(4, 4)
    for i in range(2):
        for j in range(2):
            assert run(SUBVIEW, x, 1, i, j).results == (x[1::2, 1::2][i, j],)
    with pytest.raises(ExecutionError, match="leaves buffer 'x'"):
        run(SUBVIEW, x, 2, 0, 0)
    with pytest.raises(ExecutionError, match="out of bounds"):
        run(SUBVIEW, x, 1, 2, 0)


def test_a_row_of_a_matrix(run):
    text = """func.func @f(%x: memref<?x3xf64>, %i: index, %j: index, %v: f64) {
  %row = memref.subview %x[%i, 0] [1, 3] [1, 1] : memref<?x3xf64> to
      memref<3xf64, strided<[1], offset: ?>>
  memref.store %v, %row[%j] : memref<3xf64, strided<[1], offset: ?>>
  func.return
}"""
    x = np.zeros((2, 3))
    run(text, x, 1, 2, 7.0)
    assert x[1, 2] == 7.0 and x.sum() == 7.0


GLOBAL = """
"memref.global"() {sym_name = "table", sym_visibility = "private", constant,
  type = memref<2x2xf64>,
  initial_value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf64>} : () -> ()
"memref.global"() {sym_name = "ones", sym_visibility = "private", constant,
  type = memref<3xi32>, initial_value = dense<1> : tensor<3xi32>} : () -> ()
func.func @f(%i: index) -> (f64, i32) {
  %t = memref.get_global @table : memref<2x2xf64>
  %o = memref.get_global @ones : memref<3xi32>
  %a = memref.load %t[%i, %i] : memref<2x2xf64>
  %b = memref.load %o[%i] : memref<3xi32>
  func.return %a, %b : f64, i32
}"""


def test_constant_globals(run):
    outcome = run(GLOBAL, 1)
    assert outcome.results == (4.0, 1)
    assert [b.name for b in outcome.addresses] == ["table", "ones"]
    stores = GLOBAL.replace(
        "  func.return", "  memref.store %b, %o[%i] : memref<3xi32>\n  func.return"
    )
    with pytest.raises(ExecutionError, match="'ones' is constant"):
        run(stores, 1)


def test_deallocated_buffers_are_gone(run):
    text = """func.func @f() -> f64 {
  %a = memref.alloc() : memref<f64>
  memref.dealloc %a : memref<f64>
  LAST
}"""
    load = "%x = memref.load %a[] : memref<f64>\n  func.return %x : f64"
    with pytest.raises(ExecutionError, match="'a' was deallocated before"):
        run(text.replace("LAST", load))
    twice = "memref.dealloc %a : memref<f64>\n  %x = arith.constant 0.0 : f64\n"
    twice += "  func.return %x : f64"
    with pytest.raises(ExecutionError, match="'a' is deallocated twice"):
        run(text.replace("LAST", twice))


def test_negative_sizes_are_refused(run):
    text = """func.func @f(%n: index) {
  %a = memref.alloc(%n) : memref<?xf64>
  func.return
}"""
    with pytest.raises(ExecutionError, match=r"of shape \[-1\]"):
        run(text, -1)


@pytest.mark.parametrize("machine", [None, preset("fair")])
def test_placement_arguments_first_then_as_they_come(run, machine):
    text = """func.func @f(%x: memref<?xf64>, %n: index, %y: memref<?xi8>) {
  %a = memref.alloc(%n) : memref<?xf32>
  %c = arith.constant 3 : index
  %arena = tape.allocate_arena %c : !tape.arena<[f64, i8]>
  func.return
}"""
    found = run(text, np.zeros(9), 5, np.zeros(1, np.int8), machine=machine).addresses
    assert [(b.name, b.address, b.size_bytes) for b in found] == [
        ("x", 0, 72),
        ("y", 128, 1),
        ("a", 192, 20),
        ("arena", 256, 48),
    ]


def test_a_returned_buffer_comes_out_as_an_array(run):
    text = """func.func @f(%x: memref<2x2xf64>) -> memref<2x2xf64> {
  func.return %x : memref<2x2xf64>
}"""
    x = np.arange(4.0).reshape(2, 2)
    (found,) = run(text, x).results
    assert np.shares_memory(found, x) and (found == x).all()


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        ("strided<[8, 1], offset: ?>", r"strides \[4, 1\] does not fit"),
        ("strided<[4, 1], offset: 3>", "from element 5 on does not fit"),
    ],
)
def test_a_view_must_be_what_its_type_says(run, layout, problem):
    text = f"""func.func @f(%x: memref<4x4xf64>, %o: index) {{
  %v = memref.subview %x[%o, 1] [2, 2] [1, 1] : memref<4x4xf64> to
      memref<2x2xf64, {layout}>
  func.return
}}"""
    with pytest.raises(ExecutionError, match=problem):
        run(text, np.zeros((4, 4)), 1)


def test_arguments_are_row_major(run):
    text = """func.func @f(%x: memref<?x2xf64, strided<[LAYOUT], offset: ?>>) {
  func.return
}"""
    run(text.replace("LAYOUT", "?, 1"), np.zeros((3, 2)))
    with pytest.raises(ExecutionError, match=r"argument 0 .* strides \[2, 1\]"):
        run(text.replace("LAYOUT", "4, 1"), np.zeros((3, 2)))
