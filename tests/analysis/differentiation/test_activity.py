"""Which values carry a derivative: they depend on an argument, and a result on them."""

import pytest

from tapeflow.analysis.differentiation.activity import find_activity
from tapeflow.analysis.memory.aliasing import find_buffers

LOAD = "%v = memref.load %x[%m] : memref<8xf64>"
CALM = "memref.store %b, %x[%n] : memref<8xf64>"
WORK = "%t = memref.alloc() : memref<8xf64>\n"
SWAP = """%end, %spare = scf.for %i = %c0 to %n step %c1
    iter_args(%from = %t, %to = %u) -> (memref<8xf64>, memref<8xf64>) {
  scf.yield %to, %from : memref<8xf64>, memref<8xf64>
}"""
# By body: the result and the arguments of interest, and what is active.
FLOWS = {
    "through arithmetic": ("%v = math.sin %a : f64", "%v", "a", "a v"),
    "not from another argument": ("%v = math.sin %b : f64", "%v", "a", ""),
    "not to another result": ("%v = math.sin %a : f64", "%b", "a", ""),
    "not through integers": (
        "%w = arith.fptosi %a : f64 to i64\n%v = arith.sitofp %w : i64 to f64",
        "%v",
        "a",
        "",
    ),
    "through a choice of either": (
        "%v = arith.select %p, %a, %b : f64",
        "%v",
        "b",
        "b v",
    ),
    "through memory": (
        f"{WORK}memref.store %a, %t[%m] : memref<8xf64>\n"
        "%v = memref.load %t[%n] : memref<8xf64>",
        "%v",
        "a",
        "a t v",
    ),
    "also against the order of the program": (
        f"{WORK}%v = memref.load %t[%n] : memref<8xf64>\n"
        "memref.store %a, %t[%m] : memref<8xf64>",
        "%v",
        "a",
        "a t v",
    ),
    "not into memory that nobody reads": (
        f"{WORK}memref.store %a, %t[%m] : memref<8xf64>",
        "%b",
        "a",
        "",
    ),
    "into memory of interest": (CALM, "", "xb", "b x"),
    "not out of memory that is not of interest": (LOAD, "%v", "a", ""),
    "through a copy": (
        f"{WORK}memref.copy %x, %t : memref<8xf64> to memref<8xf64>\n"
        "%v = memref.load %t[%n] : memref<8xf64>",
        "%v",
        "x",
        "t v x",
    ),
    "through a view": (
        """%t = memref.cast %x : memref<8xf64> to memref<?xf64>
        %v = memref.load %t[%n] : memref<?xf64>""",
        "%v",
        "x",
        "t v x",
    ),
    "into both of two buffers that are swapped": (
        f"""{WORK}%u = memref.alloc() : memref<8xf64>
        memref.store %a, %t[%m] : memref<8xf64>
        {SWAP}
        %v = memref.load %end[%n] : memref<8xf64>""",
        "%v",
        "a",
        "a t u from to end spare v",
    ),
    "through what a loop carries, once around": (
        """%v = scf.for %i = %c0 to %n step %c1 iter_args(%t = %b) -> (f64) {
          %u = arith.addf %t, %a : f64
          scf.yield %u : f64
        }""",
        "%v",
        "a",
        "a t u v",
    ),
    "through one side of a branch": (
        """%v = scf.if %p -> (f64) {
          scf.yield %a : f64
        } else {
          scf.yield %b : f64
        }""",
        "%v",
        "a",
        "a v",
    ),
}


@pytest.mark.parametrize("case", FLOWS)
def test_flows(reverse_of, case):
    body, returns, wrt, expected = FLOWS[case]
    reverse = reverse_of(body, returns, wrt)
    values = filter(reverse.facts.activity.active, reverse.program.values())
    assert set(reverse.program.names(values)) == {*expected.split()}


def test_nothing_flows_through_what_is_told_to_be_constant(parse):
    program = parse("%v = math.sin %a : f64\n%w = arith.addf %v, %b : f64", "%w")
    function = program.function
    buffers = find_buffers(function)
    (result,) = function.body.block.last_op.operands
    sources = [program["a"], program["b"]]
    found = find_activity(function, buffers, sources, [result], [program["v"]])
    told = {name: found.active(program[name]) for name in "avbw"}
    assert told == {"a": False, "v": False, "b": True, "w": True}
    assert not found.varied(program["v"])


def test_what_varies_need_not_be_of_use(reverse_of):
    reverse = reverse_of("%v = math.sin %a : f64", "%b", "a")
    activity, value = reverse.facts.activity, reverse.program["v"]
    assert activity.varied(value) and not activity.active(value)
