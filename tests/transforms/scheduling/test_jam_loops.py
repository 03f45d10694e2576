"""Which nests are jammed, compared with the order in which their accesses run."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Engine, execute
from tapeflow.transforms import JamLoopsPass
from tapeflow.universe import full_context
from tests.sizes import sized

from .nests import BUFFERS, EXTENT, Loop, Statement, keeps_order, loop, module_of

SIZES = {"n": 8, "m": 5}
Body = tuple[Statement | Loop, ...]

DECIDED: dict[str, Body] = {
    "matrix times vector": ("a[i] = b[i]", loop("j", "a[i + 9] = b[j] + c2[i, j]")),
    "sum into a vector": (loop("j", "a[j] = a[j] + c2[i, j]"),),
    "outer product": (loop("j", "c2[i, j] = c2[i, j] + a[i] + b[j]"),),
    "both gradients": (
        loop("j", "a[j] = a[j] + d2[i, j]", "c2[i, j] = c2[i, j] + b[j]"),
    ),
    "backwards": (loop("j", "a[m - 1 - j] = a[m - 1 - j] + c2[i, m - 1 - j]"),),
    "rows after rows": (
        loop("j", "c2[i, j] = b[j]"),
        loop("j", "d2[i, j] = c2[i, j]"),
    ),
    "element behind its row": (loop("j", "c2[i, j] = a[j]"), "b[i] = c2[i, 2]"),
    "odd and even": (loop("j", "a[2 * j] = a[2 * i + 1] + b[j]"),),
    "three deep": (
        loop("j", loop("k", "c2[j, k] = c2[j, k] + a[i] + b[k]", span="0:j")),
    ),
    "two levels": (
        loop("j", "b[j] = b[j] + c2[i, j]", loop("k", "d2[j, k] = d2[j, k] + a[i]")),
    ),
    "column": (loop("j", "c2[j, 3] = c2[j, 3] + a[i]"),),
    "one element behind": (loop("j", "c2[i, j] = b[j]"), "a[7] = a[7] + b[i]"),
    "one element": (loop("j", "a[3] = a[3] + c2[i, j]"),),
    "flow, one forth": (loop("j", "c2[i + 1, j + 1] = c2[i, j]"),),
    "flow, none": (loop("j", "c2[i + 1, j] = c2[i, j] + a[j]"),),
    "flow, one back": (loop("j", "c2[i + 1, j] = c2[i, j + 1]"),),
    "flow, two iterations and one back": (loop("j", "c2[i + 2, j] = c2[i, j + 1]"),),
    "anti, one forth": (loop("j", "c2[i, j] = c2[i + 1, j + 1]"),),
    "anti, none": (loop("j", "c2[i, j] = c2[i + 1, j]"),),
    "anti, one back": (loop("j", "c2[i, j + 1] = c2[i + 1, j]"),),
    "anti on neighbours": (loop("j", "a[j + 1] = a[j] + c2[i, j]"),),
    "output": (loop("j", "a[i + j] = c2[i, j]"),),
    "output, two iterations": (loop("j", "a[2 * i + 4 * j] = c2[i, j]"),),
    "output, three iterations": (loop("j", "a[2 * i + 6 * j] = c2[i, j]"),),
    "output, forth": (loop("j", "a[30 + i - j] = c2[i, j]"),),
    "parts change places": (
        loop("j", "a[j] = c2[i, j]"),
        loop("j", "d2[i, j] = a[j]"),
    ),
    "inner of three": (loop("j", loop("k", "a[k] = a[k] + c2[i, j]")),),
    "middle of three": (loop("j", loop("k", "a[j] = a[j] + c2[i, k]")),),
    "skewed": (loop("j", loop("k", "c2[j, i + k] = c2[j, i + k] + a[k]")),),
    "skewed by the middle": (loop("j", loop("k", "c2[j + i, k] = a[k] + b[i]")),),
    "diagonals agree": (loop("j", "c2[i + j, j] = c2[i + j, j + 1] + a[j]"),),
    "diagonals differ": (loop("j", "c2[i + j, i + 2 * j] = d2[i, j]"),),
    "far away": (loop("j", "a[i + 9 * j] = c2[i, j]"),),
    "element of the vector in front": ("b[i] = a[i]", loop("j", "a[j] = c2[i, j]")),
    "element of the vector behind": (
        loop("j", "a[j] = a[j] + c2[i, j]"),
        "a[i] = a[i] + b[i]",
    ),
}
"""Nests that are jammed just where the order of accesses allows it."""

REFUSED: dict[str, Body] = {
    "behind the end": (loop("j", "c2[i, j] = a[j]"), "a[i + 20] = b[i]"),
    "distance in sizes": (loop("j", "a[j + m] = a[j] + c2[i, j]"),),
    "triangle": (loop("j", "c2[i, j] = b[j]", span="0:i"),),
    "begins later": (loop("j", "c2[i, j] = b[j]", span="i:m"),),
}
"""Nests that would be in order, or have no loops to share."""


def nest(body: Body, lower: str = "0") -> Loop:
    return Loop("i", lower, "n", body)


def jam(module: ModuleOp, copies: int) -> bool:
    """Jam a module by a factor; whether a loop was."""
    loops = _loops(module)
    JamLoopsPass(copies).apply(full_context(), module)
    module.verify()
    verify_dominance(module)
    return _loops(module) != loops


def _loops(module: ModuleOp) -> int:
    return sum(isinstance(op, scf.ForOp) for op in module.walk())


def outcome(
    module: ModuleOp, n: int, m: int, engine: Engine = "reference"
) -> list[bytes]:
    """All buffers after a run."""
    draw = np.random.default_rng(1)
    buffers = [draw.random((EXTENT,) * rank) for rank in BUFFERS.values()]
    execute(module, "f", [*buffers, n, m], None, engine)
    return [buffer.tobytes() for buffer in buffers]


def assert_same_bits(one: ModuleOp, other: ModuleOp, sizes: Sequence[tuple[int, int]]):
    for n, m in sizes:
        assert outcome(one, n, m) == outcome(other, n, m), (n, m)


ALL_SIZES = [(n, m) for n in (*range(10), 13) for m in (0, 1, 5)]


@pytest.mark.parametrize("copies", [2, 4])
@pytest.mark.parametrize("name", DECIDED)
def test_what_keeps_its_order_is_jammed_and_nothing_else(name: str, copies: int):
    # An inner loop may be one that holds loops, too: only the outer one counts here.
    body = DECIDED[name]
    module = module_of(nest(body))
    is_jammed = jam(module, copies)
    is_inner = any(isinstance(p, Loop) and "k" in str(p.body) for p in body)
    if not is_inner:
        assert is_jammed == keeps_order(body, copies, SIZES)
    assert_same_bits(module, module_of(nest(body)), ALL_SIZES)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_decided_stays(name: str):
    module = module_of(nest(REFUSED[name]))
    assert not jam(module, 4)


def test_both_engines_run_what_is_jammed():
    module = module_of(nest(DECIDED["both gradients"]))
    assert jam(module, 4)
    assert outcome(module, 7, 5) == outcome(module, 7, 5, "compiled")


@pytest.mark.parametrize("lower", ["0", "2", "5"])
def test_loops_begin_anywhere(lower: str):
    body = DECIDED["matrix times vector"]
    module = module_of(nest(body, lower))
    assert jam(module, 4)
    assert_same_bits(module, module_of(nest(body, lower)), ALL_SIZES)


SUBSCRIPTS = (
    "i",
    "j",
    "i + j",
    "i + 1",
    "j + 1",
    "2 * i",
    "2 * j + 1",
    "3",
    "9 + i - j",
)


def _random_body(draw: random.Random) -> Body:
    def access(scope: str, buffers: str) -> str:
        name = draw.choice(buffers.split())
        possible = [text for text in SUBSCRIPTS if scope == "ij" or "j" not in text]
        chosen = [draw.choice(possible) for _ in range(BUFFERS[name])]
        return f"{name}[{', '.join(chosen)}]"

    def statement(scope: str) -> Statement:
        reads = " + ".join(access(scope, "b b d2 d2 a c2") for _ in range(2))
        return f"{access(scope, 'a c2 c2 c2')} = {reads}"

    body: list[Statement | Loop] = []
    for _ in range(draw.randint(1, 2)):
        body += [statement("i") for _ in range(draw.choice((0, 0, 1)))]
        body.append(loop("j", *(statement("ij") for _ in range(draw.randint(1, 2)))))
    return (*body, *(statement("i") for _ in range(draw.choice((0, 0, 1)))))


@pytest.mark.parametrize("first", range(0, sized(100, 300), 100))
def test_random_nests_keep_order_and_bits(first: int):
    jammed = 0
    for seed in range(first, first + 100):
        draw = random.Random(seed)
        body, copies = _random_body(draw), draw.choice((2, 4))
        module = module_of(nest(body))
        if jam(module, copies):
            jammed += 1
            assert keeps_order(body, copies, SIZES), body
            assert_same_bits(module, module_of(nest(body)), [(3, 2), (8, 5), (5, 0)])
    assert jammed >= 5
