"""Copies that are spared and copies that stay, with values, gradients and errors."""

import random

import numpy as np
import pytest
from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.copies.copy_nests import find_copies
from tapeflow.analysis.copies.detours import DetourSearch
from tapeflow.analysis.copies.index_bounds import IndexBounds
from tapeflow.analysis.copies.kept_order import KeptOrder
from tapeflow.analysis.copies.nest_relations import Needed
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.lifetimes import BufferLives
from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import compile_gradient
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass, EliminateCopiesPass
from tapeflow.universe import full_context
from tests.sizes import sized

from .copy_programs import Nest, module_text

ALL = "i:n j:m"
USE = Nest("j:m i:n", "y[i, j] = 2 t[j, i]")
SUM = "i:n j:m; y[i, j]"

SPARED: dict[str, tuple[dict[str, str], list[Nest], str]] = {
    "transposed": (
        {"t": "m, n", "y": "n, m"},
        [Nest(ALL, "t[j, i] = x[i, j]"), USE],
        SUM,
    ),
    "transposed twice": (
        {"t": "m, n", "s": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[j, i] = x[i, j]"),
            Nest(ALL, "s[i, j] = t[j, i]"),
            Nest(ALL, "y[i, j] = 2 s[i, j]"),
        ],
        SUM,
    ),
    "a slice": (
        {"t": "n, m - 1", "y": "n, m"},
        [
            Nest("i:n j:m-1", "t[i, j] = x[i, j + 1]"),
            Nest(ALL, "y[i, j] = 0"),
            Nest("i:n j:m-1", "y[i, j] = 2 t[i, j]"),
        ],
        SUM,
    ),
    "a window of a copy": (
        {"t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[i, j] = x[i, j]"),
            Nest(ALL, "y[i, j] = 0"),
            Nest("i:n j:1:m", "y[i, j] = 2 t[i, j - 1]"),
        ],
        SUM,
    ),
    "read twice, and nobody else reads": (
        {"t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[i, j] = x[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i, j] t[i, j]"),
        ],
        SUM,
    ),
    "producers write flat": (
        {"s": "n, m", "t": "n*m", "y": "n, m"},
        [
            Nest(ALL, "s[i, j] = 2 x[i, j]"),
            Nest(ALL, "t[i*m + j] = s[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i*m + j]"),
        ],
        SUM,
    ),
    "producers write inside of a pad": (
        {"s": "n, m", "t": "n + 2, m + 2", "y": "n, m"},
        [
            Nest(ALL, "s[i, j] = 2 x[i, j]"),
            Nest("i:n+2 j:m+2", "t[i, j] = 0"),
            Nest(ALL, "t[i + 1, j + 1] = s[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i, j] t[i + 2, j + 2]"),
        ],
        SUM,
    ),
}

KEPT: dict[str, tuple[dict[str, str], list[Nest], str, str]] = {
    "read beyond what is copied": (
        {"t": "n, m + 1", "y": "n, m"},
        [
            Nest("i:n j:m+1", "t[i, j] = 0"),
            Nest(ALL, "t[i, j + 1] = x[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i, j]"),
        ],
        SUM,
        "not shown to stay inside of what is copied",
    ),
    "the origin changes": (
        {"s": "n, m", "t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "s[i, j] = 2 x[i, j]"),
            Nest(ALL, "t[i, j] = s[i, j]"),
            Nest(ALL, "s[i, j] = 0"),
            Nest(ALL, "y[i, j] = 2 t[i, j] s[i, j]"),
        ],
        SUM,
        "changes before the copy is read",
    ),
    "the target changes": (
        {"t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[i, j] = x[i, j]"),
            Nest("i:n j:1", "t[i, j] = 0"),
            Nest(ALL, "y[i, j] = 2 t[i, j]"),
        ],
        SUM,
        "written again before it is read",
    ),
    "read in front of it": (
        {"t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[i, j] = 0"),
            Nest(ALL, "y[i, j] = 2 t[i, j]"),
            Nest(ALL, "t[i, j] = x[i, j]"),
        ],
        SUM,
        "read in front of it",
    ),
    "a diagonal": (
        {"s": "n, 1", "t": "n, n", "y": "n, m"},
        [
            Nest("i:n j:1", "s[i, j] = 2 x[i, j]"),
            Nest("i:n j:n", "t[i, j] = 0"),
            Nest("i:n", "t[i, i] = s[i, 0]"),
            Nest(ALL, "y[i, j] = 2 t[i, i]"),
        ],
        SUM,
        "do not tell where",
    ),
    "another order of adjoints": (
        {"t": "n, m", "y": "n, m"},
        [
            Nest(ALL, "t[i, j] = x[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i, j] t[i, j]"),
            Nest(ALL, "y[i, j] = 2 y[i, j] x[i, j]"),
        ],
        SUM,
        "another order",
    ),
    "an error of its own": (
        {"t": "n, m + 1", "y": "n, m"},
        [
            Nest("i:n j:m+1", "t[i, j] = x[i, j]"),
            Nest(ALL, "y[i, j] = 2 t[i, j]"),
        ],
        SUM,
        "'%x' is not shown to be large enough",
    ),
}


