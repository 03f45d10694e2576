"""What the check of streams takes for one number is one, at every width."""

import pytest
from hypothesis import HealthCheck, given, settings
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_bounds import bounds_of
from tapeflow.analysis.streams.cursor_forms import FillSymbol, Form
from tapeflow.analysis.streams.cursor_values import CursorValues
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context
from tests.analysis.integers.integer_programs import programs, twins
from tests.sizes import sized

AROUND = 1 << 64
TILE = 8


def function_of(text: str) -> FuncOp:
    module = parse_module(text, "program.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    return function


@settings(
    deadline=None,
    max_examples=sized(100, 300),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(program=programs() | twins())
def test_equal_numbers_are_equal(program):
    text, kinds, arguments = program
    function = function_of(text)
    module = function.parent_op()
    assert isinstance(module, ModuleOp)
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    results = execute(module, "f", arguments, engine="reference").results
    cursor, whole = CursorValues(), WholeNumbers(function, {})
    told: dict[object, tuple[int, int]] = {}
    for value, kind, result in zip(returned.arguments, kinds, results, strict=True):
        number = -int(result) if kind == "i1" else int(result)
        form = cursor.of(value)
        bounds = bounds_of(form)
        assert bounds is None or bounds.low <= number <= bounds.high, text
        offset = form.numbers[0]
        same = told.setdefault(("form", form.terms), (number, offset))
        assert (number - same[0] - offset + same[1]) % AROUND == 0, text
        polynomial = whole.of(value)
        offset = dict(polynomial).get((), 0)
        rest = poly.add(polynomial, poly.constant(offset), -1)
        same = told.setdefault(("polynomial", rest), (number, offset))
        assert (number - same[0] - offset + same[1]) % AROUND == 0, text


HEAD = """func.func @f(%i: i8, %j: i8, %s: i8, %n: index, %fill: index, %p: i1) {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %i3 = arith.constant 3 : i8
  %i9 = arith.constant 9 : i8
  %wide = arith.index_cast %i : i8 to index
  %end = arith.index_cast %j : i8 to index
  %step = arith.index_cast %s : i8 to index
"""
REACH = """
  %span = arith.muli %fill, %step : index
  %sum = arith.addi %wide, %span : index
  %least = arith.minsi %sum, %end : index
  %r = arith.index_cast %least : index to i8
"""
"""Where a chunk of a narrow loop ends that begins at %i and has %fill iterations."""
LOOP = "scf.for %k = %i to %r step %s : i8 { scf.yield }"


def records_in(type_: str, body: str, tile: int = TILE) -> tuple[FuncOp, CursorValues]:
    """A function that uses %r, where %fill is the number of records in a tile."""
    use = f'"test.op"(%r) : ({type_}) -> ()'
    function = function_of(f"{HEAD}{body}\n{use}\nfunc.return }}")
    values = CursorValues()
    values.put(function.body.block.args[4], forms.term(FillSymbol(tile)))
    return function, values


def form_of(type_: str, body: str, tile: int = TILE) -> tuple[Form, SSAValue]:
    """What %r is."""
    function, values = records_in(type_, body, tile)
    for op in function.walk():
        if op.name == "test.op":
            return values.of(op.operands[0]), op.operands[0]
    raise AssertionError("no %r")


OPAQUE = {
    "a narrow sum": ("i8", "%r = arith.addi %i, %i3 : i8"),
    "a narrow difference": ("i8", "%r = arith.subi %i, %i3 : i8"),
    "a narrow product": ("i8", "%r = arith.muli %i, %i3 : i8"),
    "a narrow shift": ("i8", "%r = arith.shli %i, %i3 : i8"),
    "a cast that cuts": ("i8", "%r = arith.index_cast %n : index to i8"),
    "a cast that cuts at one end": (
        "i8",
        """%m = arith.minsi %n, %c8 : index
        %r = arith.index_cast %m : index to i8""",
    ),
    "a sum cut": (
        "i8",
        """%m = arith.addi %wide, %c3 : index
        %r = arith.index_cast %m : index to i8""",
    ),
    "an unsigned minimum": ("index", "%r = arith.minui %wide, %c8 : index"),
    "an unsigned minimum of any number": ("index", "%r = arith.minui %n, %c8 : index"),
    "an unsigned quotient": (
        "index",
        """%m = arith.muli %wide, %c8 : index
        %r = arith.divui %m, %c8 : index""",
    ),
    "an unsigned shift": (
        "index",
        """%m = arith.muli %wide, %c8 : index
        %r = arith.shrui %m, %c3 : index""",
    ),
    "a quotient of what may wrap": (
        "index",
        """%m = arith.muli %n, %c8 : index
        %r = arith.divsi %m, %c8 : index""",
    ),
    "a shift by more than there is": (
        "i8",
        """%zero = arith.constant 0 : i8
        %r = arith.shrsi %zero, %i9 : i8""",
    ),
    "a square": ("index", "%r = arith.muli %n, %n : index"),
    "steps that may be negative": ("i8", REACH),
    "steps of a loop that may not run": ("i8", f"{REACH} scf.if %p {{ {LOOP} }}"),
    "steps of a loop elsewhere": (
        "i8",
        f"{REACH} scf.for %k = %i to %j step %s : i8 {{ scf.yield }}",
    ),
    "a loop that begins there": (
        "i8",
        f"{REACH} scf.for %k = %r to %i step %s : i8 {{ scf.yield }}",
    ),
}
TOLD = {
    "a wide sum": ("index", "%r = arith.addi %wide, %c3 : index"),
    "records": (
        "i8",
        "%r = arith.index_cast %fill : index to i8",
    ),
    "records of some bytes": (
        "index",
        """%m = arith.muli %fill, %c8 : index
        %r = arith.shrui %m, %c3 : index""",
    ),
    "an unsigned minimum of records": ("index", "%r = arith.minui %fill, %c3 : index"),
    "the least of a narrow bound and a sum": (
        "i8",
        """%sum = arith.addi %wide, %fill : index
        %m = arith.minsi %end, %sum : index
        %r = arith.index_cast %m : index to i8""",
    ),
    "steps of a loop that runs": ("i8", REACH + LOOP),
}


@pytest.mark.parametrize("case", OPAQUE)
def test_what_may_be_another_number_is_not_told(case):
    form, value = form_of(*OPAQUE[case])
    assert form == forms.term(value)


@pytest.mark.parametrize("case", TOLD)
def test_what_is_one_number_is_told(case):
    form, value = form_of(*TOLD[case])
    assert form != forms.term(value)


def test_a_narrow_type_holds_the_records_of_short_tiles_alone():
    for tile, is_held in ((127, True), (128, False)):
        form, value = form_of(*TOLD["records"], tile)
        assert (form != forms.term(value)) == is_held


@pytest.mark.parametrize(("factor", "is_told"), [(8, True), (2**62, False)])
def test_a_comparison_of_records_that_wraps_says_nothing(factor, is_told):
    """4 * 2**62 is 0 in 64 bits, so not only an empty tile has 0 such bytes."""
    body = f"""%zero = arith.constant 0 : index
    %factor = arith.constant {factor} : index
    %bytes = arith.muli %fill, %factor : index
    %r = arith.cmpi eq, %bytes, %zero : index"""
    function, values = records_in("i1", body)
    (comparison,) = [op for op in function.walk() if op.name == "arith.cmpi"]
    assert (values.condition(comparison.results[0]) is not None) == is_told


@pytest.mark.parametrize(("above", "below"), [(0, 0), (-128, -1)])
def test_quotients_that_are_undefined_are_no_numbers(above, below):
    body = f"""%above = arith.constant {above} : i8
    %below = arith.constant {below} : i8
    %r = arith.ceildivsi %above, %below : i8"""
    function, _ = records_in("i8", body)
    whole = WholeNumbers(function, {})
    (quotient,) = [op for op in function.walk() if op.name == "arith.ceildivsi"]
    assert poly.number_of(whole.of(quotient.results[0])) is None


PAIRS = {
    "divisions of equal numbers": """
      %a = arith.remui %n, %fill : index
      %b = arith.remui %n, %fill : index""",
    "rounded quotients of equal numbers": """
      %a = arith.ceildivui %n, %fill : index
      %b = arith.ceildivui %n, %fill : index""",
    "an extent, and what was asked for": """
      %m = memref.alloc(%n) : memref<2x?xf64>
      %a = memref.dim %m, %c1 : memref<2x?xf64>
      %b = arith.addi %n, %c0 : index""",
    "extents of two buffers of one size": """
      %m = memref.alloc(%n) : memref<?xf64>
      %o = memref.alloca(%n) : memref<?xf64>
      %a = memref.dim %m, %c0 : memref<?xf64>
      %b = memref.dim %o, %c0 : memref<?xf64>""",
    "an extent that the type says": """
      %m = memref.alloc() : memref<3xf64>
      %o = memref.cast %m : memref<3xf64> to memref<?xf64>
      %a = memref.dim %o, %c0 : memref<?xf64>
      %b = arith.addi %c3, %c0 : index""",
    "an iteration of few in a narrow type": """
      %a, %b = scf.for %k = %c0 to %c8 step %c1 iter_args(%v = %n, %w = %n)
          -> (index, index) {
        %narrow = arith.index_cast %k : index to i8
        %back = arith.index_cast %narrow : i8 to index
        scf.yield %back, %k : index, index
      }""",
}
OTHERS = {
    "divisions of two kinds": """
      %a = arith.remui %n, %fill : index
      %b = arith.remsi %n, %fill : index""",
    "two extents": """
      %m = memref.alloc(%n, %fill) : memref<?x?xf64>
      %a = memref.dim %m, %c0 : memref<?x?xf64>
      %b = memref.dim %m, %c1 : memref<?x?xf64>""",
    "an iteration of many in a narrow type": """
      %a, %b = scf.for %k = %c0 to %c300 step %c1 iter_args(%v = %n, %w = %n)
          -> (index, index) {
        %narrow = arith.index_cast %k : index to i8
        %back = arith.index_cast %narrow : i8 to index
        scf.yield %back, %k : index, index
      }""",
}


@pytest.mark.parametrize("name", [*PAIRS, *OTHERS])
def test_what_is_computed_twice_is_one_number(name):
    body = (PAIRS | OTHERS)[name].replace("\n          ->", " ->")
    function = function_of(
        f"""{HEAD}
      %c0 = arith.constant 0 : index
      %c300 = arith.constant 300 : index
      {body}
      func.return %a, %b : index, index
    }}""".replace("%p: i1)", "%p: i1) -> (index, index)")
    )
    whole = WholeNumbers(function, {})
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    one, other = returned.arguments
    if isinstance(one.owner, scf.ForOp):
        last = one.owner.body.block.last_op
        assert last is not None
        one, other = last.operands
    assert (whole.of(one) == whole.of(other)) == (name in PAIRS)
