"""What a simulation counts: every counter declared once, with a sentence.

All are integers, so runs can be compared exactly; energy is derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


def _counter(sentence: str) -> Any:
    return field(metadata={"sentence": sentence})


@dataclass(frozen=True)
class Counters:
    """The counters of one finished simulation."""

    cycles: int = _counter("Cycle at which the last operation retired.")
    forward_cycles: int = _counter(
        "Cycle at which everything before the turn-around had retired."
    )
    reverse_cycles: int = _counter("Cycles after the turn-around; 0 without one.")
    flush_cycles: int = _counter(
        "Time to write back the lines dirty at the end; not part of `cycles`."
    )
    operations: int = _counter("Operations issued, markers left out.")
    cache_accesses: int = _counter("8-byte words read or written through the cache.")
    cache_reads: int = _counter("Words loaded through the cache.")
    cache_writes: int = _counter("Words stored through the cache.")
    cache_misses: int = _counter("Cache accesses that asked DRAM for their line.")
    cache_merges: int = _counter("Cache accesses to a line still on its way.")
    line_fills: int = _counter("Lines read from DRAM into the cache.")
    write_backs: int = _counter("Dirty lines written to DRAM, the end included.")
    prefetches: int = _counter("Lines that the prefetcher asked DRAM for.")
    prefetches_useful: int = _counter("Prefetched lines that were used.")
    prefetches_late: int = _counter("Of these, lines still on their way when used.")
    prefetches_unused: int = _counter("Prefetched lines evicted without a use.")
    prefetches_dropped: int = _counter("Prefetches given up in favour of demand.")
    prefetcher_lookups: int = _counter("Reads with updates of the prefetcher's table.")
    direct_reads: int = _counter("Lines read for single loads, without a cache.")
    direct_writes: int = _counter("Lines written for single stores, without a cache.")
    scratchpad_accesses: int = _counter("8-byte words the datapath read or wrote.")
    scratchpad_reads: int = _counter("Words loaded from the scratchpad.")
    scratchpad_writes: int = _counter("Words stored to the scratchpad.")
    bank_conflicts: int = _counter(
        "Scratchpad accesses and rows that found a bank busy."
    )
    dma_transfers: int = _counter("Tiles moved by the DMA engine.")
    dma_lines_in: int = _counter("Lines moved from DRAM to the scratchpad.")
    dma_lines_out: int = _counter("Lines moved from the scratchpad to DRAM.")
    dma_bytes: int = _counter("Bytes moved by the DMA engine, in whole bursts.")
    dma_stall_cycles: int = _counter(
        "Cycles that waits for tiles took beyond their operands, summed."
    )
    dma_busy_cycles: int = _counter(
        "Cycles in which at least one tile is being moved, its set-up included."
    )
    dma_exposed_cycles: int = _counter(
        "Cycles for which a wait for a tile was all that held up retirement."
    )
    tiles_pushed: int = _counter("Tiles handed to the stacks in DRAM.")
    tiles_popped: int = _counter("Tiles taken back, on chip already or not.")
    tiles_left: int = _counter("Tiles still on the stacks at the end.")
    dram_read_bytes: int = _counter("Bytes read from DRAM.")
    dram_write_bytes: int = _counter("Bytes written to DRAM.")
    dram_read_row_hits: int = _counter("Lines read from an open DRAM row.")
    dram_read_row_misses: int = _counter("Lines read that had to open their row.")
    dram_write_row_hits: int = _counter("Lines written to an open DRAM row.")
    dram_write_row_misses: int = _counter("Lines written that had to open their row.")
    horizon_overflows: int = _counter(
        "Reservations lost because they lay too far ahead; 0 unless tiles are huge."
    )
    operation_counts: Mapping[str, int] = _counter("Operations by kind.")

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
