"""Carried values that a loop's index tells: counters and running extrema."""

import pytest

from tapeflow.analysis.differentiation.recall_ways import Recall
from tapeflow.analysis.differentiation.running_values import (
    Counter,
    counter_of,
    running_extrema,
)

COUNTED = """%r = scf.for %i = %m to %n step %c2 iter_args(%k = %c8) -> (index) {{
    %next = {} : index
    scf.yield %next : index
  }}"""
COUNTERS = {
    "a multiple of the step each time": ("arith.addi %k, %c8", 4),
    "the step on the other side": ("arith.addi %c2, %k", 1),
    "less than a step": ("arith.addi %k, %c1", None),
    "a number that is not known": ("arith.addi %k, %m", None),
    "a factor": ("arith.muli %k, %c2", None),
    "not itself": ("arith.addi %i, %c2", None),
}


@pytest.mark.parametrize("case", COUNTERS)
def test_counters(parse, case):
    operation, factor = COUNTERS[case]
    program = parse(COUNTED.format(operation))
    counter = counter_of(program["k"])
    if factor is None:
        assert counter is None
    else:
        start, index, lower = (program[name] for name in ("c8", "i", "m"))
        assert counter == Counter(start, index, lower, factor)


@pytest.mark.parametrize("operands", ["%s, %v", "%v, %s"])
def test_a_running_extremum_is_told_from_its_last_change(reverse_of, operands):
    body = f"""%r = scf.for %i = %m to %n step %c1 iter_args(%s = %a) -> (f64) {{
      %v = memref.load %x[%i] : memref<8xf64>
      %next = arith.maximumf {operands} : f64
      scf.yield %next : f64
    }}"""
    reverse = reverse_of(body, "%r")
    (chose,) = reverse.choices
    way = reverse.ways.of(chose)
    assert way is not None and way.recall is Recall.CHOOSE
    loop = reverse.program.op("r")
    assert way.operands == (loop.body.block.args[0], loop.results[-1])
    assert way.is_kept == operands.startswith("%s")


SHARED = {
    "it alone": ("", "%s, %v", "%next", 1),
    "its value is read besides": ("%w = math.sin %s : f64", "%s, %v", "%next", 0),
    "something else goes on": ("", "%s, %v", "%v", 0),
    "another value is in its place": ("", "%a, %v", "%next", 0),
}


@pytest.mark.parametrize("case", SHARED)
def test_an_extremum_runs_if_nothing_else_uses_the_value(parse, case):
    other, operands, following, count = SHARED[case]
    body = f"""%r = scf.for %i = %m to %n step %c1 iter_args(%s = %a) -> (f64) {{
      %v = memref.load %x[%i] : memref<8xf64>
      {other}
      %next = arith.minnumf {operands} : f64
      scf.yield {following} : f64
    }}"""
    assert len([*running_extrema(parse(body).op("r"))]) == count
