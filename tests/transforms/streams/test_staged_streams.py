"""Loops in stages that use rings: what is proved of them, and what is not any more."""

import re

import pytest

from tapeflow.transforms import PipelineLoopsPass
from tapeflow.universe import full_context

from .stream_faults import faults_of
from .test_counted_streams import module_of
from .test_stream_faults import answers

RING = "!spm.ring<[f64], tile 2, slots 2, base 0>"
LONG = "\n".join(f"%e{n} = math.exp %e{n - 1} : f64" for n in range(1, 10))
"""Operations that make a cut worth it."""

PUSHES = """
  %end, %limit = scf.for %i = LOWER to %n step %c1
      iter_args(%a = %c0, %l = %c16) -> (index, index) {
    %full = arith.cmpi eq, %a, %l : index
    %a1, %l1 = scf.if %full -> (index, index) {
      %start = arith.subi %l, %c16 : index
      stream.enqueue %ring, %start : RING
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : RING
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2 : index, index
    } else {
      scf.yield %a, %l : index, index
    }
    FORWARD
    %a3 = arith.addi %a1, %c8 : index
    scf.yield %a3, %l1 : index, index
  }
"""
EARLY_PUSH = """
    %e0 = memref.load %x[%i] : memref<?xf64>
    spm.store %e0, %ring[%a1] field 0 : RING
    LONG
    memref.store %e9, %y[%i] : memref<?xf64>
"""
LATE_PUSH = """
    %e0 = memref.load %x[%i] : memref<?xf64>
    LONG
    spm.store %e9, %ring[%a1] field 0 : RING
"""
BOUNDARY = """
    %start = arith.subi %l, %c16 : index
    %used = arith.cmpi eq, %a, %start : index
    %a1, %l1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start : RING
      %other = arith.subi %c64, %start : index
      %slot = stream.dequeue %ring, %other : RING
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %l2, %l2 : index, index
    } else {
      scf.yield %a, %l : index, index
    }
    %a3 = arith.subi %a1, %c8 : index
"""
POP = "%v = spm.load %ring[%a3] field 0 : RING\n"
POPS = """
  scf.for %i = LOWER to %n step %c1
      iter_args(%a = %end, %l = %limit) -> (index, index) {
    BOUNDARY POP
    memref.store %v, %y[%i] : memref<?xf64>
    scf.yield %a3, %l1 : index, index
  }
"""
STAGED_POPS = """
  %some = arith.cmpi slt, LOWER, %n : index
  scf.if %some {
    FIRST
    %second = arith.addi LOWER, %c1 : index
    %w, %at, %d, %e = scf.for %i = %second to %n step %c1
        iter_args(%u = BEFORE, %j = LOWER, %a = %a3_first, %l = %l1_first)
        -> (f64, index, index, index) {
      KERNEL
      scf.yield HANDED, %i, %a3, %l1 : f64, index, index, index
    }
    LAST
  }
"""
FIRST = (
    re.sub(r"%(a|l|start|used|slot|other|v)(\d?)\b", r"%\1\2_first", BOUNDARY)
    .replace("%a_first", "%end")
    .replace("%l_first", "%limit")
)
WRITE = "memref.store {}, %y[{}] : memref<?xf64>\n"
AGREES = {
    "FIRST": FIRST + "%v_first = spm.load %ring[%a3_first] field 0 : RING\n",
    "BEFORE": "%v_first",
    "HANDED": "%v",
    "KERNEL": BOUNDARY + POP + WRITE.format("%u", "%j"),
    "LAST": WRITE.format("%w", "%at"),
}
READ_LATE = {
    # The early half gives a slot up of which the late half reads the last record.
    "FIRST": FIRST,
    "BEFORE": "%zero",
    "HANDED": "%zero",
    "KERNEL": "%v = spm.load %ring[%a] field 0 : RING\n" + BOUNDARY,
    "LAST": "%last = spm.load %ring[%d] field 0 : RING\n"
    + WRITE.format("%last", "%at"),
}
ACQUIRED_EARLY = {
    **READ_LATE,
    "KERNEL": BOUNDARY + "%v = spm.load %ring[%a] field 0 : RING\n",
}
NOT_IN_LAST = {**READ_LATE, "LAST": ""}
POPPED_TWICE = {**AGREES, "LAST": "%last = spm.load %ring[%d] field 0 : RING\n"}


def program(forward: str, pops: str, lower: str = "%c0") -> str:
    """A function that pushes elements %lower to %n, and pops them."""
    pushes = PUSHES.replace("FORWARD", forward)
    text = f"""
      func.func @f(%n: index, %x: memref<?xf64>, %y: memref<?xf64>, %from: index) {{
        %zero = arith.constant 0.0 : f64
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        %c16 = arith.constant 16 : index
        %c64 = arith.constant 64 : index
        %ring = spm.allocate %c1 growing : RING
        {pushes}
        {pops}
        func.return
      }}"""
    parts = {"BOUNDARY": BOUNDARY, "POP": POP, "LONG": LONG, "LOWER": lower}
    for name, part in {**parts, "RING": RING}.items():
        text = text.replace(name, part)
    return text


def in_stages(parts: dict[str, str]) -> str:
    text = STAGED_POPS
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


@pytest.mark.parametrize("lower", ["%c0", "%c1", "%from"])
@pytest.mark.parametrize("push", [EARLY_PUSH, LATE_PUSH])
def test_what_the_pass_cuts_is_proved(push: str, lower: str):
    module = module_of(program(push, POPS, lower))
    before = str(module)
    PipelineLoopsPass().apply(full_context(), module)
    assert str(module) != before
    assert answers(module) == {"proved"}


@pytest.mark.parametrize("push", [EARLY_PUSH, LATE_PUSH])
def test_no_fault_in_a_loop_in_stages_is_proved(push: str):
    module = module_of(program(push, POPS))
    PipelineLoopsPass().apply(full_context(), module)
    proved = [
        fault.name
        for fault in faults_of(module)
        if answers(fault.seeded(module)) == {"proved"}
    ]
    # A ring of which the capacity grows may begin with none, and the push in front of
    # the loop never finds its tile full.
    known = ["capacity less one record"]
    if push is EARLY_PUSH:
        known += [
            f"stream.{verb} of the slot behind" for verb in ("enqueue", "acquire")
        ]
    assert sorted(proved) == sorted(known)


def test_stages_by_hand_that_agree():
    assert answers(module_of(program(LATE_PUSH, in_stages(AGREES)))) == {"proved"}


@pytest.mark.parametrize("parts", [ACQUIRED_EARLY, NOT_IN_LAST, POPPED_TWICE])
def test_stages_that_do_not_fit(parts: dict[str, str]):
    assert answers(module_of(program(LATE_PUSH, in_stages(parts)))) != {"proved"}
