"""What leaves loops: the same bits, the same failures, fewer accesses, linear work."""

import numpy as np
import pytest
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import execute
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import HoistInvariantsPass
from tapeflow.universe import full_context

CONTEXT = full_context()
BUFFER = "memref<?xf64>"

BODIES = {
    "sum": """
    %s = memref.load %a[%k] : memref<?xf64>
    %x = memref.load %b[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%k] : memref<?xf64>
    """,
    "sum twice": """
    %s = memref.load %a[%k] : memref<?xf64>
    %x = memref.load %b[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%k] : memref<?xf64>
    %u = memref.load %a[%k] : memref<?xf64>
    %v = arith.mulf %u, %t : f64
    memref.store %v, %a[%k] : memref<?xf64>
    """,
    "last one": """
    %x = memref.load %b[%i] : memref<?xf64>
    memref.store %x, %a[%k] : memref<?xf64>
    """,
    "factor": """
    %f = memref.load %b[%k] : memref<?xf64>
    %e = math.exp %f : f64
    memref.store %e, %a[%i] : memref<?xf64>
    """,
    "two elements": """
    %next = arith.addi %k, %one : index
    %s = memref.load %a[%k] : memref<?xf64>
    %t = memref.load %a[%next] : memref<?xf64>
    %x = memref.load %b[%i] : memref<?xf64>
    %u = arith.addf %t, %x : f64
    memref.store %u, %a[%k] : memref<?xf64>
    memref.store %s, %a[%next] : memref<?xf64>
    """,
    "maybe the same": """
    %s = memref.load %a[%k] : memref<?xf64>
    %x = memref.load %a[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%k] : memref<?xf64>
    """,
    "in a branch": """
    %x = memref.load %b[%i] : memref<?xf64>
    %is = arith.cmpf ogt, %x, %two : f64
    scf.if %is {
      %s = memref.load %a[%k] : memref<?xf64>
      %t = arith.addf %s, %x : f64
      memref.store %t, %a[%k] : memref<?xf64>
    }
    """,
    "place from memory": """
    %at = memref.load %places[%k] : memref<?xindex>
    %next = arith.addi %at, %one : index
    %s = memref.load %a[%next] : memref<?xf64>
    %x = memref.load %b[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%next] : memref<?xf64>
    """,
    "place by division": """
    %at = arith.remui %three, %n : index
    %s = memref.load %a[%at] : memref<?xf64>
    %x = memref.load %b[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%at] : memref<?xf64>
    """,
    "loops that run together": """
    scf.for %j = %zero to %n step %one {
      scf.for %l = %j to %n step %one {
        %s = memref.load %a[%k] : memref<?xf64>
        %x = memref.load %b[%l] : memref<?xf64>
        %t = arith.addf %s, %x : f64
        memref.store %t, %a[%k] : memref<?xf64>
      }
    }
    """,
    "narrow loop": """
    %j0 = arith.index_cast %i : index to i8
    %n8 = arith.constant 3 : i8
    %step8 = arith.constant 1 : i8
    scf.for %j = %j0 to %n8 step %step8 : i8 {
      %s = memref.load %a[%k] : memref<?xf64>
      %t = arith.mulf %s, %two : f64
      memref.store %t, %a[%k] : memref<?xf64>
    }
    """,
    "loop in the loop": """
    scf.for %j = %i to %n step %one {
      %s = memref.load %a[%k] : memref<?xf64>
      %x = memref.load %b[%j] : memref<?xf64>
      %t = arith.addf %s, %x : f64
      memref.store %t, %a[%k] : memref<?xf64>
    }
    %y = memref.load %a[%k] : memref<?xf64>
    %z = arith.mulf %y, %two : f64
    memref.store %z, %a[%k] : memref<?xf64>
    """,
    "stored in the inner loop": """
    scf.for %j = %i to %three step %one {
      %x = memref.load %b[%j] : memref<?xf64>
      memref.store %x, %a[%k] : memref<?xf64>
    }
    %y = memref.load %a[%k] : memref<?xf64>
    %z = arith.mulf %y, %two : f64
    memref.store %z, %a[%k] : memref<?xf64>
    """,
    "only stored in the inner loop": """
    scf.for %j = %i to %three step %one {
      %x = memref.load %b[%j] : memref<?xf64>
      memref.store %x, %a[%k] : memref<?xf64>
    }
    """,
}
STAY = ("maybe the same", "in a branch")
"""Those of which nothing leaves the loop."""


