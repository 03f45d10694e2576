"""What the tables of a comparison rest on, in sentences, and whether it is sound."""

from collections.abc import Sequence
from itertools import groupby

from hwmodel import Machine
from tapeflow.tools.bench_record import Record
from tapeflow.tools.pipeline_on_machine import FittedPipeline


def notes_on(
    records: Sequence[Record], pipelines: Sequence[FittedPipeline], engine: str
) -> tuple[list[str], bool]:
    """Sentences below the tables, and whether every run succeeded and agreed."""
    refused = [record for record in records if record["error"] is not None]
    disagreements = disagreeing(records)
    machine = pipelines[0].machine
    size = records[0]["size"]
    of_size = f" at size {size}" if size else ""
    notes = [
        f"Machine {machine.name} at {machine.clock_hz / 1e6:g} MHz{of_size}, engine "
        f"{engine}. Energy is dynamic; leakage is apart, in the JSON.",
        *_arms(pipelines),
        "Gradient error: max |g - r| / max(1, max |r|) against an independent "
        "reference; a dash where there is none.",
        *disagreements,
        *(f"refused: {r['program']} at {r['pipeline']}: {r['error']}" for r in refused),
    ]
    if not disagreements and len(pipelines) > 1:
        where = "all pipelines that ran" if refused else "all pipelines"
        notes.append(f"Value and gradient agree bit for bit in {where}.")
    return notes, not refused and not disagreements


def _arms(pipelines: Sequence[FittedPipeline]) -> list[str]:
    """One sentence for each way in which the SRAM is used."""
    users: dict[str, list[str]] = {}
    for pipeline in pipelines:
        users.setdefault(_memories(pipeline.machine), []).append(pipeline.name)
    return [f"{', '.join(names)}: {sram}." for sram, names in users.items()]


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


def disagreeing(records: Sequence[Record]) -> list[str]:
    """A sentence for each program whose pipelines differ in a bit."""
    sentences: list[str] = []
    for program, group in groupby(records, lambda record: record["program"]):
        answers: dict[tuple[str, str], list[str]] = {}
        for record in group:
            if record["error"] is None:
                answer = (repr(record["value"]), record["gradient_sha256"])
                answers.setdefault(answer, []).append(record["pipeline"])
        if len(answers) > 1:
            camps = " against ".join(", ".join(names) for names in answers.values())
            sentences.append(f"DISAGREEMENT on {program}: {camps}")
    return sentences
