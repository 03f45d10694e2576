"""Hits, misses and write-backs of a trace: by our cache, and by pycachesim."""

import csv
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from hwmodel import Machine, Operation, Simulation, preset

from .address_traces import Accesses

COUNTS = Path(__file__).with_name("counts.csv")


@dataclass(frozen=True)
class Shape:
    """A cache of 64-byte lines."""

    sets: int
    ways: int

    def __str__(self) -> str:
        return f"{self.sets}x{self.ways}"


SIZES: tuple[int, ...] = (1, 2, 4, 8)

SHAPES = (Shape(1, 16), Shape(16, 1), Shape(8, 2), Shape(64, 4), Shape(60, 4))
"""Fully associative, direct mapped, small, `fair` without and with scratchpad."""


@dataclass(frozen=True)
class Counts:
    """What a cache did; lines dirty at the end are written back as well."""

    hits: int
    misses: int
    write_backs: int


def count_here(trace: Accesses, shape: Shape) -> Counts:
    """By `hwmodel`, one access after the other."""
    simulation = Simulation(_one_at_a_time(shape))
    kinds = {False: int(Operation.LOAD), True: int(Operation.STORE)}
    rows = {key: i for i, key in enumerate(product(kinds, SIZES))}
    # See `hwmodel.run_events`: all wait for entry 0 of the times, and write it.
    table = [[kinds[store], 0, 0, -1, -1, -1, size, 1] for store, size in rows]
    events = [(rows[is_store, size], address) for is_store, address, size in trace]
    words = np.array(events, np.int64).ravel()
    segments, times = np.arange(len(rows) + 1), np.zeros(1, np.int64)
    simulation.run_events(np.array(table), segments, times, words, len(words))
    counted = simulation.finish()
    hits = counted.cache_accesses - counted.cache_misses
    return Counts(hits, counted.cache_misses, counted.write_backs)


def _one_at_a_time(shape: Shape) -> Machine:
    machine = preset("fair").without_scratchpad()
    capacity = 64 * shape.sets * shape.ways
    return replace(
        machine,
        datapath=replace(machine.datapath, window=1),
        cache=replace(machine.cache, capacity_bytes=capacity, ways=shape.ways),
    )


def count_there(trace: Accesses, shape: Shape) -> Counts:
    """By pycachesim: LRU, write-back, write-allocate.

    It renews a line's place in the order of use at loads only. Its policy is that of
    `hwmodel` if each store follows a load of the same word, so it gets one.
    """
    simulator: Any = import_module("cachesim")
    memory = simulator.MainMemory()
    level = simulator.Cache("L1", shape.sets, shape.ways, 64, "LRU")
    memory.load_to(level)
    memory.store_from(level)
    caches = simulator.CacheSimulator(level, memory)
    for is_store, address, size in trace:
        caches.load(address, length=size)
        if is_store:
            caches.store(address, length=size)
    caches.force_write_back()
    counted = level.stats()
    return Counts(counted["HIT_count"], counted["MISS_count"], counted["EVICT_count"])


def kept_counts() -> dict[tuple[str, str], Counts]:
    """What pycachesim counted, by trace and shape."""
    with COUNTS.open() as file:
        return {
            (row["trace"], row["shape"]): Counts(
                int(row["hits"]), int(row["misses"]), int(row["write_backs"])
            )
            for row in csv.DictReader(file)
        }


def keep(counts: dict[tuple[str, str], Counts]) -> None:
    """Write `counts.csv`."""
    with COUNTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("trace", "shape", "hits", "misses", "write_backs"))
        for (trace, shape), one in counts.items():
            writer.writerow((trace, shape, one.hits, one.misses, one.write_backs))
