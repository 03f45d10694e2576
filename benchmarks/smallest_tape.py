"""How small the tape of each program is, and at what price.

    python benchmarks/smallest_tape.py [PROGRAM ...] [--size paper] [--json FILE]

The first table has, for each program at one size, the bytes of its own data (arguments,
and each of its allocations once), and under each policy the bytes of tape and the
operations that the machine executes for the gradient at the pipeline `baseline`. Bytes
of tape are the most that is on the tape at a time, counted by a run: the sum over the
saved values of the largest number of entries times their width.

The redundancy left, under `min-cut`, is entries pushed over distinct entries. A saved
value is distinct once for each iteration of the loops around its push in which it can
vary: in the iterations of another loop the same value is saved again. It can vary in a
loop if it is computed from the loop's induction variable, from what the loop carries,
or from memory that the loop writes. Stacks of floats whose pushes are bit for bit those
of another stack count as saved again too. 1.00 is a tape that saves nothing twice.

The second table compares with the bytes that Enzyme was measured to allocate for its
tape at size `peer` (`benchmarks/data/README.md` says where the figures come from).
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from hwmodel import Machine, load_machine
from tapeflow.backend.gradient import GradientResult
from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.cases import Case, program_cases
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.tools.tape.report import POLICIES, PolicyBill, Subject, bill_for

ENZYME = Path(__file__).parent / "data" / "enzyme_tape.csv"


@dataclass(frozen=True)
class PolicyFigures:
    """What one policy gives on one program."""

    tape_bytes: int
    gradient_operations: int
    redundancy: float | None


@dataclass(frozen=True)
class ProgramFigures:
    """One row of the first table."""

    program: str
    size: str
    data_bytes: int
    policies: dict[str, PolicyFigures]


@dataclass(frozen=True)
class PeerFigures:
    """One row of the second table."""

    program: str
    peer_size: str
    data_bytes: int
    tape_bytes: int
    enzyme_tape_bytes: int


def measured_bill(case: Case, pipeline: str, machine: Machine) -> PolicyBill:
    """The bill of a program under the policy of a pipeline, counted by a run."""
    passes = fit_pipeline(pipeline, machine).passes
    subject = Subject.of_request(case.request, passes)
    bill = bill_for(subject).measured(subject, "compiled")
    if mismatches := bill.mismatches():
        raise AssertionError("; ".join(mismatches))
    return bill


def check_run(case: Case, bill: PolicyBill, result: GradientResult) -> None:
    """Compare with the most that was alive at a time in the run of a whole pipeline.

    It is less than the bill where saved values peak at different times.
    """
    assert bill.total_bytes is not None and result.tape_bytes is not None
    if result.tape_bytes > bill.total_bytes:
        raise AssertionError(
            f"{case.program} under {bill.policy}: the bill has "
            f"{bill.total_bytes} bytes, the run of a pipeline {result.tape_bytes}"
        )


def program_figures(case: Case, size: str, machine: Machine) -> ProgramFigures:
    """All policies on one program."""
    policies: dict[str, PolicyFigures] = {}
    data_bytes = 0
    for policy in POLICIES:
        pipeline = f"baseline{{policy={policy} as-written=true}}"
        bill = measured_bill(case, pipeline, machine)
        result = case.request.run(fit_pipeline(pipeline, machine), "compiled")
        assert bill.total_bytes is not None and result.counters is not None
        check_run(case, bill, result)
        policies[policy] = PolicyFigures(
            bill.total_bytes, result.counters.operations, bill.redundancy
        )
        data_bytes = bill.data_bytes or 0
    return ProgramFigures(case.program, size, data_bytes, policies)


def peer_figures(machine: Machine, programs: Sequence[str]) -> list[PeerFigures]:
    """Our tape beside Enzyme's."""
    rows = list(csv.DictReader(ENZYME.read_text(encoding="utf-8").splitlines()))
    figures: list[PeerFigures] = []
    for row in rows:
        if row["program"] in programs:
            (case,) = program_cases((row["program"],), "peer", seed=0)
            bill = measured_bill(case, "baseline", machine)
            assert bill.total_bytes is not None
            measured = int(row["enzyme_tape_bytes"])
            figures.append(
                PeerFigures(
                    case.program,
                    row["size"],
                    bill.data_bytes or 0,
                    bill.total_bytes,
                    measured,
                )
            )
            print(f"{case.program} at size peer done", file=sys.stderr)
    return figures


