"""Integer ops and conversions against exact integers, at every width."""

import itertools
import math

import numpy as np
import pytest

WIDTHS = (8, 16, 32, 64)


def cut(value: int, bits: int) -> int:
    """Two's complement, by bytes rather than by arithmetic."""
    low = value % (1 << bits)
    return int.from_bytes(low.to_bytes(bits // 8, "little"), "little", signed=True)


def points(bits: int) -> list[int]:
    half = 1 << (bits - 1)
    return [0, 1, -1, 2, 3, -3, 7, -7, half - 1, -half, half // 3, bits, bits - 1]


def text(op: str, operand: str, result: str | None = None) -> str:
    return f"""func.func @f(%a: {operand}, %b: {operand}) -> {result or operand} {{
  %c = arith.{op} %a, %b : {operand}
  func.return %c : {result or operand}
}}"""


def toward_zero(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


SIGNED = {
    "addi": lambda a, b, n: a + b,
    "subi": lambda a, b, n: a - b,
    "muli": lambda a, b, n: a * b,
    "divsi": lambda a, b, n: toward_zero(a, b) if b else -1,
    "remsi": lambda a, b, n: a - b * toward_zero(a, b) if b else a,
    "floordivsi": lambda a, b, n: a // b if b else -1,
    "ceildivsi": lambda a, b, n: -(-a // b) if b else -1,
    "minsi": lambda a, b, n: min(a, b),
    "maxsi": lambda a, b, n: max(a, b),
    "andi": lambda a, b, n: a & b,
    "ori": lambda a, b, n: a | b,
    "xori": lambda a, b, n: a ^ b,
    "shrsi": lambda a, b, n: a >> min(b % (1 << n), n),
}
UNSIGNED = {
    "divui": lambda a, b, n: a // b if b else -1,
    "remui": lambda a, b, n: a % b if b else a,
    "ceildivui": lambda a, b, n: -(-a // b) if b else -1,
    "minui": lambda a, b, n: min(a, b),
    "maxui": lambda a, b, n: max(a, b),
    "shli": lambda a, b, n: a << b if b < n else 0,
    "shrui": lambda a, b, n: a >> b if b < n else 0,
}


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("op", [*SIGNED, *UNSIGNED])
def test_arithmetic_wraps(run, op, bits):
    program = text(op, f"i{bits}")
    for a, b in itertools.product(points(bits), points(bits)):
        if op in SIGNED:
            exact = SIGNED[op](a, b, bits)
        else:
            exact = UNSIGNED[op](a % (1 << bits), b % (1 << bits), bits)
        assert int(run(program, a, b).results[0]) == cut(exact, bits), (a, b)


ON_BITS = ("addi", "muli", "andi", "ori", "xori", "maxsi", "minui")


@pytest.mark.parametrize("op", ON_BITS)
def test_truth_values_are_one_bit_numbers(run, op):
    def bit(value: int) -> bool:
        return bool(value & 1)

    exact = {
        "addi": lambda a, b: bit(a + b),
        "muli": lambda a, b: bit(a * b),
        "andi": lambda a, b: a and b,
        "ori": lambda a, b: a or b,
        "xori": lambda a, b: a != b,
        "maxsi": lambda a, b: a and b,  # true is -1
        "minui": lambda a, b: a and b,  # true is 1
    }[op]
    for a, b in itertools.product([False, True], repeat=2):
        assert run(text(op, "i1"), a, b).results[0] == exact(a, b)


PREDICATES = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(
    "predicate", ["eq", "ne", *(s + p for s in "su" for p in ("lt", "le", "gt", "ge"))]
)
def test_comparisons(run, predicate, bits):
    program = text(f"cmpi {predicate},", f"i{bits}", "i1")
    unsigned = predicate[0] == "u"
    for a, b in itertools.product(points(bits), points(bits)):
        x, y = (v % (1 << bits) if unsigned else v for v in (a, b))
        exact = PREDICATES[predicate[-2:]](x, y)
        assert bool(run(program, a, b).results[0]) == exact, (a, b)


@pytest.mark.parametrize("bits", WIDTHS)
def test_counting_bits(run, bits):
    program = f"""func.func @f(%a: i{bits}) -> (i{bits}, i{bits}, i{bits}, i{bits}) {{
  %l = math.ctlz %a : i{bits}
  %t = math.cttz %a : i{bits}
  %p = math.ctpop %a : i{bits}
  %m = math.absi %a : i{bits}
  func.return %l, %t, %p, %m : i{bits}, i{bits}, i{bits}, i{bits}
}}"""
    for a in points(bits):
        word = f"{a % (1 << bits):0{bits}b}"
        expected = (
            len(word) - len(word.lstrip("0")),
            len(word) - len(word.rstrip("0")),
            word.count("1"),
            cut(abs(a), bits),
        )
        assert tuple(map(int, run(program, a).results)) == expected


@pytest.mark.parametrize("bits", WIDTHS)
def test_extended_products_and_sums(run, bits):
    i = f"i{bits}"
    program = f"""func.func @f(%a: {i}, %b: {i}) -> ({i}, {i}, {i}, {i}, i1) {{
  %sl, %sh = arith.mulsi_extended %a, %b : {i}
  %ul, %uh = arith.mului_extended %a, %b : {i}
  %s, %o = arith.addui_extended %a, %b : {i}, i1
  func.return %sh, %ul, %uh, %s, %o : {i}, {i}, {i}, {i}, i1
}}"""
    for a, b in itertools.product(points(bits), points(bits)):
        x, y = a % (1 << bits), b % (1 << bits)
        found = tuple(map(int, run(program, a, b).results))
        assert found == (
            cut((a * b) >> bits, bits),
            cut(x * y, bits),
            cut((x * y) >> bits, bits),
            cut(x + y, bits),
            int(x + y >= 1 << bits),
        )


def test_integer_power(run):
    program = """func.func @f(%a: i32, %b: i32) -> i32 {
  %c = math.ipowi %a, %b : i32
  func.return %c : i32
}"""
    for a, b in [(3, 5), (-2, 31), (7, 100), (1, -4), (-1, -3), (2, -1), (0, -1)]:
        exact = a**b if b >= 0 else {1: 1, -1: -1 if b % 2 else 1, 0: -1}.get(a, 0)
        assert int(run(program, a, b).results[0]) == cut(exact, 32)


def cast(op: str, source: str, target: str) -> str:
    return f"""func.func @f(%a: {source}) -> {target} {{
  %b = arith.{op} %a : {source} to {target}
  func.return %b : {target}
}}"""


@pytest.mark.parametrize(
    ("op", "source", "target", "argument", "expected"),
    [
        ("extsi", "i8", "i32", -3, -3),
        ("extui", "i8", "i32", -3, 253),
        ("extsi", "i1", "i32", True, -1),
        ("extui", "i1", "i32", True, 1),
        ("extui", "i32", "i64", -1, 2**32 - 1),
        ("trunci", "i32", "i8", 200, -56),
        ("trunci", "i32", "i1", 2, False),
        ("index_cast", "i32", "index", -5, -5),
        ("index_cast", "index", "i32", 2**32 + 7, 7),
        ("index_cast", "i1", "index", True, -1),
        ("sitofp", "i32", "f64", -7, -7.0),
        ("sitofp", "i1", "f64", True, -1.0),
        ("uitofp", "i1", "f64", True, 1.0),
        ("uitofp", "i8", "f32", -1, 255.0),
        ("uitofp", "i64", "f64", -1, 2.0**64),
        ("fptosi", "f64", "i32", -2.9, -2),
        ("fptosi", "f64", "i32", 1e300, 2**31 - 1),
        ("fptosi", "f64", "i64", -math.inf, -(2**63)),
        ("fptosi", "f64", "i64", math.nan, 0),
        ("fptoui", "f64", "i8", 255.9, -1),
        ("fptoui", "f64", "i8", -1.0, 0),
        ("fptoui", "f64", "i64", 1e300, -1),
        ("extf", "f32", "f64", 0.1, float(np.float32(0.1))),
        ("truncf", "f64", "f32", 0.1, np.float32(0.1)),
        ("truncf", "f64", "f32", 1e300, math.inf),
        ("bitcast", "f64", "i64", -0.0, -(2**63)),
        ("bitcast", "i64", "f64", 0x3FF0000000000000, 1.0),
        ("bitcast", "f32", "i32", -2.0, -(2**30)),
        ("bitcast", "i32", "f32", 0x3F800000, 1.0),
    ],
)
def test_conversions(run, op, source, target, argument, expected):
    (found,) = run(cast(op, source, target), argument).results
    assert found == expected


@pytest.mark.parametrize(("op", "offset"), [("sitofp", 0), ("uitofp", 2**64)])
def test_wide_integers_round_once_to_f32(run, op, offset):
    # A double in between would round the first up to the tie, then to even.
    for exact in (2**62 + 2**38 + 1, 2**62 + 2**38, 2**62 + 2**38 - 1):
        (found,) = run(cast(op, "i64", "f32"), exact).results
        step = 2**39
        below = exact // step * step
        nearest = below + step if 2 * (exact - below) > step else below
        assert int(found) == nearest


def test_select_and_constants(run):
    program = """func.func @f(%c: i1) -> (f64, i8, index, i1) {
  %a = arith.constant -2.5 : f64
  %b = arith.constant 1.0e400 : f64
  %x = arith.select %c, %a, %b : f64
  %i = arith.constant -128 : i8
  %n = arith.constant -9223372036854775808 : index
  %t = arith.constant true
  func.return %x, %i, %n, %t : f64, i8, index, i1
}"""
    assert run(program, True).results == (-2.5, -128, -(2**63), True)
    assert run(program, False).results[0] == math.inf
