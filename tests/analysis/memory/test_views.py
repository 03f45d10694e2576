"""Which indices of a view may be one element, and what views are of."""

import pytest

from tapeflow.analysis.memory.views import (
    may_be_given_overlap,
    may_overlap_itself,
    reinterpret_problem,
    whole_of,
)


def reinterpreted(sizes: str, strides: str) -> str:
    """%v of the memory of %x; `?` in the type for what is no number."""

    def told(numbers: str) -> list[str]:
        return ["?" if "%" in one else one for one in numbers.split(", ")]

    type_ = f"{'x'.join(told(sizes))}xf64, strided<[{', '.join(told(strides))}]>"
    return (
        f"%v = memref.reinterpret_cast %x to offset: [0], sizes: [{sizes}], "
        f"strides: [{strides}] : memref<8xf64> to memref<{type_}>"
    )


def part(size: str, stride: str) -> str:
    dynamic = ["?" if "%" in one else one for one in (size, stride)]
    return (
        f"%v = memref.subview %x[0] [{size}] [{stride}] : memref<8xf64> to "
        f"memref<{dynamic[0]}xf64, strided<[{dynamic[1]}]>>"
    )


OVERLAPS = {
    "every other element": (part("4", "2"), False),
    "one element again and again": (part("4", "0"), True),
    "one element once": (part("1", "0"), False),
    "a step that is not known": (part("4", "%n"), True),
    "a step that is a constant": (part("4", "%c2"), False),
    "a matrix": (reinterpreted("2, 4", "4, 1"), False),
    "its columns": (reinterpreted("4, 2", "1, 4"), False),
    "rows that share elements": (reinterpreted("2, 4", "3, 1"), True),
    "a diagonal": (reinterpreted("2, 2", "1, 1"), True),
    "rows with room behind them": (reinterpreted("2, 3", "5, 1"), False),
    "a row for each": (reinterpreted("4, 4", "0, 1"), True),
    "rows as long as one number": (reinterpreted("%m, %n", "%n, 1"), False),
    "rows as long as another number": (reinterpreted("%m, %n", "%m, 1"), True),
    "a product of sizes": (
        "%w = arith.muli %n, %c2 : index\n"
        + reinterpreted("%m, %n, 2", "%w, 2, 1"),
        False,
    ),
    "another name": ("%v = memref.cast %x : memref<8xf64> to memref<?xf64>", False),
}  # fmt: skip


@pytest.mark.parametrize("case", OVERLAPS)
def test_indices_that_may_be_one_element(parse, case):
    body, expected = OVERLAPS[case]
    assert may_overlap_itself(parse(body)["v"]) == expected


# By type of an argument: can its indices be one element, and does the type say so?
ARGUMENTS = [
    ("memref<?x?xf64>", False, False),
    ("memref<4x4xf64, strided<[4, 1]>>", False, False),
    ("memref<4x4xf64, strided<[3, 1]>>", True, True),
    ("memref<4x4xf64, strided<[?, 1]>>", True, False),
    ("memref<4x?xf64, strided<[?, 0]>>", True, True),
    ("memref<4x1xf64, strided<[1, 0]>>", False, False),
]


@pytest.mark.parametrize(("type_", "may_be", "says"), ARGUMENTS)
def test_what_callers_pass(parse, type_, may_be, says):
    argument = parse("", arguments=f"%t: {type_}")["t"]
    assert may_be_given_overlap(argument) == may_be
    assert may_overlap_itself(argument) == says


def test_a_view_of_a_view_is_of_the_whole(parse):
    body = f"{part('4', '2')}\n%w = memref.cast %v"
    body += " : memref<4xf64, strided<[2]>> to memref<?xf64, strided<[2]>>"
    program = parse(body)
    assert whole_of(program["w"]) is program["x"]
    assert whole_of(program["x"]) is program["x"]


def test_a_reinterpretation_counts_from_what_is_known(parse):
    body = """{}
    %v = memref.reinterpret_cast %t to offset: [0], sizes: [2], strides: [1]
      : memref<8xf64> to memref<2xf64, strided<[1]>>"""
    known = parse(body.format("%t = memref.alloc() : memref<8xf64>"))
    assert reinterpret_problem(known.op("v")) is None
    given = parse(body.format("").replace("%t", "%x"))
    assert reinterpret_problem(given.op("v")) is None
    either = parse(body.format("%t = arith.select %p, %x, %y : memref<8xf64>"))
    problem = reinterpret_problem(either.op("v"))
    assert problem is not None and "it is not known here which buffer" in problem
