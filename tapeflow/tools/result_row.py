"""One row of the comparison: stable keys, units in their names."""

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np

from hwmodel import Counters, Machine, changes_of
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.array_type import Array

Reference: TypeAlias = tuple[float, Mapping[int, Array]]
"""Value, and gradients by argument position, from an independent computation."""

Row: TypeAlias = dict[str, Any]
"""Keys of `ROW_KEYS` to plain numbers and strings; null where unknown."""

_COUNTED = {entry.name: str(entry.metadata["sentence"]) for entry in fields(Counters)}

COLUMNS: Mapping[str, str] = {
    "program": "Benchmark program, or the stem of the user's file.",
    "size": "Size of the inputs; null for a file.",
    "pipeline": "The pipeline with its options, as it was asked for.",
    "machine": "Name of the machine.",
    "value": "The function's result; several are a list.",
    "gradient_sha256": "Digest of all gradients: equal only bit for bit.",
    "gradient_max_relative_error": "max |g - r| / max(1, max |r|), r from an "
    "independent reference.",
    "cycles": _COUNTED["cycles"],
    "forward_cycles": _COUNTED["forward_cycles"],
    "reverse_cycles": _COUNTED["reverse_cycles"],
    "operations": _COUNTED["operations"],
    "cache_accesses": _COUNTED["cache_accesses"],
    "cache_misses": _COUNTED["cache_misses"],
    "write_backs": _COUNTED["write_backs"],
    "scratchpad_accesses": _COUNTED["scratchpad_accesses"],
    "dma_bytes": _COUNTED["dma_bytes"],
    "dram_read_bytes": _COUNTED["dram_read_bytes"],
    "dram_write_bytes": _COUNTED["dram_write_bytes"],
    "onchip_energy_pj": "Cache and scratchpad, dynamic.",
    "dram_energy_pj": "DRAM, dynamic.",
    "compute_energy_pj": "Arithmetic, addresses and DMA commands.",
    "total_energy_pj": "On chip, DRAM and compute: all dynamic energy.",
    "sram_bytes": "Cache and scratchpad together.",
    "cache_ports": "Words that the cache takes a cycle.",
    "scratchpad_ports": "Words that the scratchpad takes a cycle.",
    "tape_bytes": "Most bytes on the tape at a time.",
    "value_relative_error": "|v - r| / max(1, |r|) against the reference.",
    "cache_bytes": "Capacity of the cache.",
    "scratchpad_bytes": "Capacity of the scratchpad.",
    "sram_leakage_pj": "Leakage of the SRAMs over the run; not in the total.",
    "dram_static_pj": "The DRAM's background power over the run; not in the total.",
    "arm": "What the row is called in a comparison.",
    "chosen_layout": "The layout of the best candidate, of an arm that tries several.",
    "chosen_prefetcher": "The prefetcher of the best candidate, likewise.",
    "prefetcher": "The prefetcher that ran.",
    "prefetch_degree": "Lines that it asks for at a time; null without one.",
    "sram_split": "How the SRAM was split: rule, set, compiler, all cache, machine.",
    "reordered": "Whether sums are added up in another order than the program's.",
    "places": "Place of each tape region, where the compiler chose.",
    "dma_busy_cycles": _COUNTED["dma_busy_cycles"],
    "dma_exposed_cycles": _COUNTED["dma_exposed_cycles"],
    "unequal_ports": "Whether another arm has fewer ports in all.",
    "unequal_sram": "Whether another arm has less SRAM in all.",
    "bound_cycles": "The largest lower bound of the program as written, without tape "
    "and addresses.",
    "bound_dram_cycles": "Bound by compulsory DRAM traffic.",
    "bound_arithmetic_cycles": "Bound by arithmetic units.",
    "bound_issue_cycles": "Bound by the issue width.",
    "bound_port_cycles": "Bound by memory ports.",
    "bound_path_cycles": "Bound by the height of the dataflow graph.",
    "cycles_over_bound": "cycles / bound_cycles.",
    "cycles_over_free_tape": "cycles over those of the arm free-tape.",
    "lru_misses": "Misses of the same accesses under LRU, without prefetching.",
    "lru_write_backs": "Write-backs of that replay.",
    "optimal_misses": "Misses under optimal replacement (Belady).",
    "optimal_write_backs": "Write-backs of that schedule.",
    "engine": "What ran the program: compiled or reference.",
    "pass_seconds": "Time of passes, and of verifying what they leave.",
    "compile_seconds": "Time of passes and of code generation; machine code that is "
    "kept on disk takes nearly none.",
    "run_seconds": "Time of the run; the median of several.",
    "operations_per_second": "operations / run_seconds.",
    "cache_energy_pj": "Cache and prefetcher, dynamic.",
    "scratchpad_energy_pj": "Scratchpad, dynamic.",
    "seed": "Seed of the inputs; null for a file.",
    "machine_changes": "Fields in which the machine of the run is not that preset, "
    "or where none has its name from fair, as --set takes them.",
    "version": "Version of tapeflow.",
    "error": "Why the run was refused; null if it was not.",
}
"""Every key of a row and its meaning; `tapeflow list columns` prints them."""
ROW_KEYS = tuple(COLUMNS)


