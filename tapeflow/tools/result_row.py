"""One row of the comparison: stable keys, units in their names."""

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np

from hwmodel import Machine
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.array_type import Array

Reference: TypeAlias = tuple[float, Mapping[int, Array]]
"""Value, and gradients by argument position, from an independent computation."""

Row: TypeAlias = dict[str, Any]
"""Keys of `ROW_KEYS` to plain numbers and strings; null where unknown."""

ROW_KEYS = (
    "program",
    "size",
    "pipeline",
    "machine",
    "value",
    "gradient_sha256",
    "gradient_max_relative_error",
    "cycles",
    "forward_cycles",
    "reverse_cycles",
    "operations",
    "cache_accesses",
    "cache_misses",
    "write_backs",
    "scratchpad_accesses",
    "dma_bytes",
    "dram_read_bytes",
    "dram_write_bytes",
    "onchip_energy_pj",
    "dram_energy_pj",
    "compute_energy_pj",
    "total_energy_pj",
    "sram_bytes",
    "cache_ports",
    "scratchpad_ports",
    "tape_bytes",
    "value_relative_error",
    "cache_bytes",
    "scratchpad_bytes",
    "sram_leakage_pj",
    "dram_static_pj",
    "arm",
    "chosen_layout",
    "chosen_prefetcher",
    "prefetcher",
    "prefetch_degree",
    "sram_split",
    "places",
    "dma_busy_cycles",
    "dma_exposed_cycles",
    "unequal_ports",
    "unequal_sram",
    "bound_cycles",
    "bound_dram_cycles",
    "bound_arithmetic_cycles",
    "bound_issue_cycles",
    "bound_port_cycles",
    "bound_path_cycles",
    "cycles_over_bound",
    "cycles_over_free_tape",
    "lru_misses",
    "lru_write_backs",
    "optimal_misses",
    "optimal_write_backs",
    "engine",
    "compile_seconds",
    "run_seconds",
    "operations_per_second",
    "cache_energy_pj",
    "scratchpad_energy_pj",
    "error",
)


def row_of(
    identity: Mapping[str, str | None],
    machine: Machine,
    result: GradientResult,
    reference: Reference | None,
) -> Row:
    """The row of one run; `identity` gives program, size, pipeline and engine."""
    figures: Row = dict.fromkeys(ROW_KEYS)
    figures |= identity
    figures |= _machine_figures(machine)
    measured: Row = result.figures()
    figures |= {key: measured[key] for key in ROW_KEYS if key in measured}
    figures |= {
        "value": values_for_json(result.values),
        "gradient_sha256": gradient_sha256(result.gradients),
        "tape_bytes": result.tape_bytes,
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
    identity: Mapping[str, str | None], machine: Machine, message: str
) -> Row:
    """The row of a refused run: its reason in `error`, every figure null."""
    figures: Row = dict.fromkeys(ROW_KEYS)
    figures |= identity
    return figures | _machine_figures(machine) | {"error": message}


def _machine_figures(machine: Machine) -> Row:
    return {
        "machine": machine.name,
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
