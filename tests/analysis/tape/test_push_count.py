"""How often a push runs at most, and what is repeated to know it before."""

import pytest

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.tape.push_count import PushCount, count_pushes

ARGUMENTS = "%m: index, %n: index, %p: i1, %table: memref<8xindex>"
PUSH = 'tape.push %t, %m {label = "push"} : !tape.stack<index>'


def loop(body: str, upper: str, index: str = "%i") -> str:
    return f"scf.for {index} = %c0 to {upper} step %c1 {{\n{body}\n}}"


def count_of(parse, body: str, emptied: str = "") -> tuple[object, PushCount | None]:
    """The count for the function, or for an iteration of the loop with that index."""
    program = parse(
        f"%t = tape.stack : !tape.stack<index>\n{body}", arguments=ARGUMENTS
    )
    block = program.function.body.block
    push = program.op("push")
    first, last = program.op("t").next_op, block.find_ancestor_op_in_block(push)
    nest, op = [first], first
    while op is not last:
        op = op.next_op
        nest.append(op)
    outer = program[emptied].owner.parent_op() if emptied else None
    buffers = find_buffers(program.function)
    return program, count_pushes(push, block, nest, buffers, outer)


def told(program, count: PushCount | None) -> str | None:
    """Each loop by index, `+` if it is counted, and what its bounds need."""
    if count is None:
        return None
    words: list[str] = []
    for one in count.loops:
        index = one.loop.body.block.args[0].name_hint
        needs = ",".join(program.names(op.results[0] for op in one.slice))
        words.append(f"{index}{'+' * one.counted}({needs})")
    return " ".join(words)


LOADED = "%u = memref.load %table[{}] : memref<8xindex>\n"
WRITE = "memref.store %n, %table[%m] : memref<8xindex>\n"
COUNTS = {
    "one push": (PUSH, ""),
    "a product": (loop(loop(PUSH, "%m", "%j"), "%n"), "i() j()"),
    "a branch counts as taken": (loop(f"scf.if %p {{ {PUSH} }}", "%n"), "i()"),
    "a bound computed in the nest": (
        loop("%u = arith.addi %m, %n : index\n" + loop(PUSH, "%u", "%j"), "%n"),
        "i() j(u)",
    ),
    "and all that it needs, in order": (
        loop(
            "%w = arith.muli %m, %n : index\n%u = arith.addi %w, %w : index\n"
            + loop(PUSH, "%u", "%j"),
            "%n",
        ),
        "i() j(w,u)",
    ),
    "a triangle has to be counted": (loop(loop(PUSH, "%i", "%j"), "%n"), "i+() j()"),
    "a bound that is loaded, as often as it runs": (
        loop(LOADED.format("%m") + loop(PUSH, "%u", "%j"), "%n"),
        "i+() j(u)",
    ),
    "but not if the nest writes it": (
        loop(LOADED.format("%m") + loop(f"{PUSH}\n{WRITE}", "%u", "%j"), "%n"),
        None,
    ),
    "it may be written behind the nest": (
        loop(LOADED.format("%m") + loop(PUSH, "%u", "%j"), "%n") + "\n" + WRITE,
        "i+() j(u)",
    ),
    "nor if it is loaded in a branch": (
        f"scf.if %p {{\n{LOADED.format('%m')}{loop(PUSH, '%u')}\n}}",
        None,
    ),
    "a division that may fail, as often as it runs": (
        loop("%u = arith.divsi %m, %n : index\n" + loop(PUSH, "%u", "%j"), "%n"),
        "i+() j(u)",
    ),
    "one that cannot fail, once": (
        loop("%u = arith.divsi %m, %c2 : index\n" + loop(PUSH, "%u", "%j"), "%n"),
        "i() j(u)",
    ),
    "what a loop carries is not known before": (
        f"""%r = scf.for %i = %c0 to %n step %c1 iter_args(%u = %m) -> (index) {{
          {loop(PUSH, "%u", "%j")}
          %w = arith.addi %u, %n : index
          scf.yield %w : index
        }}""",
        None,
    ),
    "nor how often a while loop runs": (
        f"""%r = scf.while (%u = %m) : (index) -> index {{
          scf.condition(%p) %u : index
        }} do {{
        ^bb0(%k: index):
          {PUSH}
          scf.yield %k : index
        }}""",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTS)
def test_counts(parse, case):
    body, expected = COUNTS[case]
    assert told(*count_of(parse, body)) == expected


@pytest.mark.parametrize(("upper", "expected"), [("%m", "j()"), ("%i", None)])
def test_a_tape_that_each_iteration_empties(parse, upper, expected):
    """The number has to be the same for all iterations."""
    nest = loop(loop(PUSH, upper, "%j"), "%n")
    assert told(*count_of(parse, nest, emptied="i")) == expected
