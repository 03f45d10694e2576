"""What must hold of the machine on any program: bytes are kept, bandwidth helps."""

from dataclasses import replace
from itertools import pairwise

import pytest

from hwmodel import Counters, Machine, preset
from tapeflow.tools.bench.cases import program_cases
from tapeflow.tools.pipelines.on_machine import fit_pipeline

FASTER = (2, 8)
ANOMALY = 1.04
"""How much slower a run may be with faster memory. Operations that come earlier book
units in another order: the running maximum of logsumexp takes 7.9 cycles an iteration
at every bandwidth but the lowest, and 7.3 there, where loads come late."""


def counters(program: str, pipeline: str, machines: list[Machine]) -> list[Counters]:
    """One program on machines of equal sizes."""
    (case,) = program_cases((program,), "small", 0)
    fitted = [fit_pipeline(pipeline, machine) for machine in machines]
    gradient = case.request.compile(fitted[0])
    runs = [
        gradient.run(case.request.inputs, machine=f.machine_of(gradient))
        for f in fitted
    ]
    return [run.counters for run in runs if run.counters is not None]


@pytest.mark.parametrize(
    "pipeline", ["baseline", "streams{places=stream scratchpad-bytes=1024}"]
)
@pytest.mark.parametrize("program", ["logsumexp", "matdescent", "mass_spring"])
def test_bytes_are_kept_and_more_bandwidth_is_not_slower(
    program: str, pipeline: str
) -> None:
    small = replace(preset("fair").cache, capacity_bytes=3072)
    machine = replace(preset("fair"), cache=small)
    gb_per_s = machine.dram.bandwidth_gb_per_s
    drams = [
        replace(machine.dram, bandwidth_gb_per_s=factor * gb_per_s)
        for factor in (0.25, 1, *FASTER)
    ]
    machines = [replace(machine, dram=dram) for dram in drams]
    runs = counters(program, pipeline, machines)
    for slower, faster in pairwise(runs):
        assert faster.cycles <= ANOMALY * slower.cycles
    for run in runs:
        line = machine.cache.line_bytes
        assert run.dram_read_bytes == line * (run.line_fills + run.dma_lines_in)
        assert run.dram_write_bytes == line * (run.write_backs + run.dma_lines_out)
        assert run.dma_bytes == line * (run.dma_lines_in + run.dma_lines_out)
        assert run.tiles_pushed == run.tiles_popped + run.tiles_left
        assert run.line_fills == run.cache_misses
