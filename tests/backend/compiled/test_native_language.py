"""The compiled part of Python: what it refuses, it names."""

import numpy as np
import pytest

from tapeflow.backend.compiled.native.llvm_module import llvm_text
from tapeflow.backend.compiled.native.machine_code import load_object_code, object_code
from tapeflow.backend.compiled.native.run_layout import (
    HOST_FAILED,
    RUN_WORDS,
    SUCCEEDED,
    TRAPPED,
)
from tapeflow.backend.compiled.native.types import NativeError

LOOPS = """
LIMIT = 7

def f(run: run, x: i64_array, n: int) -> tuple[int, int]:
    total = 0
    last = 0
    for i in range(n, LIMIT, 2):
        if i == 3:
            total = total - 100
        elif i < 5:
            double = twice(run, i)
            total = total + double
        else:
            pass
        last = i
    while total < 50:
        total = total + x[1]
        if x[0] == 0:
            break
        x[0] = x[0] - 1
    total, last = last, total
    return total, last

def twice(run: run, i: int) -> int:
    return 2 * i
"""
TRAP = """
def f(run: run, n: int) -> int:
    m = inner(run, n)
    return m

@out_of_line
def inner(run: run, n: int) -> int:
    run.check(0 <= n < 10, 5, n, 10)
    return n + 1
"""
REFUSED = {
    "a = b": "'b' is not assigned",
    "a = 1\n    a = 1.0": "'a' is int and then float",
    "a = n + 1.0": r"n \+ 1.0",
    "a = n ** 2": r"n \*\* 2",
    "a = unknown(n)": "unknown",
    "a = sqrt(n)": "wrong arguments in 'sqrt",
    "a = [n]": r"\[n\]",
    "del n": "del n",
    "run.stop(n)": "run.stop",
    "a = run.secret": "run.secret",
    "a = n[0]": "'n' is no array",
    "for a in n:\n        pass": "no machine code for 'n'",
    "return n, n": "f returns",
}


def run_native(source: str, *arguments: int) -> tuple[int, list[int], list[int]]:
    """Status, results and the words of the run."""
    code = load_object_code(object_code(llvm_text(source, "f")))
    words = np.array(arguments or (0,), np.int64)
    run, results = np.zeros(len(RUN_WORDS), np.int64), np.zeros(4, np.int64)
    status = code.entry(run.ctypes.data, words.ctypes.data, results.ctypes.data)
    return status, results.tolist(), run.tolist()


def test_control_flow():
    x = np.array([2, 10], np.int64)
    status, results, _ = run_native(LOOPS, x.ctypes.data, 2)
    assert status == SUCCEEDED
    assert results[:2] == [6, 42]
    assert x.tolist() == [0, 10]


def test_a_failed_check_leaves_every_function():
    assert run_native(TRAP, 9)[:2] == (SUCCEEDED, [10, 0, 0, 0])
    for n in (10, -1):
        status, _, run = run_native(TRAP, n)
        assert status == TRAPPED
        details = dict(zip(RUN_WORDS, run, strict=True))
        assert (details["site"], details["detail0"], details["detail1"]) == (5, n, 10)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_outside_is_refused_by_name(statement):
    source = f"def f(run: run, n: int) -> int:\n    {statement}\n    return n\n"
    with pytest.raises(NativeError, match=REFUSED[statement]):
        llvm_text(source, "f")


def test_every_parameter_needs_a_type():
    with pytest.raises(NativeError, match="needs a type"):
        llvm_text("def f(n):\n    pass\n", "f")


def test_statuses_differ():
    assert len({SUCCEEDED, TRAPPED, HOST_FAILED}) == 3
