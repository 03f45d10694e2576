"""Which values become which along the edges of loops and branches."""

from xdsl.dialects import affine, arith, func, scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.ir.control_flow import (
    STRUCTURED,
    decided_by,
    edges,
    edges_from,
    induction_variables,
    passed,
    sources_of,
    yielded,
)
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context


def function_of(body: str) -> func.FuncOp:
    text = f"""func.func @f(%x: f64, %y: f64, %n: index, %p: i1) {{
      {body}
      func.return
    }}"""
    context = full_context()
    context.allow_unregistered = True
    (function,) = parse_module(text, "f.mlir", context).ops
    assert isinstance(function, func.FuncOp)
    return function


def control_in(body: str) -> Operation:
    """The outermost loop or branch of a body."""
    return next(op for op in function_of(body).walk() if type(op) in STRUCTURED)


def name_of(value: SSAValue) -> str:
    """Results are told by number, the arguments of blocks by name."""
    if isinstance(value, OpResult) and type(value.op) in STRUCTURED:
        return f"result {value.index}"
    assert value.name_hint is not None
    return value.name_hint


def pairs_of(op: Operation) -> list[str]:
    """All that flows along the edges of an operation."""
    pairs = (pair for edge in edges(op) for pair in edge.pairs)
    return [f"{name_of(source)} to {name_of(target)}" for source, target in pairs]


def sources(op: Operation) -> dict[str, list[str]]:
    """By argument and result of an operation, what it may be."""
    blocks = [block for region in op.regions for block in region.blocks]
    values = [*(arg for block in blocks for arg in block.args), *op.results]
    return {name_of(value): [*map(name_of, sources_of(value))] for value in values}


FOR = """%r, %s = scf.for %i = %n to %n step %n
    iter_args(%a = %x, %b = %y) -> (f64, f64) {
  %c = arith.addf %a, %b : f64
  scf.yield %b, %c : f64, f64
}"""
WHILE = """%r = scf.while (%a = %x, %k = %n) : (f64, index) -> f64 {
  %q = arith.cmpi slt, %k, %n : index
  scf.condition(%q) %a : f64
} do {
^bb0(%b: f64):
  %c = arith.negf %b : f64
  scf.yield %c, %n : f64, index
}"""
IF = """%r = scf.if %p -> (f64) {
  scf.yield %x : f64
} else {
  scf.yield %y : f64
}"""


def test_a_for_goes_on_or_ends_wherever_it_comes_from() -> None:
    loop = control_in(FOR)
    assert pairs_of(loop) == [
        *("x to a", "y to b", "x to result 0", "y to result 1"),
        *("b to a", "c to b", "b to result 0", "c to result 1"),
    ]
    assert sources(loop) == {
        "i": [],
        "a": ["x", "b"],
        "b": ["y", "c"],
        "result 0": ["x", "b"],
        "result 1": ["y", "c"],
    }
    assert [*map(name_of, induction_variables(loop))] == ["i"]
    assert [*map(name_of, decided_by(loop))] == ["n", "n", "n"]


def test_the_regions_of_a_while_take_different_values() -> None:
    loop = control_in(WHILE)
    assert pairs_of(loop) == [
        *("x to a", "n to k"),
        *("a to b", "a to result 0"),
        *("c to a", "n to k"),
    ]
    assert sources(loop) == {
        "a": ["x", "c"],
        "k": ["n", "n"],
        "b": ["a"],
        "result 0": ["a"],
    }
    assert not induction_variables(loop)
    assert [*map(name_of, decided_by(loop))] == ["q"]


def test_a_branch_passes_on_what_its_blocks_yield() -> None:
    branch = control_in(IF)
    assert pairs_of(branch) == ["x to result 0", "y to result 0"]
    assert sources(branch) == {"result 0": ["x", "y"]}
    assert [*map(name_of, decided_by(branch))] == ["p"]


def test_edges_without_values_still_say_where_control_goes() -> None:
    branch = control_in("scf.if %p {\n %c = arith.negf %x : f64\n}")
    (then,) = [block for region in branch.regions for block in region.blocks]
    assert [edge.into for edge in edges(branch)] == [then, branch, branch]
    assert not pairs_of(branch)


def test_a_switch_and_a_region_that_runs_once() -> None:
    switch = control_in("""%r = scf.index_switch %n -> f64
      case 1 {
        scf.yield %x : f64
      }
      default {
        scf.yield %y : f64
      }""")
    assert {*pairs_of(switch)} == {"x to result 0", "y to result 0"}
    assert [*map(name_of, decided_by(switch))] == ["n"]
    once = control_in("""%r = scf.execute_region -> f64 {
      scf.yield %x : f64
    }""")
    assert pairs_of(once) == ["x to result 0"]
    assert not decided_by(once)


def test_affine_loops_and_branches_are_as_those_of_scf() -> None:
    loop = control_in("""%r = affine.for %i = 0 to 8 iter_args(%a = %x) -> (f64) {
      affine.yield %y : f64
    }""")
    assert isinstance(loop, affine.ForOp)
    assert sources(loop) == {"i": [], "a": ["x", "y"], "result 0": ["x", "y"]}
    assert [*map(name_of, induction_variables(loop))] == ["i"]


def test_edges_of_an_inner_loop_are_its_own() -> None:
    outer = control_in("""
    %r = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
      %s = scf.for %j = %n to %n step %n iter_args(%b = %a) -> (f64) {
        %t = scf.if %p -> (f64) {
          scf.yield %y : f64
        } else {
          scf.yield %b : f64
        }
        scf.yield %t : f64
      }
      scf.yield %s : f64
    }""")
    assert isinstance(outer, scf.ForOp)
    inner = next(op for op in outer.body.block.ops if isinstance(op, scf.ForOp))
    branch = next(op for op in inner.body.block.ops if isinstance(op, scf.IfOp))
    assert sources_of(outer.results[0]) == (*passed(outer), inner.results[0])
    assert sources_of(inner.results[0]) == (
        outer.body.block.args[1],
        branch.results[0],
    )
    assert [*map(name_of, sources_of(branch.results[0]))] == ["y", "b"]


def test_edges_begin_at_the_loop_and_at_the_ends_of_its_blocks() -> None:
    loop = control_in(WHILE)
    assert isinstance(loop, scf.WhileOp)
    before, after = loop.before_region.block, loop.after_region.block
    ends = {before: [after, loop], after: [before]}
    assert [edge.into for edge in edges_from(loop)] == [before]
    for block, into in ends.items():
        assert block.last_op is not None
        assert [edge.into for edge in edges_from(block.last_op)] == into
        assert [*yielded(block)] == [*passed(block.last_op)]


def test_of_other_operations_nothing_is_known() -> None:
    function = function_of("""%r = "test.loop"(%x) ({
    ^bb0(%a: f64):
      scf.yield %a : f64
    }) : (f64) -> f64
    %c = arith.negf %r : f64""")
    block: Block = function.body.block
    strange, negation, *_ = block.ops
    assert isinstance(negation, arith.NegfOp)
    inside = strange.regions[0].block
    argument: BlockArgument = inside.args[0]
    for value in (*block.args, strange.results[0], argument, negation.result):
        assert sources_of(value) == ()
    assert inside.last_op is not None
    for op in (function, strange, inside.last_op, negation):
        assert not [*edges(op)] and not [*edges_from(op)]
