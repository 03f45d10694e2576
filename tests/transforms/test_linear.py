"""Passes on the tape do as much for each loop of a function, however many there are.

Counted is how often each Python function is called, of tapeflow and of xDSL: unlike
seconds these counts are the same on every machine.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from cProfile import Profile
from types import CodeType

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe

from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

SIZES = (4, 12, 20)
"""Sibling loops, in equal steps: from step to step each count grows by the same."""
MOST = 1.75
"""Growth of a count in the second step, in parts of that in the first: less than the 2
of what is done for each pair of loops, more than 1 for searches that end early."""
FEW = 64
"""Calls more in a step, eight a loop, that may come of an order of chance."""

Calls = Counter[CodeType]

BUFFER = "memref<?xf64>"


def _function(loops: int) -> str:
    """Loop after loop that updates one of two buffers in place."""
    body = "\n".join(
        _loop(*(("%a", "%b") if k % 2 else ("%b", "%a"))) for k in range(loops)
    )
    return f"""func.func @f(%a: {BUFFER}, %b: {BUFFER}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %a, %c0 : {BUFFER}
      {body}
      func.return
    }}
    ad.gradient @f_grad of @f wrt [0, 1]"""


def _loop(source: str, target: str) -> str:
    return f"""scf.for %i = %c0 to %n step %c1 {{
        %x = memref.load {source}[%i] : {BUFFER}
        %y = memref.load {target}[%i] : {BUFFER}
        %s = math.sin %x : f64
        %p = arith.mulf %s, %y : f64
        memref.store %p, {target}[%i] : {BUFFER}
      }}"""


def _passes(text: str) -> tuple[ModulePass, ...]:
    return build_passes(text, Universe.get_multiverse().all_passes)


def _counted(pass_: ModulePass, module: ModuleOp, context: Context) -> Calls:
    """How often each function is called while a pass runs."""
    profile = Profile(subcalls=False, builtins=False)
    profile.runcall(pass_.apply, context, module)
    calls = Calls()
    for entry in profile.getstats():
        if isinstance(entry.code, CodeType):
            calls[entry.code] += entry.callcount
    return calls


def _superlinear(few: Calls, more: Calls, most: Calls) -> Iterator[str]:
    for code, number in most.items():
        first, second = more[code] - few[code], number - more[code]
        if second > MOST * max(first, FEW):
            place = f"{code.co_filename}:{code.co_firstlineno}"
            yield f"{place} {code.co_qualname}: {few[code]}, {more[code]}, {number}"


STREAMED = 'places="stream" scratchpad-bytes=65536 scratchpad-ports=1'
"""Places are given: a search among few regions tries all their combinations."""
FIRST = "form-regions"
"""The first pass that is looked at."""
ONE_RING = f"streams{{{STREAMED}}}"
MANY_RINGS = f"streams{{{STREAMED} merge=false}}"
BLOCKING = "layers{capacity-bytes=65536 merge=false dynamic-only=true}"
HOISTED = "form-regions,lower-tape-to-memref,hoist-invariants"


@pytest.fixture(scope="module")
def stacks() -> list[ModuleOp]:
    """Gradients of each size with an abstract tape."""
    context = full_context()
    modules = [parse_module(_function(loops), "siblings", context) for loops in SIZES]
    for pass_ in _passes(ONE_RING):
        if pass_.name == FIRST:
            break
        for module in modules:
            pass_.apply(context, module)
    return modules


@pytest.mark.parametrize("pipeline", [ONE_RING, MANY_RINGS, BLOCKING, HOISTED])
def _nests(count: int) -> str:
    """Nest after nest that adds to one of two buffers, the first loop a short one."""
    pairs = (("%a", "%b") if k % 2 else ("%b", "%a") for k in range(count))
    body = "\n".join(_nest(*pair) for pair in pairs)
    return f"""func.func @f(%a: {BUFFER}, %b: {BUFFER}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %n = memref.dim %a, %c0 : {BUFFER}
      {body}
      func.return
    }}"""


def _nest(source: str, target: str) -> str:
    return f"""scf.for %i = %c0 to %c3 step %c1 {{
        %x = memref.load {source}[%i] : {BUFFER}
        memref.store %x, {target}[%i] : {BUFFER}
      }}
      scf.for %i = %c0 to %n step %c1 {{
        scf.for %j = %c0 to %n step %c1 {{
          %x = memref.load {source}[%i] : {BUFFER}
          %y = memref.load {target}[%j] : {BUFFER}
          %p = arith.addf %x, %y : f64
          memref.store %p, {target}[%j] : {BUFFER}
        }}
      }}"""


def _rows(count: int) -> str:
    """Nest after nest whose addresses take arithmetic in every loop."""
    body = """scf.for %i = %c0 to %n step %c1 {
        scf.for %j = %c1 to %n step %c1 {
          %before = arith.subi %j, %c1 : index
          %x = memref.load %a[%i, %before] : memref<?x?xf64>
          memref.store %x, %a[%j, %i] : memref<?x?xf64>
        }
      }
    """
    return f"""func.func @f(%a: memref<?x?xf64>) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %a, %c0 : memref<?x?xf64>
      {body * count}
      func.return
    }}"""


@pytest.mark.parametrize(
    ("name", "program"),
    [("unroll-loops", _nests), ("jam-loops", _nests), ("expose-addresses", _rows)],
)
def test_calls_grow_as_nests_do(name: str, program: Callable[[int], str]) -> None:
    context = full_context()
    (pass_,) = _passes(name)
    modules = [parse_module(program(count), "nests", context) for count in SIZES]
    pass_.apply(context, modules[0].clone())  # what is found once and kept
    counts = [_counted(pass_, module, context) for module in modules]
    found = "\n".join(_superlinear(*counts))
    assert not found, found


@pytest.mark.parametrize("pipeline", [ONE_RING, MANY_RINGS, BLOCKING, HOISTED])
def test_calls_grow_as_the_program_does(pipeline: str, stacks: list[ModuleOp]) -> None:
    context = full_context()
    modules = [module.clone() for module in stacks]
    passes = _passes(pipeline)
    first = [pass_.name for pass_ in passes].index(FIRST)
    passes[first].apply(context, modules[0].clone())  # what is found once and kept
    for pass_ in passes[first:]:
        counts = [_counted(pass_, module, context) for module in modules]
        found = "\n".join(_superlinear(*counts))
        assert not found, f"{pass_.name}:\n{found}"


def _deep_nest(depth: int) -> str:
    """Loops in each other that update what is the same in the next one, or in all."""
    heads = [
        f"""scf.for %i{k} = %c0 to %n step %c1 {{
          %v{k} = arith.muli %n, %i{max(k - 1, 0)} : index
          %x{k} = memref.load %a[%v{k}] : {BUFFER}
          %y{k} = memref.load %b[%c1] : {BUFFER}
          %z{k} = arith.addf %x{k}, %y{k} : f64
          memref.store %z{k}, %b[%c1] : {BUFFER}"""
        for k in range(depth)
    ]
    return f"""func.func @f(%a: {BUFFER}, %b: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      {"".join(heads)} {"}" * depth}
      func.return
    }}"""


def test_calls_of_hoisting_grow_as_those_of_a_walk() -> None:
    """A walk of xDSL takes as many calls an operation as there are others around it,
    so the calls of a nest grow like the square of its depth at most."""
    context = full_context()
    (pass_,) = _passes("hoist-invariants")
    calls: dict[int, int] = {}
    for depth in (20, 40, 80):
        module = parse_module(_deep_nest(depth), "nest", context)
        pass_.apply(context, module.clone())  # what is found once and kept
        calls[depth] = _counted(pass_, module, context).total()
    assert calls[80] - calls[40] < 4 * (calls[40] - calls[20])
