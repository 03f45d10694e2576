"""The benchmark programs: MLIR sources, seeded inputs, independent references."""

from tapeflow.programs.program import Array, Inputs, Program, ProgramError
from tapeflow.programs.registry import EVERY_PROGRAM, GROUPS, PROGRAMS, get_program

__all__ = [
    "EVERY_PROGRAM",
    "GROUPS",
    "PROGRAMS",
    "Array",
    "Inputs",
    "Program",
    "ProgramError",
    "get_program",
]
