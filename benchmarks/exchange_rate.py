"""What the exchange rate between tape and operations costs and saves.

`python benchmarks/exchange_rate.py [--size paper] [--rates 1,2,4,8] [PROGRAM ...]` runs
the gradients of all programs at `baseline` under save-all and under min-cut at each
rate, and prints geometric means over save-all: time, operations, energy, and their
product with time; then the programs one by one.
"""

import argparse
from dataclasses import dataclass
from math import exp, log

from rich.console import Console
from rich.table import Table

from hwmodel import load_machine
from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.cases import Case, program_cases
from tapeflow.tools.pipelines.on_machine import fit_pipeline

SAVE_ALL = "save-all"


@dataclass(frozen=True)
class Run:
    """The figures of one gradient."""

    cycles: int
    operations: int
    energy_pj: float
    tape_bytes: int

    def ratios(self, other: "Run") -> tuple[float, float, float, float]:
        """Cycles, operations, energy and energy times delay over another's."""
        time = self.cycles / other.cycles
        energy = self.energy_pj / other.energy_pj
        return time, self.operations / other.operations, energy, time * energy


def run(case: Case, rate: str, machine: str) -> Run:
    """One program at one exchange rate."""
    options = "policy=save-all" if rate == SAVE_ALL else f"operations-per-byte={rate}"
    pipeline = fit_pipeline(
        f"baseline{{as-written=true {options}}}", load_machine(machine)
    )
    result = case.request.run(pipeline, "compiled")
    assert result.counters is not None and result.energy is not None
    assert result.tape_bytes is not None
    return Run(
        result.counters.cycles,
        result.counters.operations,
        result.energy.total_energy_pj,
        result.tape_bytes,
    )


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return exp(sum(map(log, values)) / len(values))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--size", default="paper")
    parser.add_argument("--machine", default="fair")
    parser.add_argument("--rates", default="1,2,4,8,16")
    options = parser.parse_args()
    names = tuple(options.programs or (program.name for program in PROGRAMS))
    rates = [SAVE_ALL, *options.rates.split(",")]
    runs = {
        (case.program, rate): run(case, rate, options.machine)
        for case in program_cases(names, options.size, 0)
        for rate in rates
    }
    means = Table(title=f"over {SAVE_ALL}, geometric means of {len(names)} programs")
    headings = ("operations per byte", "time", "operations", "energy", "energy x time")
    for heading in (*headings, "tape bytes, sum"):
        means.add_column(heading, justify="right")
    each = Table(title="cycles (tape bytes) of each program")
    each.add_column("program")
    for rate in rates:
        each.add_column(rate, justify="right")
        ratios = [runs[name, rate].ratios(runs[name, SAVE_ALL]) for name in names]
        columns = [[row[k] for row in ratios] for k in range(4)]
        figures = [f"{geometric_mean(column):.3f}" for column in columns]
        total = sum(runs[name, rate].tape_bytes for name in names)
        means.add_row(rate, *figures, f"{total:,}")
    for name in names:
        cells = (runs[name, rate] for rate in rates)
        each.add_row(name, *(f"{one.cycles:,} ({one.tape_bytes:,})" for one in cells))
    console = Console()
    console.print(means)
    console.print(each)


if __name__ == "__main__":
    main()
