"""The slices of a timeline: transfers, lines on their way, commands that wait.

Slices of one track may overlap; they are spread over lanes, each beginning in the first
lane that is free. As many lanes are in use at a time as, say, MSHRs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hwmodel.description.operations import Operation
from hwmodel.engine.event_log import BEGINS, DETAIL, ENDS, KIND, SUBJECT, Event
from hwmodel.results.run_log import RunLog

_WAITS = {
    Operation.ACQUIRE: "acquire waits for the slot",
    Operation.DEQUEUE: "dequeue waits for the tile",
    Operation.DRAIN: "drain blocks all",
    Operation.FILL: "fill blocks all",
}


@dataclass(frozen=True)
class Slice:
    """What takes time: cycles `begins` to before `ends`."""

    begins: int
    ends: int
    name: str
    details: dict[str, int | str]


def tracks(log: RunLog) -> Iterator[tuple[str, list[Slice]]]:
    """Tracks by name, those without a slice left out."""
    for ring in range(len(log.rings)):
        moves = log.of(Event.PUSH, Event.POP)
        rows = moves[moves[:, DETAIL] == ring]
        yield from _track(f"DMA ring {ring}", map(_transfer, rows.tolist()))
    yield from _track("stall: DMA", map(_dma_wait, log.of(Event.WAIT_DMA).tolist()))
    yield from _track(
        "stall: no DMA channel",
        map(_channel_wait, log.of(Event.WAIT_CHANNEL).tolist()),
    )
    yield from _track(
        "cache misses",
        (_line(row, "miss") for row in log.of(Event.MISS).tolist()),
    )
    yield from _track(
        "prefetched lines",
        (_line(row, "prefetch") for row in log.of(Event.PREFETCH).tolist()),
    )
    yield from _track(
        "accesses without cache",
        (_line(row, "access") for row in log.of(Event.DIRECT).tolist()),
    )


def _track(name: str, slices: Iterable[Slice]) -> Iterator[tuple[str, list[Slice]]]:
    members = list(slices)
    if members:
        yield name, members


def _transfer(row: list[int]) -> Slice:
    way = "push" if row[KIND] == Event.PUSH else "pop"
    tile, ring = row[SUBJECT], row[DETAIL]
    details: dict[str, int | str] = {"tile": tile, "ring": ring}
    return Slice(row[BEGINS], row[ENDS], f"{way} tile {tile}", details)


def _dma_wait(row: list[int]) -> Slice:
    cause = _WAITS[Operation(row[SUBJECT])]
    details: dict[str, int | str] = {"ring": row[DETAIL]}
    return Slice(row[BEGINS], row[ENDS], cause, details)


def _channel_wait(row: list[int]) -> Slice:
    tile, ring = row[SUBJECT], row[DETAIL]
    details: dict[str, int | str] = {"tile": tile, "ring": ring}
    return Slice(row[BEGINS], row[ENDS], f"tile {tile} waits", details)


def _line(row: list[int], what: str) -> Slice:
    details: dict[str, int | str] = {"address": hex(row[SUBJECT])}
    name = what if row[KIND] == Event.PREFETCH else f"{_kind(row)} {what}"
    return Slice(row[BEGINS], row[ENDS], name, details)


def _kind(row: list[int]) -> str:
    return "store" if row[DETAIL] else "load"


def lanes(slices: list[Slice]) -> list[list[Slice]]:
    """The slices on as few lanes as hold them without overlap, in order of time.

    Greedy by begin, which is optimal for intervals (Kleinberg and Tardos, Algorithm
    Design, section 4.1).
    """
    spread: list[list[Slice]] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    for piece in sorted(slices, key=lambda piece: (piece.begins, piece.ends)):
        while busy and busy[0][0] <= piece.begins:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane = len(spread)
            spread.append([])
        spread[lane].append(piece)
        heapq.heappush(busy, (piece.ends, lane))
    return spread
