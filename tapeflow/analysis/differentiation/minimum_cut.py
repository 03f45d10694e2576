"""The cheapest mixture of saving and getting back, as a minimum cut.

Each choice has two nodes, *needed* and *got back*. Needed without got back means
saved: the edge between the two costs the bytes. Getting it back costs its operations,
and makes other choices needed: edges that cannot be cut. A chain that several values
share is so paid once (a closure problem, hence a minimum cut: Picard 1976).
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

NEVER = 1e30
"""The price of what is impossible: far above any sum of possible ones."""
_SOURCE, _SINK = 0, 1


@dataclass(frozen=True)
class Candidate:
    """Something that is not at hand in the reverse sweep."""

    key: Hashable
    saving: float
    """What it costs to save it; `NEVER` if it cannot be."""
    again: float
    """What it costs to get it back by itself; `NEVER` if it cannot be."""
    operands: tuple[Hashable, ...]
    """The keys of what getting it back needs."""


def cheapest_again(
    candidates: Sequence[Candidate], wanted: Iterable[Hashable]
) -> set[Hashable]:
    """What to get back in a cheapest plan, by key; the rest is saved."""
    if not candidates:
        return set()
    import igraph  # takes a tenth of a second to load

    needed = {candidate.key: 2 + 2 * i for i, candidate in enumerate(candidates)}
    edges: list[tuple[int, int]] = []
    prices: list[float] = []

    def edge(origin: int, target: int, price: float) -> None:
        edges.append((origin, target))
        prices.append(min(price, NEVER))

    for key in dict.fromkeys(wanted):
        if key in needed:
            edge(_SOURCE, needed[key], NEVER)
    for candidate in candidates:
        need = needed[candidate.key]
        again = need + 1
        edge(need, again, candidate.saving)
        edge(again, _SINK, candidate.again)
        for operand in candidate.operands:
            edge(again, needed[operand], NEVER)
    graph = igraph.Graph(n=2 + 2 * len(candidates), edges=edges, directed=True)
    # igraph carries no types.
    cut: Any = graph.st_mincut(_SOURCE, _SINK, prices)  # pyright: ignore[reportUnknownMemberType]
    side: set[int] = set(cut.partition[0])
    return {key for key, need in needed.items() if need + 1 in side}
