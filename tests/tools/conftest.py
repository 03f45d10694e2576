"""Running the command in this process, and files for it to read."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tapeflow.tools.bench import command as bench
from tapeflow.tools.bench import runs as bench_runs
from tapeflow.tools.main import main
from tests.sizes import sized

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session", autouse=True)
def only_figures() -> Iterator[None]:
    """What is tested here are figures, not speeds, in this process.

    Nor what each pass leaves of the programs: that is tested where the passes are.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_runs, "MEASURED_SECONDS", 0.0)
        patch.setattr(bench, "available_cores", lambda: 1)
        patch.setenv("TAPEFLOW_VERIFY_EACH", sized("0", "1"))
        yield


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """`run("grad", path, ...)`: the result of the command `tapeflow`."""

    def run_command(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run_command


@pytest.fixture(scope="session")
def source() -> Callable[[str], Path]:
    """The path of a small program by name."""
    return lambda name: DATA / f"{name}.mlir"


@pytest.fixture
def arrays(tmp_path: Path) -> Callable[..., Path]:
    """`arrays("in", arg0=x)`: an .npz file with these arrays."""

    def write(name: str, **contents: Any) -> Path:
        path = tmp_path / f"{name}.npz"
        np.savez(path, allow_pickle=False, **contents)
        return path

    return write


@pytest.fixture
def loaded() -> Callable[[Path], dict[str, np.ndarray]]:
    """All arrays of an .npz file by name."""

    def load(path: Path) -> dict[str, np.ndarray]:
        with np.load(path) as archive:
            return {name: archive[name] for name in archive.files}

    return load


@dataclass
class Grad:
    """`tapeflow grad` on a good request of which each test spoils one part."""

    run: Callable[..., Result]
    directory: Path
    program: Path
    inputs: Path
    function: str = "squares"
    wrt: str = "0"

    def write_program(self, text: str) -> None:
        """Differentiate this text instead."""
        self.program = self.directory / "program.mlir"
        self.program.write_text(text)

    def save(self, name: str, **arrays: Any) -> Path:
        """An .npz file of these arrays."""
        path = self.directory / f"{name}.npz"
        np.savez(path, allow_pickle=False, **arrays)
        return path

    def fails(self, *more: object) -> str:
        """Run; check that it fails cleanly; the message."""
        output = self.directory / "out.npz"
        before = sorted(os.listdir(self.directory))
        result = self.run(
            "grad",
            self.program,
            *("--function", self.function, "--wrt", self.wrt),
            *("--inputs", self.inputs, "--output", output, *more),
        )
        assert result.exit_code != 0
        assert "Traceback" not in result.output
        assert "internal error" not in result.output
        assert result.stdout == ""
        assert sorted(os.listdir(self.directory)) == before
        return result.stderr


@pytest.fixture
def grad(run, source, arrays, tmp_path) -> Grad:
    """A good request."""
    inputs = arrays("in", arg0=np.array([1.0, -2.0, 0.5]), arg1=3.0)
    return Grad(run, tmp_path, source("squares"), inputs)
