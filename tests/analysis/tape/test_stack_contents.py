"""What stacks hold: nothing that is read, one value, or few bits."""

import pytest

from tapeflow.analysis.integers.ranges import find_integer_ranges
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.analysis.tape.stack_contents import (
    constant_content,
    constant_value,
    narrowing_of,
    unread_stacks,
)
from tapeflow.analysis.tape.stack_groups import StackUses, find_stacks
from tests.analysis.conftest import Program


def push(value: str, type_: str, stack: str = "s") -> str:
    return f"tape.push %{stack}, {value} : !tape.stack<{type_}>\n"


def pop(type_: str, stack: str = "s") -> str:
    return f"%of_{stack} = tape.pop %{stack} : !tape.stack<{type_}>\n"


def use(type_: str, stack: str = "s") -> str:
    return f'"test.op"(%of_{stack}) : ({type_}) -> ()\n'


def stacks_of(parse, body: str, **types: str):
    """A program of stacks, by name the type of what they hold, and these."""
    stacks = (f"%{name} = tape.stack : !tape.stack<{t}>\n" for name, t in types.items())
    program = parse("".join(stacks) + body)
    return program, find_stacks(program.function)


CHAIN = (
    push("%n", "index") + pop("index") + push("%of_s", "index", "t") + pop("index", "t")
)


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ("", ["s", "t"]),  # %s is read for %t alone, which nobody reads
        (use("index", "t"), []),
        (use("index"), ["t"]),
    ],
)
def test_what_nobody_reads(parse, more, unread):
    program, stacks = stacks_of(parse, CHAIN + more, s="index", t="index")
    found = [member.stack.tape for member in unread_stacks(stacks)]
    assert program.names(found) == unread


def one_stack(parse, body: str, type_: str) -> tuple[Program, StackUses]:
    program, (member,) = stacks_of(parse, body, s=type_)
    return program, member


CONSTANTS = [
    (push("%c8", "index"), "index", "8 : index"),
    (push("%c8", "index") + push("%c8", "index"), "index", "8 : index"),
    (push("%c8", "index") + push("%c2", "index"), "index", None),
    (push("%n", "index"), "index", None),
    ("%v = arith.andi %n, %c0 : index\n" + push("%v", "index"), "index", "0 : index"),
    (push("%zero", "f64"), "f64", "0.000000e+00 : f64"),
    (  # they compare equal
        "%minus = arith.constant -0.0 : f64\n"
        + push("%zero", "f64")
        + push("%minus", "f64"),
        "f64",
        None,
    ),
]


@pytest.mark.parametrize(("body", "type_", "expected"), CONSTANTS)
def test_one_number(parse, body, type_, expected):
    program, member = one_stack(parse, body, type_)
    found = constant_content(member, find_integer_ranges(program.function))
    assert (None if found is None else str(found)) == expected


def loop(body: str) -> str:
    return f"scf.for %i = %c0 to %n step %c1 {{\n{body}\n}}\n"


INSIDE = "%v = arith.addf %a, %b : f64\n"
VALUES = {
    "an argument": (loop(push("%a", "f64")) + loop(pop("f64")), "a"),
    "a value from before": (
        INSIDE + loop(push("%v", "f64")) + loop(pop("f64")),
        "v",
    ),
    "a value of an iteration": (loop(INSIDE + push("%v", "f64")) + pop("f64"), None),
    "two values": (push("%a", "f64") + push("%b", "f64") + pop("f64"), None),
    "a value that is computed behind a pop": (
        pop("f64") + INSIDE + push("%v", "f64"),
        None,
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_one_value(parse, case):
    body, expected = VALUES[case]
    program, member = one_stack(parse, body, "f64")
    found = constant_value(member, ProgramOrder(program.function).of_op)
    assert (None if found is None else found.name_hint) == expected


NARROWED = {
    "a truth": ("%v = arith.extui %p : i1 to i64", "i64", "i1 extui"),
    "a truth with a sign": ("%v = arith.extsi %p : i1 to i64", "i64", "i1 extsi"),
    "0 or 1, but no truth": (
        "%w = arith.constant 1 : i64\n%q = arith.index_cast %n : index to i64\n"
        "%v = arith.andi %q, %w : i64",
        "i64",
        "i8 extsi",
    ),
    "a byte": ("%v = arith.remui %n, %k200 : index", "index", "i8 extui"),
    "a byte with a sign": ("%v = arith.remsi %n, %c8 : index", "index", "i8 extsi"),
    "two bytes": ("%v = arith.remsi %n, %k200 : index", "index", "i16 extsi"),
    "any number": ("%v = arith.addi %n, %m : index", "index", None),
    "a float of 32 bits": (
        "%w = arith.truncf %a : f64 to f32\n%v = arith.extf %w : f32 to f64",
        "f64",
        "f32 extf",
    ),
    "a float of 64 bits": ("%v = math.sin %a : f64", "f64", None),
}


@pytest.mark.parametrize("case", NARROWED)
def test_few_bits(parse, case):
    body, type_, expected = NARROWED[case]
    body = f"%k200 = arith.constant 200 : index\n{body}\n{push('%v', type_)}"
    program, member = one_stack(parse, body, type_)
    found = narrowing_of(member, find_integer_ranges(program.function))
    if expected is None:
        assert found is None
    else:
        assert found is not None
        extension = found.extension.name.removeprefix("arith.")
        assert f"{found.element} {extension}" == expected
