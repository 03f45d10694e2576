"""`tapeflow inputs`: a file that `grad` takes, the same for the same seed."""

import os
import shlex

import numpy as np
import pytest


def test_inputs_and_the_command_it_prints(run, loaded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("inputs", "pathfinder", "--size", "tiny", "-o", "in.npz")
    assert result.exit_code == 0, result.output
    name, *arguments = shlex.split(result.stdout)
    assert name == "tapeflow"
    assert run(*arguments).exit_code == 0
    gradient = loaded(tmp_path / "gradient.npz")["grad0"]
    assert gradient.shape == loaded(tmp_path / "in.npz")["arg0"].shape


def test_seed(run, loaded, tmp_path):
    contents = []
    for number, seed in enumerate((7, 7, 8)):
        path = tmp_path / f"{number}.npz"
        run("inputs", "logsumexp", "--size", "tiny", "--seed", seed, "-o", path)
        contents.append(loaded(path)["arg0"])
    assert np.array_equal(contents[0], contents[1])
    assert not np.array_equal(contents[0], contents[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logsumex"], "did you mean 'logsumexp'?"),
        (["nn", "--size", "huge"], "unknown size 'huge'"),
        (["nn", "--seed", "-1"], "-1"),
    ],
)
def test_bad_requests(run, tmp_path, arguments, message):
    result = run("inputs", *arguments, "-o", tmp_path / "in.npz")
    assert result.exit_code != 0
    assert message in result.stderr
    assert os.listdir(tmp_path) == []
