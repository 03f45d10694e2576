"""All benchmark programs, by name."""

from tapeflow.programs import (
    ba,
    bilateral,
    gmm,
    gravity,
    lenet,
    logsumexp,
    lstm,
    mass_spring,
    matdescent,
    mttkrp,
    nn,
    pathfinder,
    reaction_diffusion,
    sddmm,
    somier,
    spmv,
)
from tapeflow.programs.program import Program, ProgramError, unknown_name

PROGRAMS: tuple[Program, ...] = (
    logsumexp.PROGRAM,
    matdescent.PROGRAM,
    mttkrp.PROGRAM,
    nn.PROGRAM,
    lenet.PROGRAM,
    gravity.PROGRAM,
    pathfinder.PROGRAM,
    somier.PROGRAM,
    mass_spring.PROGRAM,
    sddmm.PROGRAM,
    spmv.PROGRAM,
    bilateral.PROGRAM,
    reaction_diffusion.PROGRAM,
    gmm.PROGRAM,
    ba.PROGRAM,
    lstm.PROGRAM,
)


def get_program(name: str) -> Program:
    """The program of that name. Raises ProgramError, listing the valid names."""
    for program in PROGRAMS:
        if program.name == name:
            return program
    valid = tuple(program.name for program in PROGRAMS)
    raise ProgramError(unknown_name("program", name, valid))
