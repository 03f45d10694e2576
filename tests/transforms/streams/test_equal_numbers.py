"""Numbers that look alike in two places and are not equal are not taken for equal."""

import pytest
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.integers.polynomials import ONE, Atoms, add
from tapeflow.analysis.streams.check import check_streams

from .stream_texts import pops, pushes, text_of
from .test_counted_streams import DONE, HOME, LEFT, module_of

ARGUMENTS = "%x: f64, %b: i8, %d: i8, %w: i64, %u: i64, %yes: i1"
PAIR = "!spm.ring<[i64, i64], tile 2, slots 1, base 128>"


def answers(text: str) -> list[str]:
    """The answers on the rings of the first function."""
    function = next(op for op in module_of(text).walk() if isinstance(op, FuncOp))
    return [verdict.answer for verdict in check_streams(function)]


def loops(pushed: str, popped: str) -> str:
    """A loop that pushes, and one that pops."""
    return f"""%ring = spm.allocate %c64 growing : RING
    {pushes(pushed, HOME, LEFT)}
    {pops(popped, LEFT, DONE)}"""


def counted(numbers: str) -> str:
    """%n pushes and %m pops."""
    casts = """%pushed = arith.index_cast %n : i64 to index
    %popped = arith.index_cast %m : i64 to index"""
    body = f"{numbers}\n{casts}\n{loops('%pushed', '%popped')}"
    return text_of(ARGUMENTS, body)


UNEQUAL = {
    "unsigned numbers of two widths": """
        %n = arith.extui %b : i8 to i64
        %s = arith.extsi %b : i8 to i16
        %m = arith.extui %s : i16 to i64""",
    "floats of unsigned numbers of two widths": """
        %f = arith.uitofp %b : i8 to f64
        %n = arith.fptosi %f : f64 to i64
        %s = arith.extsi %b : i8 to i16
        %g = arith.uitofp %s : i16 to f64
        %m = arith.fptosi %g : f64 to i64""",
    "quotients by what may be negative": """
        %zero = arith.constant 0 : i64
        %most = arith.maxsi %w, %zero : i64
        %n = arith.ceildivsi %most, %u : i64
        %quotient = arith.ceildivsi %w, %u : i64
        %m = arith.maxsi %quotient, %zero : i64""",
    "a narrow quotient that wraps": """
        %quotient = arith.ceildivsi %b, %d : i8
        %n = arith.extsi %quotient : i8 to i64
        %s = arith.extsi %b : i8 to i64
        %t = arith.extsi %d : i8 to i64
        %m = arith.ceildivsi %s, %t : i64""",
}
EQUAL = {
    "unsigned numbers of one width": """
        %n = arith.extui %b : i8 to i64
        %m = arith.extui %b : i8 to i64""",
    "quotients by a positive number": """
        %zero = arith.constant 0 : i64
        %three = arith.constant 3 : i64
        %most = arith.maxsi %w, %zero : i64
        %n = arith.ceildivsi %most, %three : i64
        %quotient = arith.ceildivsi %w, %three : i64
        %m = arith.maxsi %quotient, %zero : i64""",
}


@pytest.mark.parametrize("case", UNEQUAL)
def test_numbers_that_look_alike(case: str):
    assert answers(counted(UNEQUAL[case])) == ["not provable"]


@pytest.mark.parametrize("case", EQUAL)
def test_numbers_that_are_equal(case: str):
    assert answers(counted(EQUAL[case])) == ["proved"]


def quotients_in_a_loop(step: str) -> str:
    """An unsigned and a signed quotient of the distance of a loop's bounds."""
    body = f"""%ring = spm.allocate %c64 growing : RING
    %span = arith.subi %high, %low : index
    %n = arith.ceildivui %span, %s : index
    %m = arith.ceildivsi %span, %s : index
    %a0, %l0 = scf.for %i = %low to %high step {step}
    iter_args(%at = %c0, %to = %c16) -> (index, index) {{
      {pushes("%n", ("%at", "%to"), LEFT)}
      {pops("%m", LEFT, DONE)}
      scf.yield %p, %q : index, index
    }}"""
    return text_of("%x: f64, %low: index, %high: index, %s: index", body)


