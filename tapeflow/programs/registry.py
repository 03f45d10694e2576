"""All benchmark programs, by name and group.

The sixteen `PROGRAMS` are what geometric means are over. `NETWORKS` are written one
nest an operator, each with a buffer of its own, as frontends of machine learning do;
`SIMULATIONS` overwrite their state in each of many steps and need a tape.
"""

from tapeflow.programs import (
    attention,
    ba,
    bilateral,
    gmm,
    gravity,
    lenet,
    logsumexp,
    lstm,
    mass_spring,
    matdescent,
    monte_carlo,
    mttkrp,
    nn,
    pathfinder,
    reaction_diffusion,
    resnet_block,
    sddmm,
    shallow_water,
    somier,
    spmv,
    wavenet,
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
NETWORKS = (resnet_block.PROGRAM, wavenet.PROGRAM, attention.PROGRAM)
SIMULATIONS = (shallow_water.PROGRAM, monte_carlo.PROGRAM)
GROUPS: dict[str, tuple[Program, ...]] = {
    "all": PROGRAMS,
    "networks": NETWORKS,
    "simulations": SIMULATIONS,
}
"""What a word on the command line stands for that is not a program's name."""
EVERY_PROGRAM = (*PROGRAMS, *NETWORKS, *SIMULATIONS)


def get_program(name: str) -> Program:
    """The program of that name. Raises ProgramError, listing the valid names."""
    for program in EVERY_PROGRAM:
        if program.name == name:
            return program
    valid = tuple(program.name for program in EVERY_PROGRAM)
    raise ProgramError(unknown_name("program", name, valid))
