"""What a simulation counts: the one place where a counter is declared.

A field of `Counters` is a counter, with a sentence. What components count while the
machine runs is *tallied*: they add to `sim.tally[Tally.NAME]`, whose index follows from
the order of the fields. The rest is *computed* once, at the end, from the state of the
machine and the counters so far: all that are tallied and the fields above.

All are integers, so runs can be compared exactly; energy is derived from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, Final, cast

from hwmodel.description.operations import Operation
from hwmodel.engine.state import (
    FLUSHED,
    OPERATIONS,
    RETIRED,
    RING_HEAD,
    TURNED,
    Sim,
)


def _tallied(sentence: str) -> Any:
    return field(metadata={"sentence": sentence, "compute": None})


def _computed(sentence: str, compute: Callable[[Sim, Counters], object]) -> Any:
    return field(metadata={"sentence": sentence, "compute": compute})


@dataclass(frozen=True)
class Counters:
    """The counters of one finished simulation."""

    cycles: int = _computed(
        "Cycle at which the last operation retired.",
        lambda sim, _: int(sim.registers[RETIRED]),
    )
    forward_cycles: int = _computed(
        "Cycle at which everything before the turn-around had retired.",
        lambda sim, so_far: (
            so_far.cycles if sim.registers[TURNED] < 0 else int(sim.registers[TURNED])
        ),
    )
    reverse_cycles: int = _computed(
        "Cycles after the turn-around; 0 without one.",
        lambda _, so_far: so_far.cycles - so_far.forward_cycles,
    )
    flush_cycles: int = _computed(
        "Time to write back the lines dirty at the end; not part of `cycles`.",
        lambda sim, so_far: int(sim.registers[FLUSHED]) - so_far.cycles,
    )
    operations: int = _computed(
        "Operations issued, markers left out.",
        lambda sim, _: int(sim.registers[OPERATIONS]),
    )
    cache_accesses: int = _computed(
        "8-byte words read or written through the cache.",
        lambda _, so_far: so_far.cache_reads + so_far.cache_writes,
    )
    cache_reads: int = _tallied("Words loaded through the cache.")
    cache_writes: int = _tallied("Words stored through the cache.")
    cache_misses: int = _tallied("Cache accesses that asked DRAM for their line.")
    cache_merges: int = _tallied("Cache accesses to a line still on its way.")
    line_fills: int = _tallied("Lines read from DRAM into the cache.")
    write_backs: int = _tallied("Dirty lines written to DRAM, the end included.")
    prefetches: int = _tallied("Lines that the prefetcher asked DRAM for.")
    prefetches_useful: int = _tallied("Prefetched lines that were used.")
    prefetches_late: int = _tallied("Of these, lines still on their way when used.")
    prefetches_unused: int = _tallied("Prefetched lines evicted without a use.")
    prefetches_dropped: int = _tallied("Prefetches given up in favour of demand.")
    prefetcher_lookups: int = _tallied("Reads with updates of the prefetcher's table.")
    direct_reads: int = _tallied("Lines read for single loads, without a cache.")
    direct_writes: int = _tallied("Lines written for single stores, without a cache.")
    scratchpad_accesses: int = _computed(
        "8-byte words the datapath read or wrote.",
        lambda _, so_far: so_far.scratchpad_reads + so_far.scratchpad_writes,
    )
    scratchpad_reads: int = _tallied("Words loaded from the scratchpad.")
    scratchpad_writes: int = _tallied("Words stored to the scratchpad.")
    bank_conflicts: int = _tallied(
        "Scratchpad accesses and rows that found a bank busy."
    )
    dma_transfers: int = _tallied("Tiles moved by the DMA engine.")
    dma_lines_in: int = _tallied("Lines moved from DRAM to the scratchpad.")
    dma_lines_out: int = _tallied("Lines moved from the scratchpad to DRAM.")
    dma_bytes: int = _computed(
        "Bytes moved by the DMA engine, in whole bursts.",
        lambda sim, so_far: (
            (so_far.dma_lines_in + so_far.dma_lines_out) << sim.parameters.line_shift
        ),
    )
    dma_stall_cycles: int = _tallied(
        "Cycles that waits for tiles took beyond their operands, summed."
    )
    dma_busy_cycles: int = _tallied(
        "Cycles in which at least one tile is being moved, its set-up included."
    )
    dma_exposed_cycles: int = _tallied(
        "Cycles for which a wait for a tile was all that held up retirement."
    )
    tiles_pushed: int = _tallied("Tiles handed to the stacks in DRAM.")
    tiles_popped: int = _tallied("Tiles taken back, on chip already or not.")
    tiles_left: int = _computed(
        "Tiles still on the stacks at the end.",
        lambda sim, _: int(sim.rings[:, RING_HEAD].sum()),
    )
    dram_read_bytes: int = _computed(
        "Bytes read from DRAM.",
        lambda sim, so_far: (
            (so_far.dram_read_row_hits + so_far.dram_read_row_misses)
            << sim.parameters.line_shift
        ),
    )
    dram_write_bytes: int = _computed(
        "Bytes written to DRAM.",
        lambda sim, so_far: (
            (so_far.dram_write_row_hits + so_far.dram_write_row_misses)
            << sim.parameters.line_shift
        ),
    )
    dram_read_row_hits: int = _tallied("Lines read from an open DRAM row.")
    dram_read_row_misses: int = _tallied("Lines read that had to open their row.")
    dram_write_row_hits: int = _tallied("Lines written to an open DRAM row.")
    dram_write_row_misses: int = _tallied("Lines written that had to open their row.")
    horizon_overflows: int = _tallied(
        "Reservations lost because they lay too far ahead; 0 unless tiles are huge."
    )
    operation_counts: Mapping[str, int] = _computed(
        "Operations by kind.",
        lambda sim, _: {
            kind.name: int(sim.counts[kind]) for kind in Operation if sim.counts[kind]
        },
    )

    def as_dict(self) -> dict[str, int]:
        """The counters by name, without the operations by kind."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "operation_counts"
        }

    @staticmethod
    def describe() -> dict[str, str]:
        """The sentence of every counter."""
        return {item.name: item.metadata["sentence"] for item in fields(Counters)}


TALLIED: Final = tuple(
    item.name for item in fields(Counters) if item.metadata["compute"] is None
)

Tally: Final = cast("Counters", IntEnum("Tally", TALLIED, start=0, module=__name__))
"""Entries of `tally` by counter: constants for kernels.

Typed as `Counters` since its members are the same names. Reads stand right before
writes, so that kernels can add whether an access is a store.
"""


def counters_of(sim: Sim) -> Counters:
    """The counters of a machine that has run and written back its dirty lines."""
    values = dict(zip(TALLIED, sim.tally.tolist(), strict=True))
    for item in fields(Counters):
        if compute := item.metadata["compute"]:
            values[item.name] = compute(sim, SimpleNamespace(**values))
    return Counters(**values)
