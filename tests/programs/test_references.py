"""The hand-derived gradients against the complex step (Squire and Trapp 1998).

The derivative of f along d is Im f(x + i h d) / h, exact up to rounding for tiny h.
"""

import numpy as np
import pytest

from tapeflow.programs import EVERY_PROGRAM

STEP = 1e-30


def directional_derivative(program, inputs, direction):
    """Derivative of the objective along `direction`, a dict by argument index."""
    complex_inputs = dict(inputs)
    for index, d in direction.items():
        complex_inputs[f"arg{index}"] = np.asarray(
            inputs[f"arg{index}"] + STEP * 1j * d
        )
    value, _ = program.reference(complex_inputs)
    return value.imag / STEP


@pytest.fixture(params=EVERY_PROGRAM, ids=lambda p: p.name)
def program(request):
    return request.param


def test_gradient_entry_by_entry(program):
    inputs = program.make_inputs("tiny", seed=3)
    _, gradients = program.reference(inputs)
    for index, gradient in gradients.items():
        for entry in np.ndindex(gradient.shape):
            unit = np.zeros_like(gradient)
            unit[entry] = 1.0
            expected = directional_derivative(program, inputs, {index: unit})
            assert gradient[entry] == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("size", ["small", "paper"])
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_along_a_random_direction(program, size, seed):
    inputs = program.make_inputs(size, seed)
    _, gradients = program.reference(inputs)
    rng = np.random.default_rng(seed)
    direction = {i: rng.standard_normal(g.shape) for i, g in gradients.items()}
    terms = [(direction[i] * g).ravel() for i, g in gradients.items()]
    expected = directional_derivative(program, inputs, direction)
    scale = sum(np.abs(t).sum() for t in terms)
    assert abs(sum(t.sum() for t in terms) - expected) <= 1e-11 * scale


def test_gradients_are_shaped_as_the_arguments_and_nonzero(program):
    inputs = program.make_inputs("small")
    value, gradients = program.reference(inputs)
    assert np.isfinite(value)
    assert tuple(gradients) == program.wrt
    for index, gradient in gradients.items():
        assert gradient.shape == inputs[f"arg{index}"].shape
        assert np.all(np.isfinite(gradient))
        assert np.abs(gradient).max() > 1e-6


def test_reference_leaves_the_inputs_alone(program):
    inputs = program.make_inputs("tiny")
    before = {name: array.copy() for name, array in inputs.items()}
    program.reference(inputs)
    assert all(np.array_equal(inputs[name], before[name]) for name in inputs)


def test_inputs_depend_on_the_seed_alone(program):
    first, again, other = (program.make_inputs("tiny", s) for s in (5, 5, 6))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not all(np.array_equal(first[name], other[name]) for name in first)
