"""The programs of a comparison: benchmark programs by name, or a user's function."""

from dataclasses import dataclass, field
from pathlib import Path

import click

from tapeflow.programs import PROGRAMS, get_program
from tapeflow.tools.array_files import read_arrays
from tapeflow.tools.bench_record import Reference
from tapeflow.tools.gradient_request import GradientRequest, read_request

DEFAULT_PROGRAMS = ("logsumexp", "pathfinder", "mass_spring", "nn")


@dataclass(frozen=True)
class Case:
    """One program on one set of inputs."""

    program: str
    size: str | None
    """None for a user's own inputs."""
    request: GradientRequest
    reference: Reference | None = field(repr=False)
    """None where no independent computation is known."""


def is_file(word: str) -> bool:
    """Whether a word on the command line is a file and not a program's name."""
    known = any(program.name == word for program in PROGRAMS)
    return not known and (word.endswith(".mlir") or "/" in word or Path(word).exists())


def program_cases(names: tuple[str, ...], size: str, seed: int) -> list[Case]:
    """A case for each benchmark program; `DEFAULT_PROGRAMS` where none is named.

    Raises:
        ProgramError: an unknown name or size.
    """
    names = tuple(dict.fromkeys(names)) or DEFAULT_PROGRAMS
    return [_program_case(name, size, seed) for name in names]


def _program_case(name: str, size: str, seed: int) -> Case:
    program = get_program(name)
    inputs = program.make_inputs(size, seed)
    request = read_request(program.source_path, program.function, program.wrt, inputs)
    value, gradients = program.reference(inputs)
    return Case(name, size, request, (float(value), gradients))


def file_case(
    path: Path,
    function: str | None,
    wrt: tuple[int, ...] | None,
    inputs: Path | None,
    seeds: Path | None,
) -> Case:
    """The case of a function in a user's file; it needs `--wrt` and `--inputs`."""
    if wrt is None:
        raise click.UsageError(f"{path} needs --wrt: the arguments to differentiate")
    if inputs is None:
        raise click.UsageError(f"{path} needs --inputs: a file of its arguments")
    request = read_request(path, function, wrt, read_arrays(inputs))
    if seeds is not None:
        request = request.with_seeds(read_arrays(seeds))
    return Case(path.stem, None, request, None)
