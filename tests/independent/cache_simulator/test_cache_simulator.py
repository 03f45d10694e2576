"""Our cache counts what pycachesim counted."""

import pytest

from .address_traces import Accesses, program_trace, random_trace
from .count import SHAPES, count_here, kept_counts

KEPT = kept_counts()
PROGRAMS = ("logsumexp", "spmv", "matdescent", "mttkrp")


def agrees(name: str, trace: Accesses) -> None:
    for shape in SHAPES:
        assert count_here(trace, shape) == KEPT[name, str(shape)], shape


@pytest.mark.parametrize("name", ["random uniform", "random hot", "random strided"])
def test_random_traces(name: str) -> None:
    agrees(name, random_trace(name))


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(program: str) -> None:
    agrees(f"{program} small", program_trace(program, "small"))