def programs_table(rows: Sequence[ProgramFigures]) -> Table:
    """One row a program, and the sums."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("program", "sum", no_wrap=True)
    _number(table, "data\nbytes", sum(row.data_bytes for row in rows))
    for heading, key in (
        ("tape bytes", "tape_bytes"),
        ("operations", "gradient_operations"),
    ):
        for policy in POLICIES:
            total = sum(getattr(row.policies[policy], key) for row in rows)
            _number(table, f"{heading}\n{policy}", total)
    totals = [
        sum(row.policies[policy].gradient_operations for row in rows)
        for policy in ("min-cut", "save-all")
    ]
    table.add_column("min-cut /\nsave-all", _ratio(*totals), justify="right")
    table.add_column("redun-\ndancy", justify="right")
    for row in rows:
        figures = [row.policies[policy] for policy in POLICIES]
        chosen, saving = row.policies["min-cut"], row.policies["save-all"]
        table.add_row(
            row.program,
            f"{row.data_bytes:,}",
            *(f"{each.tape_bytes:,}" for each in figures),
            *(f"{each.gradient_operations:,}" for each in figures),
            _ratio(chosen.gradient_operations, saving.gradient_operations),
            "-" if chosen.redundancy is None else f"{chosen.redundancy:.2f}",
        )
    return table


def peers_table(rows: Sequence[PeerFigures]) -> Table:
    """One row a program, and the ratio of the sums."""
    ours = sum(row.tape_bytes for row in rows)
    enzyme = sum(row.enzyme_tape_bytes for row in rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("program", "sum", no_wrap=True)
    table.add_column("size peer", no_wrap=True)
    _number(table, "data bytes", sum(row.data_bytes for row in rows))
    _number(table, "tape bytes", ours)
    _number(table, "Enzyme's tape bytes", enzyme)
    table.add_column("ratio", _ratio(ours, enzyme), justify="right")
    for row in rows:
        numbers = (row.data_bytes, row.tape_bytes, row.enzyme_tape_bytes)
        table.add_row(
            row.program,
            row.peer_size,
            *(f"{number:,}" for number in numbers),
            _ratio(row.tape_bytes, row.enzyme_tape_bytes),
        )
    return table


def _number(table: Table, heading: str, total: int) -> None:
    table.add_column(heading, f"{total:,}", justify="right", no_wrap=True)


def _ratio(ours: int, theirs: int) -> str:
    return f"{ours / theirs:.3f}" if theirs else "-"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [program.name for program in PROGRAMS]
    parser.add_argument("programs", nargs="*", default=names, help="all by default")
    parser.add_argument("--size", default="paper")
    parser.add_argument("--machine", default="fair", help="a preset or a TOML file")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    machine = load_machine(options.machine)
    rows: list[ProgramFigures] = []
    for case in program_cases(tuple(options.programs), options.size, seed=0):
        rows.append(program_figures(case, options.size, machine))
        print(f"{case.program} done", file=sys.stderr)
    peers = peer_figures(machine, options.programs)
    console = Console(width=160)
    console.print(
        f"size {options.size}, most bytes on the tape at a time", programs_table(rows)
    )
    if peers:
        console.print("beside Enzyme (policy min-cut)", peers_table(peers))
    if options.json is not None:
        content = {
            "programs": [asdict(row) for row in rows],
            "peers": [asdict(row) for row in peers],
        }
        options.json.write_text(f"{json.dumps(content, indent=1)}\n")


if __name__ == "__main__":
    main()