def row_of(
    identity: Mapping[str, str | int | None],
    machine: Machine,
    result: GradientResult,
    reference: Reference | None,
) -> Row:
    """The row of one run; `identity` gives program, size, seed, pipeline and engine."""
    figures: Row = dict.fromkeys(ROW_KEYS)
    figures |= identity
    figures |= _machine_figures(machine)
    measured: Row = result.figures()
    figures |= {key: measured[key] for key in ROW_KEYS if key in measured}
    figures |= {
        "value": values_for_json(result.values),
        "gradient_sha256": gradient_sha256(result.gradients),
        "tape_bytes": result.tape_bytes,
        "pass_seconds": result.pass_seconds,
        "compile_seconds": result.compile_seconds,
        "run_seconds": result.run_seconds,
        "operations_per_second": measured["operations"] / result.run_seconds,
    }
    if reference is not None:
        value, gradients = reference
        error = abs(result.values[0].item() - value) / max(1.0, abs(value))
        figures["value_relative_error"] = float(error)
        worst = max_relative_error(result.gradients, gradients)
        figures["gradient_max_relative_error"] = worst
    return figures


def failed_row(
    identity: Mapping[str, str | int | None], machine: Machine, message: str
) -> Row:
    """The row of a refused run: its reason in `error`, every figure null."""
    figures: Row = dict.fromkeys(ROW_KEYS)
    figures |= identity
    return figures | _machine_figures(machine) | {"error": message}


def _machine_figures(machine: Machine) -> Row:
    return {
        "machine": machine.name,
        "machine_changes": " ".join(changes_of(machine)),
        "version": version("tapeflow"),
        "sram_bytes": machine.sram_bytes,
        "cache_bytes": machine.cache.capacity_bytes,
        "scratchpad_bytes": machine.scratchpad.capacity_bytes,
        "cache_ports": machine.cache.ports,
        "scratchpad_ports": machine.scratchpad.ports,
        "prefetcher": machine.cache.prefetcher,
        "prefetch_degree": _prefetch_degree(machine),
    }


def _prefetch_degree(machine: Machine) -> int | None:
    """Lines the prefetcher asks for at a time; None without one."""
    cache = machine.cache
    return None if cache.prefetcher == "none" else cache.prefetch_degree


def gradient_sha256(gradients: Mapping[int, Array]) -> str:
    """Digest of the gradients' bytes in argument order: equal only bit for bit."""
    digest = hashlib.sha256()
    for position in sorted(gradients):
        digest.update(np.ascontiguousarray(gradients[position]).tobytes())
    return digest.hexdigest()


def max_relative_error(
    gradients: Mapping[int, Array], reference: Mapping[int, Array]
) -> float:
    """max |g - r| / max(1, max |r|) over all gradients; nan counts as infinite."""
    worst = largest = 0.0
    for position, gradient in gradients.items():
        expected = reference[position]
        if expected.size == 0:
            continue
        error = float(np.max(np.abs(gradient.astype(np.float64) - expected)))
        worst = max(worst, np.inf if np.isnan(error) else error)
        largest = max(largest, float(np.max(np.abs(expected))))
    return worst / max(1.0, largest)


def values_for_json(values: tuple[Array, ...]) -> Any:
    """One result as a number, several as a list, none as null."""
    numbers = [value.item() for value in values]
    return None if not numbers else numbers[0] if len(numbers) == 1 else numbers


def write_json(file: BinaryIO, content: Row | Sequence[Row]) -> None:
    """Write rows as JSON; nan and infinities, which JSON lacks, become strings."""
    text = json.dumps(_finite(content), indent=1, allow_nan=False)
    file.write(f"{text}\n".encode())


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        row = cast(Row, content)
        return {key: _finite(value) for key, value in row.items()}
    if isinstance(content, list):
        return [_finite(value) for value in cast(list[Any], content)]
    if isinstance(content, float) and not math.isfinite(content):
        return str(content)
    return content


def write_csv(file: BinaryIO, rows: Sequence[Row]) -> None:
    """Write rows with a heading; null is empty, several values are a JSON list."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(ROW_KEYS)
    for row in rows:
        cells = (_finite(row[key]) for key in ROW_KEYS)
        writer.writerow(json.dumps(c) if isinstance(c, list) else c for c in cells)
    file.write(text.getvalue().encode())
