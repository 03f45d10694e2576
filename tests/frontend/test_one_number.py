"""Constants of which all elements are one number."""

import tracemalloc

import pytest
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr

from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

EXTENT = 512


def _contents(text: str) -> DenseIntOrFPElementsAttr:
    module = parse_module(text, "f.mlir", full_context())
    attribute = next(iter(module.ops)).properties["initial_value"]
    assert isinstance(attribute, DenseIntOrFPElementsAttr)
    return attribute


@pytest.mark.parametrize(
    ("number", "type_", "value"),
    [
        ("-1.5", "f64", -1.5),
        ("0x7FF0000000000000", "f64", float("inf")),
        ("7", "i32", 7),
        ("true", "i1", -1),
    ],
)
def test_all_elements_are_the_number(number: str, type_: str, value: float) -> None:
    given = _contents(f"memref.global @g : memref<2x3x{type_}> = dense<{number}>")
    assert given.get_shape() == (2, 3)
    every = [number] * 3
    rows = f"[[{', '.join(every)}], [{', '.join(every)}]]"
    listed = _contents(f"memref.global @g : memref<2x3x{type_}> = dense<{rows}>")
    assert given == listed
    assert value in given.get_values() or type_ == "i1"


def test_it_costs_the_bytes_that_it_stands_for() -> None:
    tracemalloc.start()
    _contents(f"memref.global @g : memref<{EXTENT}x{EXTENT}xf64> = dense<0.5>")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * 8 * EXTENT * EXTENT
