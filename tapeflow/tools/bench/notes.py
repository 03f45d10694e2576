"""What the tables of a comparison rest on, in sentences, and whether it is sound."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

from hwmodel import Machine, changes_of
from tapeflow.tools.bench.table import losers
from tapeflow.tools.pipelines.sram_budget import total_ports
from tapeflow.tools.result_row import Row
from tapeflow.tools.tables import relative_error


class NamedArm(Protocol):
    """What the notes say of an arm."""

    @property
    def name(self) -> str: ...

    @property
    def machine(self) -> Machine: ...

    @property
    def sram_split(self) -> str: ...


MOST_CHANGES = 3
"""Changed fields of a machine that are named; the rows have all."""
_SPLITS = {
    "rule": ", split by rule (DRAM latency x bandwidth, at most a quarter)",
    "set": ", split as set",
}
"""What is said of a split of given totals."""


def notes_on(
    rows: Sequence[Row],
    pipelines: Sequence[NamedArm],
    engine: str,
    machine: Machine,
    *,
    shows_leakage: bool = False,
    is_complete: bool = True,
) -> tuple[list[str], bool]:
    """Sentences below the tables, and whether every run succeeded and agreed.

    `machine` is the one that was asked for, before pipelines split its SRAM.
    """
    refused = [row for row in rows if row["error"] is not None]
    disagreements = disagreeing(rows)
    size = rows[0]["size"]
    of_size = f" at size {size}" if size else ""
    notes = [
        f"Machine {machine.name}{_changes(machine)} at {machine.clock_hz / 1e6:g} MHz"
        f"{of_size}, engine {engine}. Energy is dynamic"
        f"{'' if shows_leakage else '; leakage is apart, in the JSON'}.",
        *_arms(pipelines),
        *_unequal(pipelines),
        *_ratios(rows),
        *_gradient_error(rows),
        *losers(rows),
        *disagreements,
        *(f"refused: {r['program']} at {r['pipeline']}: {r['error']}" for r in refused),
    ]
    if is_complete and not disagreements and len(pipelines) > 1:
        notes.append(f"Value and gradient agree bit for bit in {_agreeing(rows)}.")
    return notes, not refused and not disagreements


def _agreeing(rows: Sequence[Row]) -> str:
    """Which pipelines were compared bit for bit."""
    ran = [row for row in rows if row["error"] is None]
    everyone = "all pipelines" if len(ran) == len(rows) else "all pipelines that ran"
    ways = {bool(row["reordered"]) for row in ran}
    if len(ways) < 2:
        return everyone
    return f"{everyone}, with reorder=true and without apart: it rounds sums otherwise"


def _changes(machine: Machine) -> str:
    """` with cache.ways=8`: what differs from the preset; "" where nothing does."""
    changes = changes_of(machine)
    named = ", ".join(changes[:MOST_CHANGES])
    match len(changes) - MOST_CHANGES:
        case 1:
            return f" with {named} and 1 more field"
        case more if more > 0:
            return f" with {named} and {more} more fields"
        case _:
            return f" with {named}" if named else ""


def _gradient_error(rows: Sequence[Row]) -> list[str]:
    """How far the gradients are from independent references, where there are any."""
    errors = {
        row["program"]: row["gradient_max_relative_error"]
        for row in rows
        if row["gradient_max_relative_error"] is not None
    }
    if not errors:
        return []
    worst = max(errors, key=lambda program: errors[program])
    return [
        f"Largest gradient error {relative_error(errors[worst])} ({worst}): "
        "max |g - r| / max(1, max |r|) against an independent reference."
    ]


def _arms(pipelines: Sequence[NamedArm]) -> list[str]:
    """One sentence for each way in which the SRAM is used."""
    users: dict[str, list[str]] = {}
    for pipeline in pipelines:
        machine = pipeline.machine
        if pipeline.sram_split == "compiler":
            text = (
                f"{machine.sram_bytes:,} bytes and {_ports(total_ports(machine))} in "
                "all, split by the compiler for each program"
            )
        else:
            text = _memories(machine) + _SPLITS.get(pipeline.sram_split, "")
        users.setdefault(text, []).append(pipeline.name)
    return [f"{', '.join(names)}: {sram}." for sram, names in users.items()]


def _unequal(pipelines: Sequence[NamedArm]) -> list[str]:
    """A sentence each for arms with more ports or SRAM in all than another."""
    notes: list[str] = []
    amounts: tuple[tuple[str, Callable[[Machine], int]], ...] = (
        ("ports", total_ports),
        ("SRAM bytes", lambda machine: machine.sram_bytes),
    )
    for what, amount in amounts:
        least = min(amount(pipeline.machine) for pipeline in pipelines)
        more = [
            f"{pipeline.name} has {amount(pipeline.machine):,}"
            for pipeline in pipelines
            if amount(pipeline.machine) > least
        ]
        if more:
            notes.append(f"* Unequal {what}: {', '.join(more)}, others {least:,}.")
    return notes


def _ratios(rows: Sequence[Row]) -> list[str]:
    """What the columns of ratios are."""
    notes: list[str] = []
    if any(row["bound_cycles"] for row in rows):
        notes.append(
            "over bound: cycles over the largest lower bound of the program as "
            "written, without tape and addresses (DRAM, units, issue, ports, critical "
            "path; each in the JSON)."
        )
    if any(row["cycles_over_free_tape"] for row in rows):
        notes.append("over free: cycles over those of free-tape.")
    if any(row["optimal_misses"] for row in rows):
        notes.append(
            "LRU and best misses: of the same accesses without prefetching; best is "
            "optimal replacement (Belady), with the fewest fills possible."
        )
    return notes


def _memories(machine: Machine) -> str:
    cache = machine.cache
    text = f"cache {cache.capacity_bytes:,} bytes, {_ports(cache.ports)}"
    scratchpad = machine.scratchpad
    if scratchpad.capacity_bytes:
        text += (
            f", and scratchpad {scratchpad.capacity_bytes:,} bytes, "
            f"{_ports(scratchpad.ports)}"
        )
    return f"{text}, in all {machine.sram_bytes:,} bytes"


def _ports(number: int) -> str:
    return f"{number} port" if number == 1 else f"{number} ports"


def disagreeing(rows: Sequence[Row]) -> list[str]:
    """A sentence for each program whose pipelines differ in a bit.

    Those that reorder sums are compared with each other alone.
    """
    sentences: list[str] = []
    for program, group in groupby(rows, lambda row: row["program"]):
        answers: dict[bool, dict[tuple[str, str], list[str]]] = {}
        for row in group:
            if row["error"] is None:
                answer = (repr(row["value"]), row["gradient_sha256"])
                alike = answers.setdefault(bool(row["reordered"]), {})
                alike.setdefault(answer, []).append(row["pipeline"])
        for alike in answers.values():
            if len(alike) > 1:
                camps = " against ".join(", ".join(names) for names in alike.values())
                sentences.append(f"DISAGREEMENT on {program}: {camps}")
    return sentences