def _module(body: str) -> ModuleOp:
    return _parsed(f"""
    func.func @f(%a: {BUFFER}, %b: {BUFFER}, %places: memref<?xindex>, %n: index,
                 %k: index) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %three = arith.constant 3 : index
      %two = arith.constant 2.0 : f64
      scf.for %i = %zero to %n step %one {{
        {body}
      }}
      func.return
    }}""")


def _parsed(text: str) -> ModuleOp:
    return parse_module(text, "program.mlir", CONTEXT)


def _hoisted(module: ModuleOp) -> ModuleOp:
    module = module.clone()
    HoistInvariantsPass().apply(CONTEXT, module)
    module.verify()
    return module


def _outcome(module: ModuleOp, *arguments: object) -> list[bytes] | str:
    """The bits that both engines leave in the buffers, or that they fail."""
    outcomes: list[list[bytes] | str] = []
    for engine in ("reference", "compiled"):
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            results = execute(module, "f", given, None, engine).results
        except ExecutionError:
            outcomes.append("fails")
            continue
        arrays = [*filter(lambda a: isinstance(a, np.ndarray), given)]
        outcomes.append([np.asarray(a).tobytes() for a in (*arrays, *results)])
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


def _accesses(module: ModuleOp) -> int:
    """The loops around all loads and stores."""
    loops = [op for op in module.walk() if isinstance(op, scf.ForOp)]
    inside = [op for loop in loops for op in loop.body.walk()]
    return sum(isinstance(op, memref.LoadOp | memref.StoreOp) for op in inside)


@pytest.mark.parametrize("name", BODIES)
def test_any_trip_count_and_place_gives_the_same_bits_or_fails_alike(name: str) -> None:
    plain = _module(BODIES[name])
    hoisted = _hoisted(plain)
    assert (_accesses(hoisted) == _accesses(plain)) == (name in STAY)
    values = np.array([0.5, np.nan, -0.0, np.inf, 3.25])
    values[1:2].view(np.int64)[0] |= 0x1234  # a NaN with something to tell
    places = np.array([3, 1, 2, 0, 7])
    for n in (-1, 0, 1, 2, 5, 6):
        for k in (-1, 0, 1, 4, 5):
            given = values, values[::-1].copy(), places, n, k
            assert _outcome(hoisted, *given) == _outcome(plain, *given), (n, k)


def test_a_loop_that_does_not_run_accesses_nothing() -> None:
    arrays = np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    for name, body in BODIES.items():
        hoisted = _hoisted(_module(body))
        assert _outcome(hoisted, *arrays, 0, 9) != "fails", name


def test_a_load_that_nobody_needs_may_still_fail() -> None:
    hoisted = _hoisted(_module(f"%x = memref.load %a[%k] : {BUFFER}"))
    arrays = np.zeros(2), np.zeros(2), np.zeros(0, np.int64)
    assert _outcome(hoisted, *arrays, 1, 2) == "fails"
    assert _outcome(hoisted, *arrays, 0, 2) != "fails"


