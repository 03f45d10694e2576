"""What a plan saves, and what it gets back, by policy."""

import pytest

from tapeflow.analysis.differentiation.policy import POLICIES, TapePolicy
from tapeflow.analysis.differentiation.recall_plan import RecallPlan
from tapeflow.analysis.differentiation.recall_ways import Recall
from tapeflow.transforms.differentiation.decide_recall import decide_recall

LOADED = "%v = memref.load %x[%i] : memref<8xf64>\n"
KEPT = "memref.store %r, %y[%i] : memref<8xf64>"


def in_loop(body: str, attributes: str = "") -> str:
    return f"scf.for %i = %c0 to %c8 step %c1 {{\n{body}\n}} {attributes}"


def plan_of(reverse, policy: TapePolicy) -> RecallPlan:
    plan, _ = decide_recall(
        reverse.program.function, reverse.facts, {}, reverse.choices, policy
    )
    return plan


def saved(reverse, policy: TapePolicy) -> list[str]:
    return reverse.program.names(plan_of(reverse, policy).saved)


OF_ONE = f"{LOADED} %w = {{}} %v : f64\n %r = math.sin %w : f64\n {KEPT}"
TAN = OF_ONE.format("math.tan")
SHARED = TAN.replace(
    "%r = math.sin %w", "%s = math.cos %v : f64\n%r = arith.mulf %w, %s"
)
# By policy, in the order of POLICIES: min-cut, save-all, recompute.
SAVED = {
    "loads and integers are at hand again": (
        """%j = arith.remsi %i, %c2 : index
        %v = memref.load %x[%j] : memref<8xf64>
        %r = math.sin %v : f64
        memref.store %r, %y[%j] : memref<8xf64>""",
        ([], [], []),
    ),
    "a load and 24 additions are cheaper than 8 bytes": (
        OF_ONE.format("math.exp"),
        ([], ["w"], []),
    ),
    "a load and 52 additions are not": (TAN, (["w"], ["w"], [])),
    "they are where the load is needed anyway": (SHARED, ([], ["w", "s"], [])),
    "what only costs a sign, nobody saves": (OF_ONE.format("arith.negf"), ([], [], [])),
    "what a loop carries comes from the tape alone": (
        """%r = scf.for %j = %c0 to %c8 step %c1 iter_args(%u = %a) -> (f64) {
          %w = math.sin %u : f64
          scf.yield %w : f64
        }
        memref.store %r, %y[%i] : memref<8xf64>""",
        (["u"], ["u"], ["u"]),
    ),
    "what a loop carries in memory, too, once it is overwritten": (
        """%v = memref.load %x[%c0] : memref<8xf64>
        %w = math.sin %v : f64
        memref.store %w, %x[%c0] : memref<8xf64>""",
        (["v"], ["v"], ["v"]),
    ),
    "a truth takes one byte": (
        f"""{LOADED} %q = arith.cmpf olt, %v, %a : f64
        %r = arith.select %q, %v, %a : f64
        {KEPT}""",
        (["q"], [], []),
    ),
}


@pytest.mark.parametrize("case", SAVED)
def test_what_is_saved(reverse_of, case):
    body, expected = SAVED[case]
    found = [saved(reverse_of(in_loop(body)), TapePolicy(name)) for name in POLICIES]
    assert tuple(found) == expected


def test_bytes_have_a_price(reverse_of):
    for price, expected in ((4.0, ["w"]), (40.0, [])):
        policy = TapePolicy(operations_per_byte=price)
        assert saved(reverse_of(in_loop(TAN)), policy) == expected


@pytest.mark.parametrize("outer", POLICIES)
def test_a_loop_has_a_policy_of_its_own(reverse_of, outer):
    for inner, expected in (("save-all", ["w"]), ("recompute", [])):
        body = in_loop(TAN, f'{{tape.policy = "{inner}"}}')
        assert saved(reverse_of(body), TapePolicy(outer)) == expected


OVERWRITTEN = """
  %v1 = memref.load %t[%i] : memref<8xf64>
  %v2 = memref.load %t[%m] : memref<8xf64>
  %v3 = memref.load %t[%n] : memref<8xf64>
  {front}
  %s2 = math.sin %v2 : f64
  %s3 = math.sin %s2 : f64
  %p1 = arith.mulf %s3, %v3 : f64
  memref.store %p1, %y[%i] : memref<8xf64>
  memref.store %a, %t[%c2] {{label = "store"}} : memref<8xf64>
  {behind}
"""
USE = "%s1 = math.sin %v1 : f64\nmemref.store %s1, %y[%i] : memref<8xf64>"
NEW = "%t = memref.alloc() : memref<8xf64>\n"
RECOMPUTE = TapePolicy("recompute")


def test_undoing_one_write_saves_many_loads(reverse_of):
    body = NEW + in_loop(OVERWRITTEN.format(front=USE, behind=""))
    reverse = reverse_of(body)
    plan, program = plan_of(reverse, RECOMPUTE), reverse.program
    store = program.op("store")
    assert program.names(plan.saved) == ["old_t"]
    assert {op: program.names([v]) for op, v in plan.overwritten.items()} == {
        store: ["old_t"]
    }
    loads = ("v1", "v2", "v3")
    assert {plan.recalls[program[name]] for name in loads} == {Recall.RELOAD}
    assert plan.recalls[program["s2"]] is Recall.RECOMPUTE
    due = {program.names([v])[0] for v, op in plan.due.items() if op is store}
    assert due == {*loads, "s2", "s3"}  # also what is computed from them again
    assert not plan.copied


def test_what_is_needed_before_it_is_due_is_saved(reverse_of):
    body = NEW + in_loop(OVERWRITTEN.format(front="", behind=USE))
    assert sorted(saved(reverse_of(body), RECOMPUTE)) == ["old_t", "v1"]


def test_writes_of_an_argument_are_undone_in_a_copy(reverse_of):
    body = in_loop(OVERWRITTEN.format(front=USE, behind="").replace("%t", "%x"))
    reverse = reverse_of(body)
    plan = plan_of(reverse, RECOMPUTE)
    assert reverse.program.names(plan.saved) == ["old_x"]
    assert reverse.program.names(plan.copied) == ["x"]


def test_what_is_not_undone_is_not_loaded_before(reverse_of):
    body = NEW + in_loop(OVERWRITTEN.format(front=USE, behind=""))
    reverse = reverse_of(body)
    plan = plan_of(reverse, TapePolicy("save-all"))
    assert not plan.overwritten
    assert "old_t" not in reverse.program.names(
        result for op in reverse.program.function.walk() for result in op.results
    )
