"""Extrapolated differences against derivatives known exactly."""

import math

import numpy as np
import pytest

from tapeflow.tools.check.directional_differences import directional_derivative

DOUBLE = float(np.finfo(np.float64).eps)
SINGLE = float(np.finfo(np.float32).eps)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda t: math.exp(3 * t), 3.0),
        (lambda t: math.sin(10 * t) + 5, 10.0),
        (lambda t: (1 + t) ** 7, 7.0),
        (lambda t: 1e6 + t, 1.0),
        (lambda t: 1 / (1.001 + t), -(1.001**-2)),
        (lambda t: 4.0, 0.0),
    ],
)
def test_smooth(function, derivative):
    difference = directional_derivative(function, 1e-2, DOUBLE)
    error = abs(difference.derivative - derivative)
    assert error <= 1e-8 * max(1, abs(derivative))
    assert error <= 2 * difference.error
    assert not difference.has_kink


def test_single_precision():
    def rounded(t: float) -> float:
        return float(np.exp(np.float32(1 + t)))

    difference = directional_derivative(rounded, 1e-1, SINGLE)
    assert difference.derivative == pytest.approx(math.e, rel=1e-3)
    assert not difference.has_kink


def test_kink_shows_in_the_slopes():
    difference = directional_derivative(lambda t: max(t, 3 * t), 1e-2, DOUBLE)
    assert difference.left == pytest.approx(1)
    assert difference.right == pytest.approx(3)
    assert difference.has_kink


def test_kink_near_by_does_not_disturb():
    difference = directional_derivative(lambda t: abs(t - 1e-3), 1e-2, DOUBLE)
    assert difference.derivative == pytest.approx(-1, rel=1e-9)
    assert not difference.has_kink


def test_function_without_values():
    difference = directional_derivative(lambda t: math.nan, 1e-2, DOUBLE)
    assert math.isnan(difference.derivative)
