"""Some random programs: gradients against forward mode, bits at every level.

`python -m tests.random_programs` runs thousands.
"""

from collections import Counter

import numpy as np
import pytest

from tapeflow.analysis.differentiation.derivative_rules import RULES
from tapeflow.backend.semantics.integers import INTEGER_RESULTS
from tapeflow.frontend.reader import parse_module
from tests.sizes import sized

from .compare import compare
from .control import STATEMENTS
from .dual_evaluator import evaluate
from .dual_numbers import Dual
from .features import FEATURES
from .generate import generate
from .inputs import WILD_INPUTS
from .levels import CONTEXT, Mismatch, RingVerdict, verdicts
from .rare_bounds import AT_END, TOO_WIDE
from .report import LEAST_PASSED

GRADIENTS = sized(range(20, 40), range(60))
LEVELS = sized(range(1001, 1003), range(1000, 1004))
GROUP = 20
"""Programs a test, so that the report stays short."""
DRAWN = range(500)
"""Programs that are only written, not run."""
OPERATIONS = {op.name for op in (*RULES, *INTEGER_RESULTS)}
CASTS = ("extui", "extsi", "trunci", "index_cast", "sitofp", "uitofp", "fptosi")
OTHERS = {
    *STATEMENTS,
    *(f"inputs: {kind}" for kind in WILD_INPUTS),
    *(f"arith.{name}" for name in ("cmpi", "cmpf", *CASTS, "fptoui")),
    "integer constant at the end of a type",
    "policy asked for by the program",
    AT_END,
    TOO_WIDE,
}
DETAILS = (
    "view of view",
    "view of lower rank",
    "call with a view",
    "copy to a view",
    "subscript n-1-i",
    "subscript i*m+j",
    "affine.parallel",
    "affine.if",
    "linalg.generic",
    "linalg.matmul",
    "linalg.transpose",
    "scf.parallel",
    "scf.index_switch",
    "scf.while of buffers",
    "deep nest",
    "mutable global",
    "empty buffer",
    "writes behind reads",
    "carried integer: difference",
    "extremum with other uses",
    "words of truth values",
    "values through memory",
    "sum at the end",
)
"""Some of what the statements with names of their own are made of."""


@pytest.mark.parametrize("first", GRADIENTS[::GROUP])
def test_gradient_against_forward_mode(first: int) -> None:
    outcomes = {seed: compare(generate(seed)) for seed in range(first, first + GROUP)}
    assert {o.status for o in outcomes.values()} <= {"passed", "refused"}, outcomes
    passed = sum(o.status == "passed" for o in outcomes.values())
    assert passed >= LEAST_PASSED * GROUP


@pytest.mark.parametrize("seed", LEVELS)
def test_every_pass_keeps_every_bit(seed: int) -> None:
    outcome = compare(generate(seed), levels=True)
    assert outcome.status in ("passed", "refused")
    assert not outcome.reasons


def test_every_construct_is_drawn() -> None:
    drawn = Counter[str]()
    for seed in DRAWN:
        drawn.update(generate(seed).constructs)
    kinds = {kind for kind, weight in FEATURES.items() if weight}
    assert {*OPERATIONS, *OTHERS, *kinds, *DETAILS} <= drawn.keys()


def test_a_seed_gives_the_same_program_each_time() -> None:
    assert generate(7).text == generate(7).text


def test_no_derivative_flows_through_constant_buffers_of_linalg() -> None:
    text = """func.func @main(%s: f64, %b: memref<2xf64>, %c: memref<2xf64>) -> f64 {
      linalg.fill ins(%s : f64) outs(%c : memref<2xf64>)
      linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
          iterator_types = ["parallel"]}
          outs(%b, %c : memref<2xf64>, memref<2xf64>) {
      ^bb0(%x: f64, %y: f64):
        %z = arith.addf %x, %y : f64
        linalg.yield %s, %z : f64, f64
      }
      %i = arith.constant 0 : index
      %r = memref.load %c[%i] : memref<2xf64>
      func.return %r : f64
    }"""
    module = parse_module(text, "program.mlir", CONTEXT)
    arrays = [np.array(2.0), np.array([3.0, 5.0]), np.zeros(2)]
    outputs = evaluate(module, "main", arrays, constant=(2,))
    (result,) = outputs.results
    assert isinstance(result, Dual) and result.value == 5.0
    assert not result.tangent.slope.any()
    assert outputs.buffers[1][0].tangent.slope.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_a_refuted_ring_is_a_mismatch() -> None:
    ring = "!spm.ring<[f64], tile 8, slots 1, base 0>"
    pop = f"%y = spm.load %r[%c0] field 0 : {ring}"
    text = f"""func.func @f(%x: f64) {{
      %c0 = arith.constant 0 : index
      %r = spm.allocate %c0 growing : {ring}
      spm.store %x, %r[%c0] field 0 : {ring}
      {pop}
      func.return
    }}"""
    right = parse_module(text, "right.mlir", CONTEXT)
    assert list(verdicts("streams", right)) == [RingVerdict("streams", "proved")]
    wrong = parse_module(text.replace(pop, ""), "wrong.mlir", CONTEXT)
    with pytest.raises(Mismatch, match="never popped"):
        list(verdicts("streams", wrong))