ALIASES = {
    "a buffer passed twice": f"""
    func.func private @g(%a: {BUFFER}, %b: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %a[%c1] : {BUFFER}
        %x = memref.load %b[%i] : {BUFFER}
        %t = arith.addf %s, %x : f64
        memref.store %t, %a[%c1] : {BUFFER}
      }}
      func.return
    }}
    func.func @f(%a: {BUFFER}, %n: index) {{
      func.call @g(%a, %a, %n) : ({BUFFER}, {BUFFER}, index) -> ()
      func.return
    }}""",
    "a view": f"""
    func.func @f(%a: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = memref.subview %a[1] [%n] [1]
          : {BUFFER} to memref<?xf64, strided<[1], offset: 1>>
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %a[%c1] : {BUFFER}
        %x = memref.load %v[%i] : memref<?xf64, strided<[1], offset: 1>>
        %t = arith.addf %s, %x : f64
        memref.store %t, %v[%c0] : memref<?xf64, strided<[1], offset: 1>>
      }}
      func.return
    }}""",
    "elements with several indices": f"""
    func.func @f(%a: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = memref.subview %a[0] [2] [0]
          : {BUFFER} to memref<2xf64, strided<[0]>>
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %v[%c0] : memref<2xf64, strided<[0]>>
        %t = arith.addf %s, %s : f64
        memref.store %t, %v[%c1] : memref<2xf64, strided<[0]>>
      }}
      func.return
    }}""",
    "buffers that change places": f"""
    func.func @f(%a: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %b = memref.alloc(%n) : {BUFFER}
      %p, %q = scf.for %j = %c0 to %n step %c1 iter_args(%x = %a, %y = %b)
          -> ({BUFFER}, {BUFFER}) {{
        scf.for %i = %c0 to %n step %c1 {{
          %s = memref.load %x[%c0] : {BUFFER}
          %t = arith.addf %s, %s : f64
          memref.store %t, %y[%c0] : {BUFFER}
          %u = memref.load %b[%c0] : {BUFFER}
          memref.store %u, %x[%c1] : {BUFFER}
        }}
        scf.yield %y, %x : {BUFFER}, {BUFFER}
      }}
      %w = memref.load %q[%c0] : {BUFFER}
      memref.store %w, %a[%c1] : {BUFFER}
      func.return
    }}""",
    "a call that writes": f"""
    func.func private @g(%a: {BUFFER}) {{
      %c1 = arith.constant 1 : index
      %s = memref.load %a[%c1] : {BUFFER}
      %t = arith.addf %s, %s : f64
      memref.store %t, %a[%c1] : {BUFFER}
      func.return
    }}
    func.func @f(%a: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %a[%c1] : {BUFFER}
        func.call @g(%a) : ({BUFFER}) -> ()
        %t = memref.load %a[%c1] : {BUFFER}
        %u = arith.subf %t, %s : f64
        memref.store %u, %a[%c0] : {BUFFER}
      }}
      func.return
    }}""",
    "a copy": f"""
    func.func @f(%a: {BUFFER}, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = memref.dim %a, %c0 : {BUFFER}
      %b = memref.alloc(%m) : {BUFFER}
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %a[%c1] : {BUFFER}
        memref.store %s, %b[%c0] : {BUFFER}
        memref.copy %b, %a : {BUFFER} to {BUFFER}
        %t = memref.load %a[%c0] : {BUFFER}
        %u = arith.addf %s, %t : f64
        memref.store %u, %b[%c1] : {BUFFER}
      }}
      memref.copy %b, %a : {BUFFER} to {BUFFER}
      func.return
    }}""",
}


@pytest.mark.parametrize("name", ALIASES)
def test_other_names_of_the_same_memory(name: str) -> None:
    plain = _parsed(ALIASES[name])
    hoisted = _hoisted(plain)
    values = np.array([0.5, 1.25, -3.0, 7.0])
    for n in range(4):
        assert _outcome(hoisted, values, n) == _outcome(plain, values, n), n


def test_memory_is_not_used_after_it_was_freed() -> None:
    plain = _parsed(f"""
    func.func @f(%n: index) -> f64 {{
      %c0 = arith.constant 0 : index
      %b = memref.alloc(%n) : {BUFFER}
      %x = memref.load %b[%c0] : {BUFFER}
      memref.dealloc %b : {BUFFER}
      %y = memref.load %b[%c0] : {BUFFER}
      func.return %y : f64
    }}""")
    assert _outcome(plain, 1) == _outcome(_hoisted(plain), 1) == "fails"


def test_what_is_new_lies_where_the_accesses_do() -> None:
    plain = _module(BODIES["sum"])
    places = {op.location for op in plain.walk()}
    hoisted = _hoisted(plain)
    assert {op.location for op in hoisted.walk()} <= places


@pytest.mark.parametrize("kind", ["f32", "i1", "i8", "i32", "index", "f64"])
def test_elements_of_all_types_are_carried(kind: str) -> None:
    plain = _parsed(f"""
    func.func @f(%a: memref<?x{kind}>, %n: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {{
        %s = memref.load %a[%c0] : memref<?x{kind}>
        %x = memref.load %a[%c1] : memref<?x{kind}>
        %t = arith.{"addf" if kind[0] == "f" else "addi"} %s, %x : {kind}
        memref.store %t, %a[%c0] : memref<?x{kind}>
      }}
      func.return
    }}""")
    hoisted = _hoisted(plain)
    assert _accesses(hoisted) == 0
    names = {"i1": "?", "index": "i8", "i8": "i1", "i32": "i4", "f32": "f4"}
    array = np.array([0.1, 0.7]) if kind[0] == "f" else np.array([101, 77])
    array = array.astype(names.get(kind, "f8"))
    if kind == "f32":
        array.view("i4")[1] = 0x7FA01234  # a NaN that signals and has something to tell
    for n in range(4):
        assert _outcome(hoisted, array, n) == _outcome(plain, array, n), n
