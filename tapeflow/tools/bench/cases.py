"""The programs of a comparison: benchmark programs by name, or a user's function.

A `CaseSource` says in a few words what a case is made of, so that each process of a
comparison makes its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import click

from tapeflow.programs import EVERY_PROGRAM, GROUPS, get_program
from tapeflow.tools.bench.shared_passes import SharedPasses
from tapeflow.tools.gradient_request import (
    GradientRequest,
    read_request,
    request_on_files,
)
from tapeflow.tools.result_row import Reference

DEFAULT_PROGRAMS = ("pathfinder", "mass_spring", "spmv", "lstm")
"""The word for every benchmark program."""

CASES_KEPT = 2
"""Cases that a process keeps; it works on one after the other."""


@dataclass(frozen=True)
class ProgramSource:
    """A benchmark program at a size."""

    program: str
    size: str
    seed: int


@dataclass(frozen=True)
class FileSource:
    """A function in a user's file, with files of its inputs and seeds."""

    path: Path
    function: str | None
    wrt: tuple[int, ...]
    inputs: Path
    seeds: Path | None

    @property
    def program(self) -> str:
        """What the case is called."""
        return self.path.stem


CaseSource: TypeAlias = ProgramSource | FileSource


@dataclass(frozen=True)
class Case:
    """One program on one set of inputs."""

    program: str
    size: str | None
    seed: int | None
    """Both None for a user's own inputs."""
    request: GradientRequest
    reference: Reference | None = field(repr=False)
    """None where no independent computation is known."""
    gradients: SharedPasses = field(repr=False, compare=False)
    """Its gradients at pipelines; arms with the same passes share them."""


def is_file(word: str) -> bool:
    """Whether a word on the command line is a file and not a program's name."""
    known = word in GROUPS or any(program.name == word for program in EVERY_PROGRAM)
    return not known and (word.endswith(".mlir") or "/" in word or Path(word).exists())


def program_sources(
    names: tuple[str, ...], size: str, seed: int
) -> list[ProgramSource]:
    """Benchmark programs by name or group; without a name, `DEFAULT_PROGRAMS`."""
    members = {group: [p.name for p in programs] for group, programs in GROUPS.items()}
    named = [one for name in names for one in members.get(name, [name])]
    distinct = tuple(dict.fromkeys(named)) or DEFAULT_PROGRAMS
    return [ProgramSource(name, size, seed) for name in distinct]


def file_source(
    path: Path,
    function: str | None,
    wrt: tuple[int, ...] | None,
    inputs: Path | None,
    seeds: Path | None,
) -> FileSource:
    """A function in a user's file; it needs `--wrt` and `--inputs`."""
    if wrt is None:
        raise click.UsageError(f"{path} needs --wrt: the arguments to differentiate")
    if inputs is None:
        raise click.UsageError(f"{path} needs --inputs: a file of its arguments")
    return FileSource(path, function, wrt, inputs, seeds)


@lru_cache(maxsize=CASES_KEPT)
def load_case(source: CaseSource) -> Case:
    """The case that a source describes.

    Raises:
        ProgramError: an unknown name or size.
        InputError, OptionMisuse: as `read_request` and `request_on_files`.
    """
    if isinstance(source, FileSource):
        return _file_case(source)
    program = get_program(source.program)
    inputs = program.make_inputs(source.size, source.seed)
    request = read_request(program.source_path, program.function, program.wrt, inputs)
    value, gradients = program.reference(inputs)
    reference = (float(value), gradients)
    shared = SharedPasses(request)
    return Case(source.program, source.size, source.seed, request, reference, shared)


def program_cases(names: tuple[str, ...], size: str, seed: int) -> Iterator[Case]:
    """The cases of benchmark programs, each read when its turn comes."""
    return map(load_case, program_sources(names, size, seed))


def _file_case(source: FileSource) -> Case:
    request = request_on_files(
        source.path, source.function, source.wrt, source.inputs, source.seeds
    )
    return Case(source.program, None, None, request, None, SharedPasses(request))
