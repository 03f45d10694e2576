"""What the generators promise about their inputs holds at every size."""

from itertools import pairwise

import numpy as np
import pytest

from tapeflow.programs import ba, get_program, mass_spring, pathfinder, somier, spmv

SIZES = ("tiny", "small", "paper", "large")
SEEDS = (0, 1, 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_logsumexp_maximum_is_unique(size, seed):
    x = get_program("logsumexp").make_inputs(size, seed)["arg0"]
    second, first = np.sort(x)[-2:]
    assert second < first


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_pathfinder_has_no_ties(size, seed):
    w = get_program("pathfinder").make_inputs(size, seed)["arg0"]
    d = w[0]
    for costs in w[1:]:
        cells = pathfinder.candidates(d)
        assert np.all(cells[0, 1:] != cells[1, 1:])
        assert np.all(cells[2, :-1] != cells[1, :-1])
        d = costs + cells.min(axis=0)


def test_pathfinder_tie_is_seen():
    w = np.ones((2, 3))
    assert pathfinder.broken_promise(w) == (
        "two candidates of a minimum differ by less than 1e-10"
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_mass_spring_points_fall_on_the_ground(size, seed):
    inputs = get_program("mass_spring").make_inputs(size, seed)
    height = mass_spring.simulate(*inputs.values())[:, :, 1]
    assert np.all(np.abs(height) >= 1e-6)
    assert np.all(height[0] > 0)
    steps = int(inputs["arg6"])
    before_half = height[[t for t in range(steps + 1) if t < steps / 2]]
    assert np.count_nonzero(before_half.min(axis=0) < 0) >= 4


@pytest.mark.parametrize("size", ["small", "paper", "large"])
def test_mass_spring_contact_shapes_the_result(size):
    program = get_program("mass_spring")
    inputs = program.make_inputs(size)
    value, _ = program.reference(inputs)
    high_above = inputs | {"arg0": inputs["arg0"] + [0.0, 1000.0]}
    assert abs(program.reference(high_above)[0] - value) > 1e-6


@pytest.mark.parametrize("name", ["sddmm", "spmv"])
@pytest.mark.parametrize("size", SIZES)
def test_sparse_patterns_are_rows_of_ascending_distinct_columns(name, size):
    inputs = get_program(name).make_inputs(size)
    row_start, column, entries = (inputs[f"arg{i}"] for i in range(3))
    columns = len(inputs["arg4"]) if name == "sddmm" else len(inputs["arg3"])
    assert row_start[0] == 0
    assert row_start[-1] == len(column) == len(entries)
    assert np.all((column >= 0) & (column < columns))
    for begin, end in pairwise(row_start):
        assert np.all(np.diff(column[begin:end]) > 0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_spmv_iterates_can_be_normalised(size, seed):
    inputs = get_program("spmv").make_inputs(size, seed)
    _, norms = spmv.iterate(*inputs.values())
    assert min(norms) >= 1e-3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_ba_cameras_are_half_unrotated_and_see_all_points_in_front(size, seed):
    inputs = get_program("ba").make_inputs(size, seed)
    camera, point, _, observation, _ = inputs.values()
    angle = np.sqrt((camera[:, :3] ** 2).sum(axis=1))
    assert angle[0] == 0
    assert np.count_nonzero(angle < 0.002) >= len(camera) / 2
    assert set(observation[:, 0]) == set(range(len(camera)))
    seen, points = camera[observation[:, 0]], point[observation[:, 1]]
    assert np.all(ba.rotate(seen[:, :3], points - seen[:, 3:6])[:, 2] > 1)


@pytest.mark.parametrize("size", SIZES)
def test_somier_is_disturbed_inside_alone(size):
    inputs = get_program("somier").make_inputs(size)
    displacement = inputs["arg0"] - somier.lattice(len(inputs["arg0"]))
    assert 0 < np.abs(displacement).max() <= 0.05
    for field in (displacement, inputs["arg1"]):
        inside = field[1:-1, 1:-1, 1:-1]
        assert np.all(inside != 0)
        assert np.count_nonzero(field) == inside.size


@pytest.mark.parametrize("size", ["small", "paper", "large"])
def test_mttkrp_does_not_saturate(size):
    x, b, c = get_program("mttkrp").make_inputs(size).values()
    m = np.einsum("ijk,jr,kr->ir", x, b, c)
    assert 0.4 < m.std() < 2.5
