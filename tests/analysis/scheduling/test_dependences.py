"""What has to run before what in an iteration, and which memory changes."""

import pytest

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.dependences import carried_number, find_dependences

RING = "!spm.ring<[f64], tile 8, slots 1, base {}>"
ACCESSES = {
    "load": "%{} = memref.load %{}[%i] : memref<8xf64>",
    "store": 'memref.store %a, %{1}[%i] {{label = "{0}"}} : memref<8xf64>',
    "take": f"%{{}} = spm.load %{{}}[%i] field 0 : {RING.format(0)}",
    "put": 'spm.store %a, %{1}[%i] field 0 {{label = "{0}"}} : ' + RING.format(0),
    "send": 'stream.enqueue %{1}, %i {{label = "{0}"}} : ' + RING.format(0),
}


def access(text: str) -> str:
    """`name: load x` as IR."""
    name, _, what = text.partition(": ")
    verb, memory = what.split()
    return ACCESSES[verb].format(name, memory)


def dependences_of(parse, body: str):
    """A program with that in a loop, and what is found of the loop."""
    rings = "".join(f"%{r} = spm.allocate %c8 : {RING.format(0)}\n" for r in "rs")
    head = "scf.for %i = %c0 to %n step %c1 iter_args(%k = %a, %l = %b) -> (f64, f64)"
    program = parse(
        f"{rings}%end, %end2 = {head} {{\n{body}\nscf.yield %l, %k : f64, f64 }}"
    )
    loop = program.op("end")
    return program, find_dependences(loop, find_buffers(program.function))


# By accesses in order: what the last one must not overtake.
ORDERS = {
    "reads are free": (["one: load x", "two: load x"], []),
    "a write waits for reads": (
        ["one: load x", "two: load x", "w: store x"],
        ["one", "two"],
    ),
    "a read waits for the write": (["w: store x", "one: load x"], ["w"]),
    "the last one": (["v: store x", "w: store x", "one: load x"], ["w"]),
    "not for other memory": (["w: store y", "one: load x"], []),
    "rings lie apart": (["w: put r", "one: take s"], []),
    "one ring does not": (["w: put r", "one: take r"], ["w"]),
    "a record taken is gone": (["one: take r", "two: take r"], ["one"]),
    "a tile moves behind accesses": (["one: take r", "w: send r"], ["one"]),
    "accesses wait for a tile that moves": (["w: send r", "one: take r"], ["w"]),
}


@pytest.mark.parametrize("case", ORDERS)
def test_accesses_in_order(parse, case):
    lines, expected = ORDERS[case]
    program, found = dependences_of(parse, "\n".join(map(access, lines)))
    assert found is not None
    last = found.operations[-1]
    assert found.before[last] == {program.op(name) for name in expected}


def test_results_come_before_their_uses_also_inside_branches(parse):
    body = """%v = math.sin %a : f64
    %w = scf.if %p -> (f64) {
      %u = arith.addf %v, %k : f64
      scf.yield %u : f64
    } else {
      scf.yield %b : f64
    }
    %x2 = arith.negf %w : f64"""
    program, found = dependences_of(parse, body)
    assert found is not None
    op = program.op
    assert found.operations == (op("v"), op("w"), op("x2"))
    assert found.before[op("w")] == {op("v")}
    assert found.before[op("x2")] == {op("w")}
    assert {program[name] for name in ("p", "v", "k", "b")} <= found.operands[op("w")]


def test_memory_that_changes_is_told_with_all_its_accesses(parse):
    lines = ("one: load x", "two: load y", "w: store x")
    program, found = dependences_of(parse, "\n".join(map(access, lines)))
    assert found is not None
    together = (frozenset({program.op("one"), program.op("w")}),)
    changing = {name: found.changing[program.op(name)] for name in ("one", "two", "w")}
    assert changing == {"one": together, "two": (), "w": together}


OPAQUE = {
    "a loop": "scf.for %j = %c0 to %n step %c1 {\n}",
    "an operation of unknown effects": '"test.op"() : () -> ()',
    "an allocation": "%t = memref.alloc() : memref<8xf64>",
    "in a branch": 'scf.if %p {\n"test.op"() : () -> ()\n}',
}


@pytest.mark.parametrize("case", OPAQUE)
def test_what_is_not_looked_into(parse, case):
    assert dependences_of(parse, OPAQUE[case])[1] is None


def test_a_division_is_known(parse):
    assert dependences_of(parse, "%v = arith.divsi %i, %n : index")[1] is not None


def test_numbers_of_carried_values(parse):
    program, _ = dependences_of(parse, "")
    loop = program.op("end")
    told = [carried_number(program[name], loop) for name in ("i", "k", "l", "a", "end")]
    assert told == [None, 0, 1, None, None]
