"""Streams of loops in narrow types, by great numbers, and up to extents of buffers."""

import pytest
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.streams.check import check_streams
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

from .stream_texts import chunked_pushes, pops, pushes, text_of

HOME, LEFT, DONE = ("%c0", "%c16"), ("%address", "%limit"), ("%p", "%q")
NARROW = {
    "span": "%span = arith.muli %room, %wide_s : index",
    "from": "%wide_i = arith.index_cast %i : i8 to index",
    "sum": "%sum = arith.addi %wide_i, %span : index",
    "least": "%m = arith.minsi %sum, %wide_n : index",
    "cut": "%e = arith.index_cast %m : index to i8",
}
"""The end of a chunk of an i8 loop."""


def module_of(text: str):
    module = parse_module(text, "streams.mlir", full_context())
    module.verify()
    return module


def verdict(text: str) -> str:
    """The answer on the only ring, with the reason."""
    (function,) = [op for op in module_of(text).walk() if isinstance(op, FuncOp)]
    (found,) = check_streams(function)
    return f"{found.answer}: {found.reason}"


def narrow(**changes: str) -> str:
    """A loop from 0 to %n in steps of %s in i8, with some lines of a chunk's end."""
    body = f"""%zero = arith.constant 0 : i8
    %wide_n = arith.index_cast %n : i8 to index
    %wide_s = arith.index_cast %s : i8 to index
    %trips = arith.ceildivsi %wide_n, %wide_s : index
    %count = arith.maxsi %trips, %c0 : index
    %ring = spm.allocate %count : RING
    {chunked_pushes("i8", "%zero", "%n", "%s", lines(NARROW | changes))}
    {pops("%trips", LEFT, DONE)}"""
    return text_of("%x: f64, %n: i8, %s: i8", body)


def lines(parts: dict[str, str]) -> str:
    return "\n".join(parts.values())


def test_narrow_loops_are_proved():
    text = narrow()
    assert verdict(text) == "proved: "
    for n, s in ((127, 1), (127, 100), (5, 2), (-128, 1), (0, 127)):
        execute(module_of(text), "f", [1.0, n, s], engine="reference")


WRONG_ENDS = {
    "a sum that wraps": {
        "span": "%less = arith.index_cast %room : index to i8",
        "from": "%span = arith.muli %less, %s : i8",
        "sum": "%sum = arith.addi %i, %span : i8",
        "least": "%e = arith.minsi %sum, %n : i8",
        "cut": "",
    },
    "a sum that is cut": {
        "least": "%cut = arith.index_cast %sum : index to i8",
        "cut": "%e = arith.minsi %cut, %n : i8",
    },
    "an unsigned minimum": {"least": "%m = arith.minui %sum, %wide_n : index"},
    "no minimum": {"least": "", "cut": "%e = arith.index_cast %sum : index to i8"},
    "steps backwards": {
        "span": """%minus = arith.subi %c0, %wide_s : index
        %span = arith.muli %room, %minus : index"""
    },
}


@pytest.mark.parametrize("case", WRONG_ENDS)
def test_ends_of_narrow_chunks_that_may_be_other_numbers(case):
    assert verdict(narrow(**WRONG_ENDS[case])).startswith("not provable: ")


WIDE = {
    "span": "%span = arith.muli %room, %s : index",
    "sum": "%sum = arith.addi %i, %span : index",
    "least": "%e = arith.minsi %sum, %n : index",
}


def wide(lower: str = "0", upper: str = "", step: str = "1", **changes: str) -> str:
    """A loop in index from a number to %n, which is an argument or a number."""
    bound = f"%n = arith.constant {upper} : index" if upper else ""
    body = f"""%low = arith.constant {lower} : index
    {bound}
    %s = arith.constant {step} : index
    %length = arith.subi %n, %low : index
    %trips = arith.ceildivsi %length, %s : index
    %count = arith.maxsi %trips, %c0 : index
    %ring = spm.allocate %count : RING
    {chunked_pushes("index", "%low", "%n", "%s", lines(WIDE | changes))}
    {pops("%trips", LEFT, DONE)}"""
    return text_of("%x: f64" + ("" if upper else ", %n: index"), body)


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"upper": "1000000000000"},
        {"lower": "-7", "step": "3"},
        {"lower": "-1000000000000", "step": "1000000"},
    ],
)
def test_loops_by_numbers_of_any_usual_size_are_proved(numbers):
    assert verdict(wide(**numbers)) == "proved: "


@pytest.mark.parametrize(
    "numbers",
    [
        {"upper": f"{2**63 - 1}", "lower": f"{2**63 - 10}"},
        {"upper": f"{2**63 - 1}", "step": f"{2**62}"},
        {"lower": f"{2**63 - 10}"},
        {"step": f"{2**62}"},
    ],
)
def test_chunks_by_great_numbers_may_wrap(numbers):
    text = wide(**numbers).replace("spm.allocate %count", "spm.allocate %count growing")
    assert "the trip count of the loop that pops is not" in verdict(text)


def test_an_end_that_is_cut_to_a_narrow_type():
    cut = """%m = arith.minsi %sum, %n : index
    %m8 = arith.index_cast %m : index to i8
    %e = arith.index_cast %m8 : i8 to index"""
    assert verdict(wide(least=cut)).startswith("not provable: ")


