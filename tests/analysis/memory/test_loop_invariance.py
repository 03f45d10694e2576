"""In which loops around it a value is the same in each iteration."""

import pytest

from tapeflow.analysis.memory.loop_invariance import InvariantLoops

STORE = "memref.store %a, %y[%j] : memref<8xf64>"
TO_FLOAT = """%q = arith.index_cast %j : index to i64
%t = arith.sitofp %q : i64 to f64
"""
CARRY = """%v = scf.for %k = %c0 to {upper} step %c1 iter_args(%s = {start}) -> (f64) {{
  %w = arith.addf %s, {change} : f64
  scf.yield %w : f64
}}"""


def carried(upper="%c8", start="%a", change="%b") -> str:
    return CARRY.format(upper=upper, start=start, change=change)


LOAD_X, LOAD_Y = (f"%v = memref.load %{name}[%m] : memref<8xf64>" for name in "xy")
# By what computes %v in two loops, %i around %j: those in which it is the same.
INVARIANT = {
    "of what is outside": ("%v = arith.addf %a, %b : f64", "ij"),
    "of the inner index": ("%v = arith.addi %j, %n : index", "i"),
    "of the outer index": ("%v = arith.addi %i, %n : index", "j"),
    "of both": ("%v = arith.addi %i, %j : index", ""),
    "a division": ("%v = arith.divsi %m, %j : index", "i"),
    "a load of what nobody writes": (f"{LOAD_X}\n{STORE}", "ij"),
    "a load of what both write": (f"{LOAD_Y}\n{STORE}", ""),
    "at an index that varies": ("%v = memref.load %x[%j] : memref<8xf64>", "i"),
    "an extent": ("%v = memref.dim %x, %i : memref<8xf64>", "j"),
    "a choice": ("%v = arith.select %p, %i, %m : index", "j"),
    "a sum in a loop of its own": (carried(), "ij"),
    "that begins with what varies": (
        TO_FLOAT + carried(start="%t"),
        "i",
    ),
    "that runs as often as an index says": (carried(upper="%i"), "j"),
    "of what varies in it": (
        TO_FLOAT.replace("%j", "%i") + carried(change="%t"),
        "j",
    ),
    "a branch that an index decides": (
        """%q = arith.cmpi eq, %j, %n : index
        %v = scf.if %q -> (f64) {
          scf.yield %a : f64
        } else {
          scf.yield %b : f64
        }""",
        "i",
    ),
    "of nothing that is known": ('%v = "test.op"() : () -> f64', ""),
}


@pytest.mark.parametrize("case", INVARIANT)
def test_two_loops(parse, case):
    body, expected = INVARIANT[case]
    program = parse(f"""scf.for %i = %c0 to %n step %c1 {{
      scf.for %j = %c0 to %m step %c1 {{
        {body}
      }}
    }}""")
    value = program["v"]
    loops = InvariantLoops(program.function).around(value, value.owner)
    assert {loop.body.block.args[0].name_hint for loop in loops} == {*expected}


def test_what_a_loop_writes_elsewhere_varies_in_it_alone(parse):
    """The inner loop only reads; the outer one writes behind it."""
    program = parse(f"""scf.for %i = %c0 to %n step %c1 {{
      scf.for %k = %c0 to %m step %c1 {{
        {LOAD_Y}
      }}
      {STORE.replace("%j", "%i")}
    }}""")
    value = program["v"]
    loops = InvariantLoops(program.function).around(value, value.owner)
    assert [loop.body.block.args[0].name_hint for loop in loops] == ["k"]


def test_what_an_inner_loop_carries_depends_on_what_it_began_with(parse):
    of_index = (
        "%q = arith.index_cast %i : index to i64\n%t = arith.sitofp %q : i64 to f64"
    )
    for start, expected in (("%t", False), ("%a", True)):
        body = f"{of_index}\n{carried(start=start)}"
        program = parse(f"scf.for %i = %c0 to %n step %c1 {{\n{body}\n}}")
        outer = program["i"].owner.parent_op()
        loops = InvariantLoops(program.function)
        assert loops.is_invariant(program["w"], outer) == expected


def test_what_a_loop_carries_varies_in_it(parse):
    program = parse(carried())
    loops = InvariantLoops(program.function)
    loop = program.op("v")
    assert not loops.is_invariant(program["s"], loop)
    assert not loops.is_invariant(program["w"], loop)
    assert loops.is_invariant(program["b"], loop)
