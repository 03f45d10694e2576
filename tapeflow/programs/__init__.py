"""The benchmark programs: MLIR sources, seeded inputs, independent references."""

from tapeflow.programs.program import Array, Inputs, Program, ProgramError
from tapeflow.programs.registry import PROGRAMS, get_program

__all__ = ["PROGRAMS", "Array", "Inputs", "Program", "ProgramError", "get_program"]
