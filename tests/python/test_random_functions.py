"""Random functions give the bits of plain Python, and gradients that agree with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapeflow as tf
from tests.python.random_functions import random_arguments, random_function
from tests.python.test_semantics import outcome
from tests.sizes import sized

COUNT = sized(10, 400)


def defined(seed: int, folder: Path) -> Any:
    import runpy

    path = folder / f"f{seed}.py"
    path.write_text(random_function(seed))
    return runpy.run_path(str(path))["f"]


def test_bits_of_plain_python(tmp_path: Path) -> None:
    gave = 0
    for seed in range(COUNT):
        plain = defined(seed, tmp_path)
        try:
            compiled = tf.function(plain)
            compiled.mlir()
        except tf.PythonError as error:
            assert "^" in str(error), seed
            continue
        for number in range(4):
            arguments = random_arguments(10 * seed + number)
            expected, found = outcome(plain, arguments), outcome(compiled, arguments)
            if expected[0] == "gives" and found[0] == "gives":
                assert found == expected, (seed, number)
            assert found[0] == "raises" or expected[0] == "gives", (seed, number)
            gave += found[0] == "gives"
    assert gave > COUNT


@pytest.mark.parametrize("seed", range(sized(3, 60)))
def test_gradients_of_plain_python(seed: int, tmp_path: Path) -> None:
    """The slope of the plain function in one direction, where it has one."""
    plain = defined(seed, tmp_path)
    x, y, a, n = random_arguments(seed)
    direction = np.random.default_rng(seed).normal(size=len(x))

    def value(t: float) -> float:
        return float(plain(x + t * direction, y.copy(), a, n))

    try:
        with np.errstate(all="raise"):
            steps = [value(t) for t in (-2e-6, -1e-6, 0.0, 1e-6, 2e-6)]
        _, pull = tf.vjp(plain)(x, y, a, n)
        gradient = pull(1.0)
    except (ArithmeticError, ValueError, IndexError, tf.PythonError):
        pytest.skip("no value here")
    left, right = (steps[2] - steps[0]) / 2e-6, (steps[4] - steps[2]) / 2e-6
    scale = 1.0 + abs(left) + abs(right)
    if not np.isfinite(scale) or abs(left - right) > 1e-4 * scale:
        pytest.skip("a kink")
    assert gradient @ direction == pytest.approx((left + right) / 2, abs=1e-3 * scale)
