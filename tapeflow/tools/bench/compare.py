"""What a row says of others: ratios to bounds and to a free tape, unequal resources."""

from collections.abc import Hashable, Sequence

from hwmodel import Machine, Work, bounds_of
from tapeflow.tools.pipelines.sram_budget import total_ports
from tapeflow.tools.result_row import Row

FREE_TAPE = "free-tape"


def bounds_key(machine: Machine) -> Hashable:
    """What work depends on: machines with equal keys share it."""
    latencies = (machine.datapath, machine.cache.hit_latency_cycles)
    return (*latencies, machine.cache.line_bytes)


def compare(
    rows: Sequence[Row | None],
    machines: Sequence[Machine],
    works: Sequence[Work | None],
) -> list[Row]:
    """The rows of one program, with what follows from them together.

    Args:
        rows: None for one that is missing, and is left out.
        machines: that of each row, in order.
        works: what the program asks of each; None where it is not known.
    """
    free = next((r["cycles"] for r in rows if r and is_free_tape(r)), None)
    fewest_ports = min(total_ports(machine) for machine in machines)
    least_sram = min(machine.sram_bytes for machine in machines)
    compared: list[Row] = []
    for row, machine, work in zip(rows, machines, works, strict=True):
        if row is None:
            continue
        bounds = {} if work is None else _bounds(work, machine)
        cycles, bound = row["cycles"], bounds.get("bound_cycles")
        compared.append(
            row
            | bounds
            | {
                "cycles_over_bound": cycles / bound if cycles and bound else None,
                "cycles_over_free_tape": cycles / free if cycles and free else None,
                "unequal_ports": total_ports(machine) > fewest_ports,
                "unequal_sram": machine.sram_bytes > least_sram,
            }
        )
    return compared


def is_free_tape(row: Row) -> bool:
    """Whether a row is of the arm whose tape costs nothing, whatever its options."""
    return str(row["pipeline"]).split("{")[0] == FREE_TAPE


def _bounds(work: Work, machine: Machine) -> dict[str, float]:
    bounds = bounds_of(work, machine)
    return {
        "bound_cycles": bounds.largest_cycles,
        "bound_dram_cycles": bounds.dram_cycles,
        "bound_arithmetic_cycles": bounds.arithmetic_cycles,
        "bound_issue_cycles": bounds.issue_cycles,
        "bound_port_cycles": bounds.port_cycles,
        "bound_path_cycles": bounds.path_cycles,
    }
