"""Which loops can be reversed iteration by iteration, and what stands in the way."""

import pytest

from tapeflow.analysis.differentiation.loop_fusion import (
    FusionFinder,
    ScopeFusion,
)
from tapeflow.analysis.memory.overwriting import find_accesses


def fusion_of(reverse) -> ScopeFusion | None:
    """What is fused in the function's own block."""
    function, facts = reverse.program.function, reverse.facts
    accesses = find_accesses(function, facts.activity.buffers)
    scopes = FusionFinder(facts, accesses).scopes(function.body.block)
    return scopes.get(function.body.block)


def total(of: str, result: str = "%sum") -> str:
    """A loop that adds up %v, which some lines compute of %i."""
    return f"""{result} = scf.for %i = %c0 to %c8 step %c1
      iter_args(%s = %zero) -> (f64) {{
    {of}
    %next = arith.addf %s, %v : f64
    scf.yield %next : f64
  }}\n"""


SINE = "%xi = memref.load %x[%i] : memref<8xf64>\n%v = math.sin %xi : f64\n"
NEW = "%t = memref.alloc() : memref<8xf64>\n"
FILLED = """scf.for %j = %c0 to %c8 step %c1 {
      memref.store %xi, %t[%j] : memref<8xf64>
    }
    %read = memref.load %t[%i] : memref<8xf64>"""
INNER = f"%xi = memref.load %x[%i] : memref<8xf64>\n{FILLED}\n%v = math.sin %read : f64"
SCALED = "%r = arith.mulf %sum, %a : f64"
# By body that computes %r: whether the loop %sum is fused.
FUSED = {
    "a sum": (total(SINE) + SCALED, True),
    "differences": (
        total(SINE).replace("addf %s, %v", "subf %s, %v") + SCALED,
        True,
    ),
    "but not what is subtracted from": (
        total(SINE).replace("addf %s, %v", "subf %v, %s") + SCALED,
        False,
    ),
    "a product": (total(SINE).replace("addf", "mulf") + SCALED, False),
    "a sum whose parts are read in between": (
        total(f"{SINE}%w = math.sin %s : f64\nmemref.store %w, %y[%i] : memref<8xf64>")
        + SCALED,
        False,
    ),
    "its seed depends on its value": (total(SINE) + "%r = math.sin %sum : f64", False),
    "its seed depends on what is known before": (
        "%k = math.sin %a : f64\n" + total(SINE) + "%r = arith.mulf %sum, %k : f64",
        True,
    ),
    "and on what can be computed before": (
        total(SINE) + "%k = math.sin %a : f64\n%r = arith.mulf %sum, %k : f64",
        True,
    ),
    "but not on what also has a derivative": (
        "%k = memref.load %y[%m] : memref<8xf64>\n"
        + total(SINE) + "%r = arith.mulf %sum, %k : f64",
        False,
    ),
    "nor on what is loaded behind": (
        "%q = memref.alloc() : memref<8xf64>\n" + total(SINE)
        + "%k = memref.load %q[%m] : memref<8xf64>\n"
        "%r = arith.mulf %sum, %k : f64",
        False,
    ),
    "its sum is used in a loop": (
        total(SINE)
        + total("%v = arith.mulf %sum, %a : f64", "%r").replace("%i", "%h"),
        False,
    ),
    "its sum is stored": (
        total(SINE) + "memref.store %sum, %y[%m] : memref<8xf64>\n"
        "%r = math.exp %a : f64",
        False,
    ),
    "what it reads is overwritten behind it": (
        total(SINE) + "memref.store %a, %x[%m] : memref<8xf64>\n" + SCALED,
        False,
    ),
    "it overwrites what it reads": (
        total(f"{SINE}memref.store %v, %x[%m] : memref<8xf64>") + SCALED,
        False,
    ),
    "it fills a buffer of its own first": (NEW + total(INNER) + SCALED, True),
    "it fills only a part": (
        NEW + total(INNER.replace("to %c8", "to %n")) + SCALED,
        False,
    ),
    "the buffer is used behind it": (
        NEW
        + total(INNER)
        + "%k = memref.load %t[%m] : memref<8xf64>\n"
        + "%l = arith.mulf %sum, %a : f64\n%r = arith.addf %k, %l : f64",
        False,
    ),
    "the buffer is the caller's": (
        total(INNER.replace("%t", "%y")) + SCALED,
        False,
    ),
    "the buffer is allocated in each iteration": (
        total(f"{NEW}{INNER.replace('to %c8', 'to %n')}") + SCALED,
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FUSED)
def test_fusion(reverse_of, case):
    body, is_fused = FUSED[case]
    reverse = reverse_of(body, "%r", "xy")
    fusion = fusion_of(reverse)
    loops = () if fusion is None else fusion.loops
    assert (reverse.program.op("sum") in loops) == is_fused


def test_what_passes_seeds_is_reversed_early_and_its_factors_hoisted(
    reverse_of,
):
    body = f"""{total(SINE)}
      %k = math.sin %a : f64
      %other = math.exp %b : f64
      %w = arith.mulf %sum, %k : f64
      %r = arith.addf %w, %other : f64"""
    reverse = reverse_of(body, "%r", "xy")
    fusion, op = fusion_of(reverse), reverse.program.op
    assert fusion is not None
    assert fusion.early == {op("w"), op("r")}
    assert fusion.hoisted == (op("k"),)


def test_inner_loops_are_fused_in_the_scope_of_an_outer_one(reverse_of):
    inner = total(SINE, "%inner").replace("%s", "%u").replace("%i ", "%j ")
    body = total(f"{inner.replace('%next', '%more').replace('%v', '%w')}\n"
                 "%v = arith.mulf %inner, %a : f64") + SCALED  # fmt: skip
    reverse = reverse_of(body, "%r", "xy")
    function, facts = reverse.program.function, reverse.facts
    accesses = find_accesses(function, facts.activity.buffers)
    scopes = FusionFinder(facts, accesses).scopes(function.body.block)
    assert [fusion.loops for fusion in scopes.values()] == [
        (reverse.program.op("sum"),),
        (reverse.program.op("inner"),),
    ]
