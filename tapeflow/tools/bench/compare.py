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
    rows = [
        _ceiling(row, machine, rows, machines) if row and is_free_tape(row) else row
        for row, machine in zip(rows, machines, strict=True)
    ]
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


def _ceiling(
    free: Row, machine: Machine, rows: Sequence[Row | None], machines: Sequence[Machine]
) -> Row:
    """The row of a free tape, or the run of an arm of equal machine that was faster.

    Fewer accesses are not always faster: they train a prefetcher, and order operations.
    A tape that may cost nothing may also be paid for, so what beats it is its own.
    """
    if free["cycles"] is None:
        return free
    equals = [
        row
        for row, other in zip(rows, machines, strict=True)
        if row and row["cycles"] and _equality_key(other) == _equality_key(machine)
    ]
    best = min([free, *equals], key=lambda row: row["cycles"])
    if best is free:
        return free
    own = {key: free[key] for key in ("pipeline", "arm")}
    return best | own | {"chosen_layout": f"as {best['arm']}"}


def _equality_key(machine: Machine) -> Hashable:
    """What equal machines have alike; how they split SRAM and ports is a choice."""
    resources = (machine.sram_bytes, total_ports(machine), machine.dram)
    return (*resources, bounds_key(machine))


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
