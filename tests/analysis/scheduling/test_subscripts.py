"""Index values that are equal in form, and what carried ones grow by."""

import pytest
from xdsl.dialects import scf

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.subscripts import SubscriptForms

SUMS = """
  %mn = arith.addi %m, %n : index
  %nm = arith.addi %n, %m : index
  %more = arith.addi %mn, %c2 : index
  %less = arith.subi %more, %n : index
  %m2 = arith.addi %m, %c2 : index
  %product = arith.muli %mn, %m : index
  %square = arith.muli %m, %m : index
  %mixed = arith.muli %m, %n : index
  %both = arith.addi %square, %mixed : index
  %rest = arith.remui %m, %n : index
"""
EQUAL = [("mn", "nm"), ("less", "m2"), ("product", "both")]
UNEQUAL = [("mn", "more"), ("rest", "m"), ("square", "mixed")]


def test_equal_sums_have_one_form(parse):
    program, forms = parse(SUMS), SubscriptForms()
    for one, other in EQUAL:
        assert forms.form(program[one]) == forms.form(program[other])
    for one, other in UNEQUAL:
        assert forms.form(program[one]) != forms.form(program[other])


def test_narrow_sums_wrap_and_are_not_looked_into(parse):
    body = """%k = arith.index_cast %n : index to i32
      %s = arith.addi %k, %k : i32
      %t = arith.subi %s, %k : i32"""
    program, forms = parse(body), SubscriptForms()
    assert forms.form(program["t"]) != forms.form(program["k"])


# By name: what an iteration makes of %u, and what it grows by.
GROWTHS = {
    "one": ("%v = arith.addi %u, %c1 : index", "c1"),
    "a size": ("%v = arith.addi %n, %u : index", "n"),
    "nothing": ("%v = arith.addi %u, %c0 : index", "c0"),
    "the number of the iteration": ("%v = arith.addi %u, %i : index", None),
    "twice itself": ("%v = arith.addi %u, %u : index", None),
    "something new": ("%v = arith.remui %u, %n : index", None),
    "all of an inner loop": (
        """%v = scf.for %j = %c2 to %c8 step %c1 iter_args(%w = %u) -> (index) {
          %w2 = arith.addi %w, %m : index
          scf.yield %w2 : index
        }""",
        "six m",
    ),
    "an inner loop that gets longer": (
        """%v = scf.for %j = %c0 to %i step %c1 iter_args(%w = %u) -> (index) {
          %w2 = arith.addi %w, %c1 : index
          scf.yield %w2 : index
        }""",
        None,
    ),
}


@pytest.mark.parametrize("name", GROWTHS)
def test_growth(parse, name: str):
    step, expected = GROWTHS[name]
    program = parse(f"""%six = arith.constant 6 : index
      %six_m = arith.muli %six, %m : index
      %end = scf.for %i = %c0 to %n step %c1 iter_args(%u = %c2) -> (index) {{
        {step}
        scf.yield %v : index
      }}""")
    forms = SubscriptForms()
    loop = program.op("end")
    assert isinstance(loop, scf.ForOp)
    growth = forms.growth(loop, 0)
    if expected is None:
        assert growth is None
        assert forms.closed(program["u"], [loop]) == forms.form(program["u"])
        return
    by = forms.form(program[expected.replace(" ", "_")])
    assert growth == by
    grown = poly.multiply(by, forms.form(program["i"]))
    assert forms.closed(program["u"], [loop]) == poly.add(poly.constant(2), grown)
    trips = forms.trips(loop)
    assert trips is not None
    whole = poly.add(poly.constant(2), poly.multiply(by, trips))
    assert forms.form(program["end"]) == whole
