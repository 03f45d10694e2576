"""Buffers that loops pass around, and others that may or may not be one."""

import pytest

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.swapped_buffers import are_different_buffers

M = "memref<8xf64>"
ALLOCATED = f"%q = memref.alloc() : {M}\n%r = memref.alloc() : {M}\n"


def steps(starts: str, handed: str) -> str:
    """%d, %e of a loop that carries %f, %g."""
    first, second = starts.split()
    return f"""%d, %e = scf.for %i = %c0 to %n step %c1
        iter_args(%f = {first}, %g = {second}) -> ({M}, {M}) {{
      scf.yield {handed.replace(" ", ", ")} : {M}, {M}
    }}\n"""


# By name: a body, two of its buffers, and whether they are certainly different.
BUFFERS = {
    "two allocations": (ALLOCATED, "q r", True),
    "one and itself": (ALLOCATED, "q q", False),
    "a view": ("%v = memref.cast %x : memref<8xf64> to memref<?xf64>", "x v", False),
    "arguments": ("", "x y", True),
    "swapped, inside": (ALLOCATED + steps("%q %r", "%g %f"), "f g", True),
    "swapped, behind": (ALLOCATED + steps("%q %r", "%g %f"), "d e", True),
    "swapped arguments": (steps("%x %y", "%g %f"), "f g", True),
    "argument and allocation": (ALLOCATED + steps("%x %r", "%g %f"), "f g", True),
    "kept": (ALLOCATED + steps("%q %r", "%f %g"), "f g", True),
    "one begins as the other": (steps("%x %x", "%g %f"), "f g", False),
    "one becomes the other": (ALLOCATED + steps("%q %r", "%g %g"), "f g", False),
    "another one comes in": (ALLOCATED + steps("%q %r", "%g %x"), "f g", False),
    "inside and behind": (ALLOCATED + steps("%q %r", "%g %f"), "f d", False),
    "inside and its start": (ALLOCATED + steps("%q %r", "%g %f"), "f r", False),
    "swapped twice": (
        ALLOCATED
        + steps("%q %r", "%g %f").replace("%d, %e", "%h, %k")
        + steps("%h %k", "%g %f").replace("%f", "%s").replace("%g", "%t"),
        "s t",
        True,
    ),
    "chosen": (
        f"""{ALLOCATED}%h = scf.if %p -> ({M}) {{
          scf.yield %q : {M}
        }} else {{
          scf.yield %r : {M}
        }}""",
        "h q",
        False,
    ),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_that_are_never_one(parse, name: str):
    body, names, expected = BUFFERS[name]
    program = parse(body)
    one, other = (program[word] for word in names.split())
    buffers = find_buffers(program.function)
    assert are_different_buffers(one, other, buffers) == expected
    assert are_different_buffers(other, one, buffers) == expected


def test_arguments_that_a_call_may_pass_twice_are_not_apart(parse):
    program = parse(steps("%x %y", "%g %f"))
    buffers = find_buffers(program.function, may_share=True)
    assert not are_different_buffers(program["f"], program["g"], buffers)