def test_a_capacity_that_wraps():
    """2**32 * 2**32 is 0 in 64 bits."""
    body = f"""%great = arith.constant {2**32} : index
    %count = arith.muli %great, %great : index
    %ring = spm.allocate %count : RING
    {pushes("%c3", HOME, LEFT)}
    {pops("%c3", LEFT, DONE)}"""
    assert "its capacity is not provably" in verdict(text_of("%x: f64", body))


def test_a_counter_that_wraps():
    """An i8 that 200 iterations count up is -56, not 200."""
    body = """%zero = arith.constant 0 : i8
    %one = arith.constant 1 : i8
    %many = arith.constant 200 : index
    %sum = scf.for %k = %c0 to %many step %c1 iter_args(%h = %zero) -> (i8) {
      %g = arith.addi %h, %one : i8
      scf.yield %g : i8
    }
    %count = arith.index_cast %sum : i8 to index
    %ring = spm.allocate %many : RING
    """
    loops = pushes("%many", HOME, LEFT) + "\n" + pops("%count", LEFT, DONE)
    assert "trip count" in verdict(text_of("%x: f64", body + loops))
    wide_counter = body.replace("i8", "i64") + loops
    assert verdict(text_of("%x: f64", wide_counter)) == "proved: "


def up_to(*bounds: str, before: str = "") -> str:
    """A capacity, a loop of pushes and one of pops as long as three bounds say."""
    dims = "\n".join(
        f"%d{at} = memref.dim {bound} : memref<?x?xf64>"
        for at, bound in enumerate(bounds)
    )
    body = f"""{before}
    {dims}
    %ring = spm.allocate %d0 : RING
    {pushes("%d1", HOME, LEFT)}
    {pops("%d2", LEFT, DONE)}"""
    arguments = "%x: f64, %m: memref<?x?xf64>, %o: memref<?x?xf64>, %yes: i1"
    return text_of(arguments, body)


def test_extents_of_one_buffer_are_equal():
    assert verdict(up_to("%m, %c0", "%m, %c0", "%m, %c0")) == "proved: "


EITHER = "%e = arith.select %yes, %m, %o : memref<?x?xf64>"
OTHER_EXTENTS = {
    "a capacity of another buffer": (("%o, %c0", "%m, %c0", "%m, %c0"), ""),
    "a capacity of another index": (("%m, %c1", "%m, %c0", "%m, %c0"), ""),
    "pops of another buffer": (("%m, %c0", "%m, %c0", "%o, %c0"), ""),
    "pops of another index": (("%m, %c0", "%m, %c0", "%m, %c1"), ""),
    "one of two buffers": (("%m, %c0", "%e, %c0", "%e, %c0"), EITHER),
}


@pytest.mark.parametrize("case", OTHER_EXTENTS)
def test_other_extents_are_other_numbers(case):
    bounds, before = OTHER_EXTENTS[case]
    assert verdict(up_to(*bounds, before=before)).startswith("not provable: ")


def carried(following: str) -> str:
    """Three times a loop up to the extent of a buffer that the loop around carries."""
    begin, inside = ("%at", "%to"), ("%at_end", "%to_end")
    body = f"""%d = memref.dim %m, %c0 : memref<?xf64>
    %count = arith.muli %d, %c3 : index
    %ring = spm.allocate %count : RING
    %address, %limit, %left = scf.for %j = %c0 to %c3 step %c1
    iter_args(%at = %c0, %to = %c16, %b = %m) -> (index, index, memref<?xf64>) {{
      %d_b = memref.dim %b, %c0 : memref<?xf64>
      {pushes("%d_b", begin, inside)}
      {following}
      scf.yield %at_end, %to_end, %next : index, index, memref<?xf64>
    }}
    %p, %q = scf.for %j = %c0 to %c3 step %c1
    iter_args(%at = %address, %to = %limit) -> (index, index) {{
      {pops("%d", begin, inside)}
      scf.yield %at_end, %to_end : index, index
    }}"""
    return text_of("%x: f64, %m: memref<?xf64>", body)


def test_the_extent_of_a_buffer_that_is_carried_on():
    same = carried("").replace("%next :", "%b :")
    assert verdict(same) == "proved: "


@pytest.mark.parametrize("size", ["%j", "%d_b"])
def test_the_extent_of_a_buffer_allocated_anew_in_each_iteration(size):
    anew = carried(f"%next = memref.alloc({size}) : memref<?xf64>")
    assert verdict(anew).startswith("not provable: ")


def test_extents_of_buffers_of_two_iterations_are_two_numbers():
    begin, inside = ("%at", "%to"), ("%at_end", "%to_end")

    def sweep(loop: str, start: tuple[str, str], end: tuple[str, str]) -> str:
        return f"""{end[0]}, {end[1]} = scf.for %j = %c0 to %c8 step %c1
        iter_args(%at = {start[0]}, %to = {start[1]}) -> (index, index) {{
          %b = memref.alloc(%j) : memref<?xf64>
          %d = memref.dim %b, %c0 : memref<?xf64>
          {loop}
          scf.yield %at_end, %to_end : index, index
        }}"""

    body = f"""%ring = spm.allocate %c64 growing : RING
    {sweep(pushes("%d", begin, inside), HOME, LEFT)}
    {sweep(pops("%d", begin, inside), LEFT, DONE)}"""
    text = text_of("%x: f64", body)
    assert "trip count" in verdict(text)