def parse(text: str):
    return parse_module(text, "copies.mlir", full_context())


def copies_left(module) -> int:
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    return len([*find_copies(function)])


def spared(text: str, *, reorder: bool = False):
    module = parse(text)
    EliminateCopiesPass(reorder=reorder).apply(full_context(), module)
    module.verify()
    return module


def gradient(module, x, *behind):
    passes = (DifferentiatePass(), *behind)
    compiled = compile_gradient(module, "f", (0,), passes, full_context())
    result = compiled.run({"arg0": x}, engine="reference")
    arrays = (*result.values, *result.gradients.values())
    return [array.tobytes() for array in arrays]


def run(module, x):
    return execute(module, "f", [x.copy()], None, "reference").results[0]


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (4, 1), (0, 3), (3, 0)])
@pytest.mark.parametrize("name", SPARED)
def test_spared_with_every_bit(name, shape):
    text = module_text(*SPARED[name])
    module = spared(text)
    assert copies_left(parse(text)) > copies_left(module) == 0
    x = np.random.default_rng(1).standard_normal(shape)
    if name == "a slice" and shape[1] == 0:
        return  # A negative extent.
    assert run(module, x) == run(parse(text), x)


@pytest.mark.parametrize("name", SPARED)
def test_buffer_is_gone(name):
    text = module_text(*SPARED[name])
    module = spared(text)
    allocations = [op for op in module.walk() if isinstance(op, memref.AllocOp)]
    assert len(allocations) < text.count("memref.alloc(")


@pytest.mark.parametrize("name", KEPT)
def test_kept_with_a_reason(name):
    buffers, nests, result, reason = KEPT[name]
    text = module_text(buffers, nests, result)
    module = spared(text)
    assert str(module) == str(parse(text))
    assert reason in "; ".join(reasons(module))


def reasons(module) -> list[str]:
    (function,) = module.ops
    bounds, found = IndexBounds(), list[str]()
    buffers = find_buffers(function)
    order = KeptOrder(buffers, BufferLives(buffers), bounds, True, False)
    for copy in find_copies(function):
        with pytest.raises(Needed) as needed:
            DetourSearch(bounds, order).judge(copy)
        found.append(str(needed.value))
    return found


def test_another_order_by_request():
    buffers, nests, result, _ = KEPT["another order of adjoints"]
    text = module_text(buffers, nests, result)
    module = spared(text, reorder=True)
    assert copies_left(module) == 0
    x = np.random.default_rng(2).standard_normal((3, 4))
    assert run(module, x) == run(parse(text), x)


@pytest.mark.parametrize("name", [*SPARED, *KEPT])
def test_gradients_keep_every_bit(name):
    text = module_text(*{**SPARED, **KEPT}[name][:3])
    if name == "an error of its own":
        return
    x = np.random.default_rng(3).standard_normal((4, 4))
    expected = gradient(parse(text), x)
    assert gradient(spared(text), x) == expected
    assert gradient(parse(text), x, EliminateCopiesPass(reorder=True)) == expected


PADDED = "i:n+2 j:m+2"


def padded(*producers: Nest) -> str:
    """A buffer s behind its producers, copied into a pad that is read as a whole."""
    nests = [
        Nest(ALL, "q[i, j] = 2 x[i, j]"),
        *producers,
        Nest(PADDED, "t[i, j] = 0"),
        Nest(ALL, "t[i + 1, j + 1] = s[i, j]"),
        Nest(PADDED, "y[i, j] = 2 t[i, j]"),
    ]
    pads = {"t": "n + 2, m + 2", "y": "n + 2, m + 2"}
    buffers = {"q": "n, m", "s": "n, m", **pads}
    return module_text(buffers, nests, f"{PADDED}; y[i, j]")


