"""The choice of loop changes for a datapath, from the options of a pass."""

import sys

from xdsl.dialects.func import FuncOp

from tapeflow.analysis.integers.estimates import parse_sizes
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.scheduling.machine_choice import (
    ANY_DATAPATH,
    THE_MACHINES,
    LoopChoice,
)
from tapeflow.transforms.building.refusal import refuse

ASSUMED_TRIPS = 64
"""Iterations of a loop of which nothing is known."""


def loop_choice(
    function: FuncOp, pass_: str, datapath: str, sizes: str, explain: bool
) -> LoopChoice | None:
    """The choice for a datapath, if one is given.

    Raises:
        PassFailedException: words that make no sense.
    """
    if datapath == ANY_DATAPATH:
        return None
    if datapath == THE_MACHINES:
        refuse(
            function,
            f"{pass_}: datapath={datapath} is for commands that have a machine; give "
            f'words such as datapath="{Datapath()}"',
        )

    if explain:
        title = f"{pass_} of @{function.sym_name.data}: cycles of an iteration"
        print(title, file=sys.stderr)

    def tell(line: str) -> None:
        if explain:
            print(f"  {line}", file=sys.stderr)

    try:
        facts, known = Datapath.parse(datapath), parse_sizes(sizes)
    except ValueError as error:
        refuse(function, f"{pass_}: {error}")
    return LoopChoice.of(function, facts, known, ASSUMED_TRIPS, tell)