def test_an_unsigned_quotient_by_what_may_be_negative():
    assert answers(quotients_in_a_loop("%c1")) == ["not provable"]


def test_an_unsigned_quotient_by_the_step_of_a_loop():
    assert answers(quotients_in_a_loop("%s")) == ["proved"]


def test_a_step_is_positive_whichever_loop_counts_it():
    atoms = Atoms()
    one, other = (atoms.make("iteration", loop) for loop in ("pushes", "counts"))
    atoms.believe_positive(add(one, ONE))
    assert atoms.is_positive(add(other, ONE))
    assert not atoms.is_positive(other)


def through_a_record(push: str, pop: str) -> str:
    """Three pushes, and as many pops as a field %n of a record of two says."""
    body = f"""%c128 = arith.constant 128 : index
    %three = arith.constant 3 : i64
    %five = arith.constant 5 : i64
    %pair = spm.allocate %c1 growing : PAIR
    {push}
    %ring = spm.allocate %c64 growing : RING
    {pushes("%c3", HOME, LEFT)}
    {pop}
    %popped = arith.index_cast %n : i64 to index
    {pops("%popped", LEFT, DONE)}"""
    return text_of(ARGUMENTS, body).replace("PAIR", PAIR)


def stored(first: str, second: str) -> str:
    return f"""spm.store {first}, %pair[%c128] field 0 : PAIR
    spm.store {second}, %pair[%c128] field 1 : PAIR"""


def either(one: str, other: str) -> str:
    return f"scf.if %yes {{\n{one}\n}} else {{\n{other}\n}}"


FIRST = "%r = spm.load %pair[%c128] field 0 : PAIR"
SECOND = "%n = spm.load %pair[%c128] field 1 : PAIR"


@pytest.mark.parametrize(
    ("other", "answer"), [("%five", "not provable"), ("%three", "proved")]
)
def test_a_record_of_which_two_branches_store_one_field(other: str, answer: str):
    one, two = (
        f"spm.store {value}, %pair[%c128] field 1 : PAIR" for value in (other, "%three")
    )
    rest = "spm.store %five, %pair[%c128] field 0 : PAIR"
    text = through_a_record(f"{either(one, two)}\n{rest}", SECOND)
    assert answers(text) == ["proved", answer]


def test_a_field_read_behind_two_branches_that_pop():
    push = either(stored("%five", "%five"), stored("%five", "%three"))
    text = through_a_record(push, f"{either(FIRST, FIRST)}\n{SECOND}")
    assert answers(text) == ["proved", "not provable"]


def test_a_field_read_behind_a_record_in_one_place():
    text = through_a_record(stored("%five", "%three"), f"{FIRST}\n{SECOND}")
    assert answers(text) == ["proved", "proved"]


def passed(arguments: str) -> str:
    """A trip count that is loaded again when another argument was written, called."""
    body = f"""%n = memref.load %one[%c0] : memref<1xindex>
    memref.store %c64, %two[%c0] : memref<1xindex>
    %m = memref.load %one[%c0] : memref<1xindex>
    {loops("%n", "%m")}"""
    types = "f64, memref<1xindex>, memref<1xindex>"
    inner = text_of("%x: f64, %one: memref<1xindex>, %two: memref<1xindex>", body)
    return f"""{inner}
    func.func @g(%x: f64, %b: memref<1xindex>, %d: memref<1xindex>) {{
      %own = memref.alloc() : memref<1xindex>
      %cast = memref.cast %own : memref<1xindex> to memref<?xindex>
      %again = memref.cast %cast : memref<?xindex> to memref<1xindex>
      func.call @f(%x, {arguments}) : ({types}) -> ()
      func.return
    }}"""


@pytest.mark.parametrize("arguments", ["%b, %b", "%own, %again"])
def test_one_buffer_that_is_passed_twice(arguments: str):
    assert answers(passed(arguments)) == ["not provable"]


@pytest.mark.parametrize("arguments", ["%b, %d", "%own, %d"])
def test_buffers_apart_that_are_passed(arguments: str):
    assert answers(passed(arguments)) == ["proved"]