def test_a_fill_of_two_buffers_stays_behind_who_reads_the_other():
    text = padded(Nest(ALL, "s[i, j] = 2 q[i, j]"))
    assert copies_left(spared(text)) == 0
    fill = "memref.store %zero, %t["
    other = "memref.store %zero, %q[%zero_index, %zero_index] : memref<?x?xf64>\n"
    both = text.replace(fill, other + fill, 1)
    assert str(spared(both)) == str(parse(both))


@pytest.mark.parametrize("loops", ["k:n-n i:n j:m", "i:n j:1:m"])
def test_a_producer_that_may_leave_elements_out_keeps_its_buffer(loops):
    text = padded(Nest(loops, "s[i, j] = 2 q[i, j]"))
    assert copies_left(spared(text)) == 1


CALLED = """
func.func @g(%x: memref<?x?xf64>) -> f64 {
  %zero = arith.constant 0 : index
  %a = func.call @f(%x) : (memref<?x?xf64>) -> f64
  %b = func.call @f(%x) : (memref<?x?xf64>) -> f64
  %c = arith.mulf %a, %b : f64
  func.return %c : f64
}
"""


def test_what_other_calls_add_to_comes_in_its_order():
    text = module_text(*SPARED["read twice, and nobody else reads"])
    assert copies_left(spared(text)) == 0
    module = spared(text + CALLED)
    called = next(iter(module.ops))
    assert isinstance(called, FuncOp)
    assert len([*find_copies(called)]) == 1


def test_what_may_have_a_seed_comes_in_its_order():
    text = module_text(*SPARED["read twice, and nobody else reads"])
    store = "memref.store %zero, %sum[] : memref<f64>"
    written = "memref.store %half, %x[%zero_index, %zero_index] : memref<?x?xf64>"
    assert copies_left(spared(text.replace(store, f"{store}\n  {written}"))) == 1


def test_an_error_stays_an_error():
    text = module_text(*KEPT["an error of its own"][:3])
    with pytest.raises(ExecutionError, match="out of bounds"):
        run(spared(text), np.ones((2, 3)))


@pytest.mark.parametrize("seed", range(sized(12, 400)))
def test_random_chains(seed):
    text = random_chain(random.Random(seed))
    x = np.random.default_rng(seed).uniform(-0.5, 0.5, (3, 4))
    expected = gradient(parse(text), x)
    assert gradient(spared(text), x) == expected
    assert gradient(spared(text), x, EliminateCopiesPass(reorder=True)) == expected


def random_chain(rng: random.Random) -> str:
    """Operators with copies between them, some of which others read, too."""
    shapes: dict[str, tuple[str, ...]] = {"x": ("n", "m")}
    nests = list[Nest]()

    def new(*shape: str) -> str:
        name = f"b{len(shapes)}"
        shapes[name] = shape
        return name

    last = "x"
    for _ in range(rng.randint(3, 7)):
        first, second = shapes[last]
        loops = f"i:{first} j:{second}"
        match rng.choice(["transpose", "slice", "pad", "flat", "use", "use"]):
            case "transpose":
                to = new(second, first)
                nests.append(Nest(loops, f"{to}[j, i] = {last}[i, j]"))
            case "slice" if len(second) < 8:
                to = new(first, f"{second}-1")
                nests.append(
                    Nest(f"i:{first} j:{second}-1", f"{to}[i, j] = {last}[i, j + 1]")
                )
            case "pad" if len(first) < 4:
                to = new(f"{first}+2", f"{second}+1")
                nests += [
                    Nest(f"i:{first}+2 j:{second}+1", f"{to}[i, j] = 0"),
                    Nest(loops, f"{to}[i + 1, j] = {last}[i, j]"),
                ]
            case "flat" if {first, second} <= {"n", "m"}:
                flat, to = new(f"{first}*{second}"), new(first, second)
                nests += [
                    Nest(loops, f"{flat}[i*{second} + j] = {last}[i, j]"),
                    Nest(loops, f"{to}[i, j] = 2 {flat}[i*{second} + j]"),
                ]
            case _:
                alike = [
                    name for name, shape in shapes.items() if shape == shapes[last]
                ]
                read = " ".join(f"{rng.choice([last, *alike])}[i, j]" for _ in "ab")
                to = new(first, second)
                nests.append(Nest(loops, f"{to}[i, j] = 2 {last}[i, j] {read}"))
        last = to
    first, second = shapes[last]
    buffers = {name: ", ".join(shape) for name, shape in shapes.items() if name != "x"}
    return module_text(buffers, nests, f"i:{first} j:{second}; {last}[i, j]")
