"""Arguments that do not fit are refused with number, expectation and next step."""

import numpy as np
import pytest

from tapeflow.backend.execute import execute
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

TEXT = """func.func @f(%x: memref<?x2xf64>, %n: index, %k: i8, %b: i1, %s: f32) -> f32 {
  func.return %s : f32
}"""


def arguments(**changes: object) -> list[object]:
    values: dict[str, object] = {
        "x": np.zeros((3, 2)),
        "n": 3,
        "k": np.int64(-128),
        "b": np.bool_(True),
        "s": np.array(0.1),
    }
    return list((values | changes).values())


def test_scalars_of_other_types_are_taken_if_nothing_is_lost(run):
    assert run(TEXT, *arguments()).results == (np.float32(0.1),)
    assert run(TEXT, *arguments(n=np.int32(2), k=5, b=1)).results


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": np.zeros((3, 2), np.float32)}, r"astype\(numpy.float64\)"),
        (
            {"x": np.zeros((3, 3))},
            r"shape \(\?, 2\), got .* shape \(3, 3\); reshape it",
        ),
        ({"x": np.zeros(6)}, "reshape it"),
        ({"x": np.zeros((2, 3)).T}, "contiguous in C order; pass a copy"),
        ({"x": [[1.0, 2.0]]}, "got a list; pass an array"),
        ({"n": 1.5}, "expected an integer, got 1.5 of type float"),
        ({"n": "3"}, "expected a scalar, got '3' of type str"),
        ({"n": np.zeros(2, np.int64)}, "expected a scalar"),
        ({"k": 128}, "128 of type int does not fit i8"),
        ({"b": 2}, "2 of type int does not fit i1"),
        ({"s": None}, "expected a scalar, got None"),
    ],
)
def test_misfits_are_named(run, changes, message):
    (name,) = changes
    number = "xnkbs".index(name)
    place = rf"argument {number} \(%{name}\): "
    with pytest.raises(ExecutionError, match=f"{place}.*{message}"):
        run(TEXT, *arguments(**changes))


def test_read_only_arrays_are_refused(run):
    x = np.zeros((3, 2))
    x.flags.writeable = False
    with pytest.raises(ExecutionError, match="must be writeable"):
        run(TEXT, *arguments(x=x))


def test_the_number_of_arguments(run):
    with pytest.raises(ExecutionError, match="@f takes 5 arguments, but 1 were given"):
        run(TEXT, np.zeros((3, 2)))


def test_overlapping_arrays_are_refused(run):
    text = "func.func @f(%x: memref<?xf64>, %y: memref<?xf64>) {\n  func.return\n}"
    x = np.zeros(4)
    with pytest.raises(ExecutionError, match="arguments 0 and 1 share memory"):
        run(text, x, x[1:])


@pytest.mark.parametrize("name", ["g", "h"])
def test_a_function_with_a_body_is_needed(parse, name):
    module = parse("func.func private @h()")
    with pytest.raises(ExecutionError, match=f"no function @{name} with a body"):
        execute(module, name, ())


def test_errors_say_where():
    text = """func.func @f(%x: memref<?xf64>, %i: index) -> f64 {
  %v = memref.load %x[%i] : memref<?xf64>
  func.return %v : f64
}"""
    module = parse_module(text, "where.mlir", full_context())
    with pytest.raises(ExecutionError) as caught:
        execute(module, "f", (np.zeros(2), 2))
    assert str(caught.value).startswith("where.mlir:2:8: error: index [2] is out of")
