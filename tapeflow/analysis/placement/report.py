"""The placement of a tape in words: the regions, what each place would cost, the split.

The figures rank places and plans. They are estimates in cycles of the whole run, in
which only differences between places matter: they may be several times off what a run
takes, and predict none.
"""

from collections.abc import Iterator

from tapeflow.analysis.ir.source_lines import line_of
from tapeflow.analysis.placement.cost_model import Estimate, PlacementCost
from tapeflow.analysis.placement.places import Place, Plan
from tapeflow.analysis.placement.search import (
    CACHED,
    PricedPlan,
    alternatives,
    plan_for,
)
from tapeflow.analysis.tape.region_uses import RegionUse

CAUSES = ("issue", "cache_ports", "scratchpad_ports", "dram_bus", "misses", "tiles")


def report_lines(cost: PlacementCost, chosen: PricedPlan, slots: int) -> Iterator[str]:
    """The report as lines of text."""
    yield f"tape of @{cost.function.sym_name.data}: scores that rank places and plans"
    yield "  (in cycles, lower is better; no prediction of a run, which may take"
    yield "  several times more or less)"
    for number, region in enumerate(cost.regions):
        yield f"  region {number}: {_described(region)}"
        for priced in alternatives(cost, chosen.plan, number):
            place = priced.plan.places[number]
            mark = "*" if place == chosen.plan.places[number] else " "
            yield f"    {mark} {place!s:<16} {_cycles(priced.estimate)}"
    yield "  plans (issue, cache ports, scratchpad ports, DRAM bus, misses, tiles):"
    for name, priced in _compared(cost, chosen, slots):
        parts = (getattr(priced.estimate, cause) for cause in CAUSES)
        figures = ", ".join(f"{part:,.0f}" for part in parts)
        yield f"    {name:<10} {_cycles(priced.estimate)} = {figures}"
    yield f"  {_split(chosen.plan, cost.memory.sram_bytes, cost.memory.ports)}"


def _compared(
    cost: PlacementCost, chosen: PricedPlan, slots: int
) -> Iterator[tuple[str, PricedPlan]]:
    yield "chosen", chosen
    cached = (CACHED,) * len(cost.regions)
    yield "all cached", plan_for(cost, cached)
    if cost.memory.ports > 1:
        streams = (Place("stream", slots=slots),) * len(cost.regions)
        yield "streams", plan_for(cost, streams)


def _described(region: RegionUse) -> str:
    line = line_of(region.allocate.location)
    place = "" if line is None else f" (line {line})"
    fields = ", ".join(map(str, region.allocate.tape.type.fields))
    return (
        f"{region.allocate.tape.name_hint or 'tape'}{place}, records [{fields}] of "
        f"{region.stride_bytes} bytes, {region.pushes:,.0f} pushed, "
        f"{region.peak_bytes:,.0f} bytes at a time"
    )


def _cycles(estimate: Estimate) -> str:
    return f"{estimate.cycles:>14,.0f} (most: {estimate.limit})"


def _split(plan: Plan, sram_bytes: int, ports: int) -> str:
    if not plan.scratchpad_bytes:
        return f"split: all {sram_bytes:,} bytes and {_ports(ports)} to the cache"
    cache_bytes, cache_ports = (
        sram_bytes - plan.scratchpad_bytes,
        ports - plan.scratchpad_ports,
    )
    return (
        f"split: cache {cache_bytes:,} bytes, {_ports(cache_ports)}; scratchpad "
        f"{plan.scratchpad_bytes:,} bytes, {_ports(plan.scratchpad_ports)}"
    )


def _ports(number: int) -> str:
    return f"{number} port" if number == 1 else f"{number} ports"
