"""Which placements of a tape are worth looking at, and which one is chosen.

For each set of regions that could go on chip two splits of SRAM and ports count: the
cheapest, and the smallest scratchpad that is about as cheap. Regions that stay in the
cache are arrays of records. Leaving the cache has to promise more than the estimates
are wrong by.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil

from tapeflow.analysis.placement.cost_model import Estimate, PlacementCost
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import Place, Plan
from tapeflow.analysis.tape.region_uses import RegionUse
from tapeflow.dialects.record import LINE_BYTES

MARGIN = 0.02
"""Share of the cycles by which a plan has to be cheaper than one behind the cache."""
SLOTS = 2
"""Tiles on chip of a region that would stream."""
THRIFT = 0.01
"""Share of the cycles that a smaller scratchpad may cost by the estimates."""
MOST_SETS = 5
"""Regions of which every set is tried; of more, the one, two, four, ... that move most
words."""


CACHED = Place("cache", "aos")
"""A region behind the cache: it pushes and pops line by line, one line at a time."""


class NoScratchpad(Exception):
    """Places on chip were asked for, and no split has a scratchpad."""


@dataclass(frozen=True)
class PricedPlan:
    """A plan and what it is estimated to cost."""

    plan: Plan
    estimate: Estimate

    @property
    def is_cached(self) -> bool:
        """Whether no region is on chip."""
        return not any(place.is_on_chip for place in self.plan.places)

    @property
    def is_on_chip(self) -> bool:
        """Whether no region is left to the cache."""
        return all(place.is_on_chip for place in self.plan.places)


@dataclass(frozen=True)
class Split:
    """Bytes and ports of the scratchpad that are asked for; None where it is free."""

    scratchpad_bytes: int | None = None
    scratchpad_ports: int | None = None


FREE = Split()


def ranked_plans(
    cost: PlacementCost, slots: int, split: Split = FREE
) -> list[PricedPlan]:
    """The plans worth looking at, the chosen one first.

    Second, if not first, is the best one that leaves nothing of the tape to the cache:
    the estimates err most about what the cache makes of it.

    Args:
        slots: tiles on chip of a region that streams.
    """
    plans = [_priced(cost, _cached_plan(cost.regions, split))]
    for chosen in _sets(cost.regions):
        priced = [_priced(cost, plan) for plan in _splits(cost, chosen, slots, split)]
        if priced:
            kept = (_thriftiest(priced), min(priced, key=_cycles))
            plans += kept[: 1 if kept[0] is kept[1] else 2]
    limit = (1 - MARGIN) * plans[0].estimate.cycles

    def order(priced: PricedPlan) -> float:
        cycles = _cycles(priced)
        return cycles if priced.is_cached or cycles < limit else cycles / (1 - MARGIN)

    plans.sort(key=order)
    on_chip = [priced for priced in plans if priced.is_on_chip]
    second = [_thriftiest(on_chip)] if on_chip else []
    return list(dict.fromkeys((plans[0], *second, *plans)))


def plan_for(
    cost: PlacementCost, places: tuple[Place, ...], split: Split = FREE
) -> PricedPlan:
    """The cheapest split for places that are given.

    Raises:
        NoScratchpad: a place on chip, but no bytes or ports for a scratchpad.
    """
    plan = Plan(places, 0, 0)
    if not any(place.is_on_chip for place in places):
        return _priced(cost, _with_split(plan, split))
    splits = [
        Plan(places, size, ports)
        for size, ports in _possible_splits(cost.memory, split)
    ]
    if not splits:
        raise NoScratchpad
    # Where none has room, the pass that cuts tiles says what is needed.
    splits = [s for s in splits if cost.has_room(s)] or splits[-1:]
    return _thriftiest([_priced(cost, plan) for plan in splits])


def alternatives(cost: PlacementCost, chosen: Plan, region: int) -> list[PricedPlan]:
    """One region at each kind of place, all others where they are."""
    use, place = cost.regions[region], chosen.places[region]
    slots = (place.slots if place.kind == "stream" else None) or SLOTS
    kinds = (
        *(Place("cache", layout) for layout in ("padded-soa", "aos")),
        Place("scratchpad", slots=1, tile=max(1, ceil(use.peak))),
        Place("stream", slots=slots),
    )
    has_scratchpad = any(_possible_splits(cost.memory, FREE))
    fitting = (
        place
        for place in kinds
        if (has_scratchpad or not place.is_on_chip)
        and (place.kind != "scratchpad" or _fits(use, cost.memory))
    )
    plans = (chosen.at(region, place) for place in fitting)
    return [
        plan_for(cost, plan.places)
        if any(p.is_on_chip for p in plan.places) and not plan.scratchpad_bytes
        else _priced(cost, plan)
        for plan in plans
    ]


def _thriftiest(plans: list[PricedPlan]) -> PricedPlan:
    """The least scratchpad among the plans that cost about as little as the cheapest.

    What a tape does not need serves the program's data, by more than is estimated.
    """
    limit = (1 + THRIFT) * min(map(_cycles, plans))
    affordable = [priced for priced in plans if _cycles(priced) <= limit]
    return min(affordable, key=lambda p: (p.plan.scratchpad_bytes, _cycles(p)))


def _cycles(priced: PricedPlan) -> float:
    return priced.estimate.cycles


def _priced(cost: PlacementCost, plan: Plan) -> PricedPlan:
    return PricedPlan(plan, cost.estimate(plan))


def _cached_plan(regions: list[RegionUse], split: Split) -> Plan:
    return _with_split(Plan((CACHED,) * len(regions), 0, 0), split)


def _with_split(plan: Plan, split: Split) -> Plan:
    """A plan without scratchpad, unless one is there whether it is used or not.

    It has a port then, if nobody says how many.
    """
    size, ports = split.scratchpad_bytes or 0, split.scratchpad_ports
    if ports is None:
        ports = min(size, 1)
    return Plan(plan.places, size, ports)


def _sets(regions: list[RegionUse]) -> Iterator[frozenset[int]]:
    """Sets of regions that could go on chip."""
    numbers = range(len(regions))
    if len(regions) <= MOST_SETS:
        for choice in product((False, True), repeat=len(regions)):
            if any(choice):
                yield frozenset(n for n in numbers if choice[n])
        return
    by_words = sorted(numbers, key=lambda n: regions[n].words, reverse=True)
    counts = {min(1 << n, len(regions)) for n in range(len(regions).bit_length() + 1)}
    for count in sorted(counts):
        yield frozenset(by_words[:count])


def _splits(
    cost: PlacementCost, chosen: frozenset[int], slots: int, split: Split
) -> Iterator[Plan]:
    """A set of regions on chip with every split of SRAM and ports that can hold it."""
    regions = cost.regions
    for size, ports in _possible_splits(cost.memory, split):
        share = size / len(chosen)
        places = tuple(
            _on_chip(region, share, slots) if n in chosen else CACHED
            for n, region in enumerate(regions)
        )
        plan = Plan(places, size, ports)
        if cost.has_room(plan):
            yield plan


def _possible_splits(memory: MemorySystem, split: Split) -> Iterator[tuple[int, int]]:
    set_bytes = memory.cache_ways * LINE_BYTES
    sizes = [
        set_bytes << n for n in range(16) if set_bytes << n <= memory.sram_bytes / 2
    ]
    ports = sorted({1, memory.ports // 2} - {0}) if memory.ports > 1 else []
    for size in sizes if split.scratchpad_bytes is None else [split.scratchpad_bytes]:
        given = split.scratchpad_ports
        for number in ports if given is None else [given]:
            if size and number:
                yield size, number


def _on_chip(region: RegionUse, share_bytes: float, slots: int) -> Place:
    """All of a region where it fits its share, else a stream of tiles."""
    if region.peak_bytes <= share_bytes:
        return Place("scratchpad", slots=1, tile=max(1, ceil(region.peak)))
    return Place("stream", slots=slots)


def _fits(region: RegionUse, memory: MemorySystem) -> bool:
    return region.peak_bytes <= memory.sram_bytes / 2
