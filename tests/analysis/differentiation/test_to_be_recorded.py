"""Which primal values the reverse of an operation reads: what its rule needs alone."""

import pytest

RULES = {
    "sums need nothing": ("arith.addf %a, %b : f64", []),
    "a product needs both factors": ("arith.mulf %a, %b : f64", ["a", "b"]),
    "by a constant, the constant": ("arith.mulf %a, %k : f64", ["k"]),
    "a square needs one": ("arith.mulf %a, %a : f64", ["a"]),
    "a quotient, divisor and quotient": ("arith.divf %a, %b : f64", ["b", "r"]),
    "by a constant, the constant alone": ("arith.divf %a, %k : f64", ["k"]),
    "fma needs no addend": ("math.fma %a, %b, %a : f64", ["a", "b"]),
    "the result alone": ("math.exp %a : f64", ["r"]),
    "the operand alone": ("math.sin %a : f64", ["a"]),
    "both": ("math.rsqrt %a : f64", ["a", "r"]),
    "a power of a constant exponent": ("math.powf %a, %k : f64", ["a", "k"]),
    "a power of a constant base": ("math.powf %k, %a : f64", ["k", "r"]),
    "a choice needs its condition": ("arith.select %p, %a, %b : f64", ["p"]),
    "an extremum, which side it took": ("arith.minimumf %a, %b : f64", ["chose_r"]),
    "of a constant, too": ("arith.maxnumf %k, %b : f64", ["chose_r"]),
    "nothing flows through it": ("math.floor %a : f64", []),
    "no derivative arrives": ("math.sin %k : f64", []),
}


@pytest.mark.parametrize("case", RULES)
def test_rules(reverse_of, case):
    operation, expected = RULES[case]
    body = f"%k = arith.constant 3.0 : f64\n%r = {operation}"
    reverse = reverse_of(body, "%r")
    read = reverse.facts.reads(reverse.program.op("r"))
    assert sorted({*reverse.program.names(read)}) == expected


def test_what_is_not_returned_needs_nothing(reverse_of):
    reverse = reverse_of("%r = math.sin %a : f64", "%b")
    assert not [*reverse.facts.reads(reverse.program.op("r"))]


LOAD = "%r = memref.load %x[%m] : memref<8xf64>"
LOOP = """%r = scf.for %i = %m to %n step %c2 iter_args(%s = %a) -> (f64) {
  %next = math.sin %s : f64
  scf.yield %next : f64
} """
ADDRESSES = {
    "a load needs its index": (LOAD, "x", ["m"]),
    "none if the buffer has no derivative": (LOAD, "a", []),
    "a store needs its index": (
        'memref.store %a, %x[%n] {label = "r"} : memref<8xf64>\n'
        "%v = memref.load %x[%m] : memref<8xf64>",
        "xa",
        ["n"],
    ),
    "none in a buffer without derivative": (
        'memref.store %zero, %x[%n] {label = "r"} : memref<8xf64>',
        "a",
        [],
    ),
    "a loop needs its bounds": (LOOP, "a", ["m", "n", "c2"]),
    "a loop without derivative, none": (LOOP, "b", []),
    "a while loop needs how often it ran": (
        """%r, %count = scf.while (%s = %a, %k = %c0) : (f64, index) -> (f64, index) {
          %go = arith.cmpi slt, %k, %n : index
          scf.condition(%go) %s, %k : f64, index
        } do {
        ^bb0(%t: f64, %k2: index):
          %next = math.sin %t : f64
          %more = arith.addi %k2, %c1 : index
          scf.yield %next, %more : f64, index
        }""",
        "a",
        ["count"],
    ),
    "a branch needs its condition": (
        """%r = scf.if %p -> (f64) {
          scf.yield %a : f64
        } else {
          scf.yield %b : f64
        }""",
        "ab",
        ["p"],
    ),
    "new memory needs its sizes": (
        """%r = memref.alloc(%n) : memref<?xf64>
        memref.store %a, %r[%c0] : memref<?xf64>
        %v = memref.load %r[%m] : memref<?xf64>""",
        "a",
        ["n"],
    ),
    "a view needs where it begins": (
        """%r = memref.subview %x[%m] [4] [1]
          : memref<8xf64> to memref<4xf64, strided<[1], offset: ?>>
        %v = memref.load %r[%n] : memref<4xf64, strided<[1], offset: ?>>""",
        "x",
        ["m"],
    ),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_addresses_bounds_and_conditions(reverse_of, case):
    body, wrt, expected = ADDRESSES[case]
    returned = next((name for name in ("%v", "%r") if name in body), "")
    reverse = reverse_of(body, returned, wrt)
    read = reverse.facts.reads(reverse.program.op("r"))
    assert reverse.program.names(read) == expected


NEST = """
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%t = %b) -> (f64) {
    %u = scf.if %p -> (f64) {
      %v = arith.mulf %a, %t : f64
      %w = memref.load %x[%i] : memref<8xf64>
      scf.yield %v : f64
    } else {
      scf.yield %zero : f64
    }
    scf.yield %u : f64
  }
  scf.if %p {
    %q = math.sin %a : f64
  }"""


def test_all_around_an_operation_with_a_reverse_is_reversed(reverse_of):
    reverse = reverse_of(NEST, "%s", "a")
    told = [op.name for op in reverse.facts.relevant]
    assert sorted(told) == ["arith.mulf", "scf.for", "scf.if"]


def test_loops_and_branches_tell_what_they_use_from_outside(reverse_of):
    reverse = reverse_of(NEST, "%s", "a")
    captured = {
        op.name: reverse.program.names(values)
        for op, values in reverse.facts.captured.items()
    }
    assert captured == {"scf.for": ["a"], "scf.if": ["a", "t"]}
