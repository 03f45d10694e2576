"""Address traces: loads and stores of the programs, and random ones."""

from collections.abc import Callable, Iterator

import numpy as np

from hwmodel import preset
from tapeflow.programs import PROGRAMS

from ..event_model.recorder import record_program

Accesses = list[tuple[bool, int, int]]
"""Is it a store, byte address, bytes."""

LENGTH = 20_000
WORDS = 1 << 13
"""Words that random traces reach: 64 KB."""


def program_trace(name: str, size: str) -> Accesses:
    """What the gradient of a program, its tape in arrays, asks of the cache."""
    trace = record_program(
        name, size, "baseline{as-written=true}", preset("fair")
    ).trace
    return list(trace.accesses())


def uniform(generator: np.random.Generator) -> Iterator[int]:
    """Any word, all alike."""
    yield from generator.integers(0, WORDS, LENGTH).tolist()


def hot(generator: np.random.Generator) -> Iterator[int]:
    """A few words much more often than others (Zipf's law)."""
    places = generator.permutation(WORDS)
    yield from places[generator.zipf(1.2, LENGTH) % WORDS].tolist()


def strided(generator: np.random.Generator) -> Iterator[int]:
    """Sweeps of any stride, forwards or backwards."""
    for _ in range(LENGTH // 500):
        start, stride = generator.integers(0, WORDS), generator.integers(-40, 41)
        yield from ((start + stride * np.arange(500)) % WORDS).tolist()


RANDOM: dict[str, Callable[[np.random.Generator], Iterator[int]]] = {
    "random uniform": uniform,
    "random hot": hot,
    "random strided": strided,
}


def random_trace(name: str) -> Accesses:
    """Words at random places, three in ten of them stored."""
    generator = np.random.default_rng(sorted(RANDOM).index(name))
    words = list(RANDOM[name](generator))
    stores = generator.random(len(words)) < 0.3
    return [
        (bool(store), 8 * word, 8) for store, word in zip(stores, words, strict=True)
    ]


def all_traces() -> Iterator[tuple[str, Callable[[], Accesses]]]:
    """Names as in `counts.csv`, and the traces: random ones, programs at two sizes."""
    for name in RANDOM:
        yield name, lambda name=name: random_trace(name)
    for size in ("tiny", "small"):
        for program in PROGRAMS:
            yield (
                f"{program.name} {size}",
                lambda name=program.name, size=size: program_trace(name, size),
            )
