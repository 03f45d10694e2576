"""Gradients, their options, and what is said where something does not fit."""

import math
import threading
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

import tapeflow as tf
from tapeflow.backend.runtime.array_type import RequestError
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.main import main

Vector = Annotated[NDArray[np.float64], tf.f64[:]]


def run(*arguments: object) -> Result:
    """A command of tapeflow."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@tf.function
def energy(x: Vector, k: float, power: int = 2) -> float:
    """Of springs between points."""
    total = 0.0
    for i in range(1, len(x)):
        stretch = x[i] - x[i - 1]
        for _ in range(power - 1):
            stretch *= stretch
        total += 0.5 * k * stretch
    return total


@tf.function
def relaxed(x: Vector, y: Vector, steps: int) -> None:
    for _ in range(steps):
        for i in range(len(x)):
            y[i] = y[i] * x[i]


@tf.function
def swing(x: Vector, n: int) -> float:
    s = x[0]
    for _ in range(n):
        s = math.sin(s)
    return s


def pair(x: Vector) -> tuple[float, float]:
    return x[0] * x[1], x[0] + x[1]


X = np.array([0.0, 1.0, 3.0])
SLOPES = np.array([-2.0, -2.0, 4.0])


def test_gradients_by_name_and_position() -> None:
    value, gradient = tf.value_and_grad(energy)(X, 2.0)
    assert value == 5.0 and type(value) is float
    assert gradient.tolist() == SLOPES.tolist()
    several = tf.grad(energy, wrt=["k", "x"])(k=2.0, x=X)
    assert several[0] == 2.5 and several[1].tolist() == SLOPES.tolist()
    assert tf.grad(energy, 1)([0, 1, 3], 2) == 2.5
    assert energy.__doc__ == "Of springs between points."


def test_gradients_are_new_and_arguments_stay() -> None:
    x, y, gradient = X + 1.0, np.ones(3), tf.vjp(relaxed, wrt=("x", "y"))
    value, pull = gradient(x, y, 2)
    first, second = pull(y=np.ones(3)), pull(y=np.ones(3))
    assert value is None and y.tolist() == [1.0] * 3
    assert first[0] is not second[0]
    assert first[0].tolist() == (2.0 * x).tolist()
    assert first[1].tolist() == (x * x).tolist()


def test_pullback_of_several_results() -> None:
    value, pull = tf.vjp(pair)(np.array([3.0, 5.0]))
    assert value == (15.0, 8.0)
    assert pull(1.0, 0.0).tolist() == [5.0, 3.0]
    assert pull(1.0, 10.0).tolist() == [15.0, 13.0]


def test_a_call_changes_arrays_in_place() -> None:
    whole = np.ones(6)
    relaxed(X + 1.0, whole[::2], 1)
    assert whole.tolist() == [1.0, 1.0, 2.0, 1.0, 4.0, 1.0]


def test_policies_and_pipelines_give_equal_bits() -> None:
    expected = tf.grad(energy)(X, 2.0).tobytes()
    for options in ({"policy": "save-all"}, {"pipeline": "streams"}):
        assert tf.grad(energy, **options)(X, 2.0).tobytes() == expected


def test_functions_of_mlir() -> None:
    library = tf.load("tapeflow/programs/logsumexp.mlir")
    assert [*library] == ["logsumexp"]
    gradient = tf.grad(library["logsumexp"], wrt="x")(np.zeros(4))
    assert gradient.tolist() == [0.25] * 4
    assert tf.load(library.module)["logsumexp"](np.zeros(1)) == 0.0


def test_types_come_from_arguments() -> None:
    def scaled(x, k):
        return x[0] * k

    assert tf.grad(scaled)(np.array([1.0]), 3).tolist() == [3.0]
    single = tf.grad(scaled)(np.array([1.0], np.float32), 3.0)
    assert single.dtype == np.float32


def test_what_a_function_tells_of_itself() -> None:
    assert "func.func @energy(%x: memref<?xf64>" in energy.mlir()
    assert "stream.enqueue" in energy.mlir("streams{places=stream policy=save-all}")
    assert "ad.gradient" in energy.mlir("request-gradient")
    bill = swing.tape_bill(X, 3)
    assert bill.total_formula == "8*n" and bill.total_bytes == 24
    counters = energy.simulate(X, 2.0).counters
    assert counters is not None and counters.cycles > 0
    assert [c.verdict.value for c in energy.check(X, 2.0)] == ["agrees"] * 3


def test_many_threads_share_what_is_compiled() -> None:
    gradient, found = tf.value_and_grad(energy), [0.0] * 8

    def work(number: int) -> None:
        for _ in range(5):
            value, slopes = gradient(X * number, 2.0)
            assert slopes.tolist() == (SLOPES * number).tolist()
            found[number] = value

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [5.0 * n * n for n in range(8)]


READ_ONLY = np.ones(3)
READ_ONLY.flags.writeable = False
SHARED = np.ones(6)

MISTAKES: list[tuple[Any, type[Exception], str]] = [
    (lambda: energy(X), tf.ArgumentError, "missing a required argument: 'k'"),
    (lambda: energy(X, 2.0, 3, 4), tf.ArgumentError, "too many positional"),
    (lambda: energy(X, "2"), tf.ArgumentError, "'k' is a number, and '2' is given"),
    (lambda: energy(X, 2.0, 2.5), tf.ArgumentError, r"convert it by int\(...\)"),
    (lambda: energy(X * 1j, 2.0), tf.ArgumentError, "astype"),
    (lambda: energy(np.ones((2, 2)), 2.0), tf.ArgumentError, "1 dimensions"),
    (lambda: energy([[1.0], [1.0, 2.0]], 2.0), tf.ArgumentError, "ragged"),
    (lambda: relaxed(X, READ_ONLY, 1), tf.ArgumentError, "read-only; pass y.copy"),
    (lambda: relaxed(X, [1.0], 1), tf.ArgumentError, "'y' is written"),
    (lambda: relaxed(X, np.ones(3, int), 1), tf.ArgumentError, "not of int64"),
    (lambda: relaxed(SHARED, SHARED, 1), tf.ArgumentError, "'x' and 'y' share"),
    (lambda: relaxed(SHARED[1:], SHARED[:-1], 1), tf.ArgumentError, "share memory"),
    (lambda: tf.grad(energy, "y"), RequestError, "no argument 'y'"),
    (lambda: tf.grad(energy, 5), RequestError, "no argument 5"),
    (lambda: tf.grad(energy, ()), RequestError, "name one argument"),
    (lambda: tf.grad(energy, "power")(X, 2.0), RequestError, "no derivative"),
    (lambda: tf.grad(energy, policy="none"), RequestError, "there is no policy"),
    (lambda: tf.grad(pair)(X), RequestError, "returns 2 floats.*tapeflow.vjp"),
    (lambda: tf.grad(relaxed)(X, X + 1, 1), RequestError, "returns nothing"),
    (lambda: tf.grad(max), tf.PythonError, "no function that is written in Python"),
    (lambda: tf.grad(lambda x: x), tf.PythonError, "lambda"),
    (lambda: energy(np.ones(0).reshape(0)[5:], 2.0, 10**30), tf.ArgumentError, "64"),
]


@pytest.mark.parametrize(("mistake", "kind", "message"), MISTAKES)
def test_mistakes(mistake: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        mistake()


REFUSED = {
    "return [v for v in x]": "ListComp",
    "return x[0] // 2.0": "'//' of floats",
    "return y": "no name 'y'",
    "if k > 0.0:\n        z = 1.0\n    return z": "bound on one side",
    "for i in range(len(x)):\n        z = i\n    return z": "give it a value before",
    "return x[0, 1]": "2 subscripts",
    "return x[k]": "a subscript is a float",
    "while x:\n        pass\n    return k": "no truth value",
    "with open('f'):\n        pass\n    return k": "'with' cannot be compiled",
    "return f(x, k)": "calls itself",
    "return x.std()": "'std'",
    "return np.sinc(k)": "'sinc' cannot be compiled",
    "if k > 0.0:\n        return k": "may end without 'return'",
    "z = x if k > 0.0 else np.zeros(3)\n    return z[0]": "as data decides",
    "return 2.0 ** 5000": "OverflowError",
    "return math.sqroot(k)": "no 'sqroot'",
}


@pytest.mark.parametrize(("body", "message"), REFUSED.items())
def test_refused_with_a_line_and_a_caret(
    body: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "import math\nfrom typing import Annotated\n\nimport numpy as np\n"
        "import tapeflow as tf\n\nVector = Annotated[np.ndarray, tf.f64[:]]\n\n\n"
        f"def f(x: Vector, k: float):\n    {body}\n"
    )
    result = run("tape", f"{path}:f", "--wrt", 0)
    assert result.exit_code == 1
    assert message in result.output and "^" in result.output
    assert f"{path}:1" in result.output


def test_a_function_without_text() -> None:
    space: dict[str, Any] = {}
    exec("def f(x):\n    return x", space)
    with pytest.raises(tf.PythonError, match="cannot be found.*not by exec"):
        tf.function(space["f"])


def test_an_error_of_a_run_has_the_line() -> None:
    def quotient(a: int, b: int):
        return a // b

    with pytest.raises(ZeroDivisionError, match="division by zero") as caught:
        tf.function(quotient)(1, 0)
    assert "return a // b\n" in str(caught.value) and "^" in str(caught.value)
    assert "test_interface.py" in failure_message(caught.value)


def test_commands_take_functions_of_python(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", arg0=X, arg1=2.0, arg2=2)
    out = tmp_path / "out.npz"
    result = run(
        *("grad", f"{__file__}:energy", "--wrt", 0, "--inputs", tmp_path / "in.npz"),
        *("--output", out),
    )
    assert result.exit_code == 0, result.output
    assert np.load(out)["grad0"].tolist() == SLOPES.tolist()
    missing = run("tape", f"{__file__}:enrgy", "--wrt", 0)
    assert "did you mean 'energy'?" in missing.output
