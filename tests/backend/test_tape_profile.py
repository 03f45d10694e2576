"""What a profiled run counts, against counts by hand."""

import numpy as np
import pytest

from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms.tape.profile_tape import (
    MULTIPLIER,
    Slot,
    profile_tape,
    slot_of,
)
from tapeflow.universe import full_context


def profile(body, arguments, values, engine: Engine = "reference"):
    """The counts of each stack of a function, and of its operations."""
    text = f"""func.func @f({arguments}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      {body}
      return
    }}"""
    module = parse_module(text, "f.mlir", full_context())
    slots = np.zeros(profile_tape(find_function(module, "f")), np.int64)
    module.verify()
    execute(module, "f", [*values, slots], None, engine)
    stacks = slots[slot_of(0, Slot.PUSHES) :].reshape(-1, len(Slot))
    return [dict(zip(Slot, row, strict=True)) for row in stacks.tolist()], int(slots[0])


def loop(index, upper, body):
    return f"scf.for %{index} = %c0 to %{upper} step %c1 {{ {body} }}"


NEST = f"""
  %s = tape.stack : !tape.stack<f64>
  {loop("i", "n", loop("j", "m", "tape.push %s, %v : !tape.stack<f64>"))}
  {loop("i", "n", loop("j", "m", "%p = tape.pop %s : !tape.stack<f64>"))}
"""


def test_pushes_peak_and_lifetimes():
    (stack,), operations = profile(NEST, "%n: index, %m: index, %v: f64", (3, 4, 2.5))
    assert stack[Slot.PUSHES] == stack[Slot.PEAK] == 12
    assert stack[Slot.LIVE] == 0
    # Either nest: itself, in each row its loop and the end, and two for each entry.
    nest = 1 + 3 * (2 + 2 * 4)
    assert operations == 2 * nest + 1
    # The first push and the last pop, and so on inwards, are equally far apart.
    pushes = [3 + 10 * i + 2 * j for i in range(3) for j in range(4)]
    pops = [nest + at for at in pushes]
    assert stack[Slot.LIFETIME] == sum(pops) - sum(pushes)


def test_a_stack_that_is_emptied_in_each_iteration_peaks_in_one():
    inner = loop("j", "m", "tape.push %s, %v : !tape.stack<f64>") + loop(
        "k", "m", "%p = tape.pop %s : !tape.stack<f64>"
    )
    body = f"%s = tape.stack : !tape.stack<f64> {loop('i', 'n', inner)}"
    (stack,), _ = profile(body, "%n: index, %m: index, %v: f64", (3, 4, 2.5))
    assert (stack[Slot.PUSHES], stack[Slot.PEAK]) == (12, 4)


@pytest.mark.parametrize(
    ("value", "distinct"),
    [
        ("%e = arith.addf %v, %v : f64", 1),
        ("%e = memref.load %x[%i] : memref<?xf64>", 3),
        ("%e = memref.load %x[%j] : memref<?xf64>", 4),
        ("%k = arith.addi %i, %j : index %e = memref.load %x[%k] : memref<?xf64>", 12),
        (
            "%e = memref.load %x[%i] : memref<?xf64> "
            "memref.store %v, %x[%j] : memref<?xf64>",
            12,
        ),
    ],
)
def test_entries_are_distinct_where_the_value_can_vary(value, distinct):
    push = f"{value} tape.push %s, %e : !tape.stack<f64>"
    body = f"%s = tape.stack : !tape.stack<f64> {loop('i', 'n', loop('j', 'm', push))}"
    arguments = "%n: index, %m: index, %v: f64, %x: memref<?xf64>"
    (stack,), _ = profile(body, arguments, (3, 4, 2.5, np.ones(8)))
    assert (stack[Slot.PUSHES], stack[Slot.DISTINCT]) == (12, distinct)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize(
    ("type_", "values", "bits"),
    [
        ("f64", (1.0, -2.0), np.array([1.0, -2.0]).view(np.int64)),
        ("f32", (1.0, -2.0), np.array([1.0, -2.0], np.float32).view(np.uint32)),
        ("index", (5, -7), (5, -7)),
        ("i64", (5, -7), (5, -7)),
        ("i8", (5, -7), (5, 249)),
        ("i1", (True, False), (1, 0)),
    ],
)
def test_the_digest_is_of_the_bits_in_order(engine, type_, values, bits):
    stack = f"!tape.stack<{type_}>"
    body = (
        f"%s = tape.stack : {stack} tape.push %s, %a : {stack} "
        f"tape.push %s, %b : {stack}"
    )
    arguments = f"%a: {type_}, %b: {type_}"
    (counts,), _ = profile(body, arguments, values, engine)
    first, second = map(int, bits)
    digest = (first * MULTIPLIER + second) % 2**64
    assert counts[Slot.DIGEST] % 2**64 == digest
