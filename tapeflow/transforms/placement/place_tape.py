"""Pass `place-tape`: decide for each tape region where it lives."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.analysis.integers.estimates import IndexEstimates, parse_sizes
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.placement.cost_model import PlacementCost
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import (
    AUTO,
    Place,
    check_places,
    parse_places,
)
from tapeflow.analysis.placement.report import report_lines
from tapeflow.analysis.placement.search import (
    CACHED,
    NoScratchpad,
    PricedPlan,
    Split,
    plan_for,
    ranked_plans,
)
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import (
    SCRATCHPAD_BYTES,
    SCRATCHPAD_PORTS,
    TAPE_PLACE,
    TAPE_PLACES,
    TAPE_SLOTS,
    TAPE_TILE,
)
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.placement.keep_provable import left_behind
from tapeflow.transforms.placement.provable_streams import (
    MOST_ROUNDS,
    unprovable_regions,
)
from tapeflow.transforms.streams.assign_scratchpad import AssignScratchpadPass
from tapeflow.transforms.streams.form_layers import FormLayersPass
from tapeflow.transforms.streams.form_streams import FormStreamsPass
from tapeflow.transforms.tape.set_layout import set_layout
from tapeflow.transforms.tape.split_records import SplitRecordsPass


@dataclass(frozen=True)
class PlaceTapePass(ModulePass):
    """Choose between cache, scratchpad and stream for each region, and split the SRAM.

        %tape = tape.allocate %n : !tape.region<[f64], aos>

    becomes, by the estimates of a cost model,

        %tape = tape.allocate %n {tape.place = "stream", tape.slots = 2 : i64}
            : !tape.region<[f64], aos>

    or, in the cache, a region of another layout. The function says how many bytes and
    ports of the machine's totals are the scratchpad's (`tape.scratchpad_bytes`,
    `tape.scratchpad_ports`). Places can be given instead: one for all regions or one
    for each, as in `places="stream:4,aos,scratchpad"`. What could not be proved as a
    stream stays behind the cache.
    """

    name = "place-tape"

    places: str = AUTO
    """`auto`, or soa, padded-soa, aos, aosoa[:RECORDS], scratchpad[:RECORDS],
    stream[:SLOTS[:RECORDS]]: one for all regions, or one for each, separated by
    commas."""
    machine: str = ""
    """Totals and latencies as words `name=number`; by default those of `fair`."""
    sizes: str = ""
    """Sizes of the program as `name=number`, separated by semicolons, such as
    `n=64; dim(x, 0)=1000`."""
    slots: int = 2
    """Tiles on chip of a region that streams, where its place does not say."""
    scratchpad_bytes: int | None = None
    """Bytes of the scratchpad, where the split is given."""
    scratchpad_ports: int | None = None
    """Ports of the scratchpad, where the split is given."""
    rank: int = 0
    """0 for the best plan by the estimates, 1 for the second best, and so on."""
    assumed_trips: int = 64
    """Iterations assumed of a loop of which nothing is known."""
    dynamic_only: bool = False
    """Choose the scratchpad, or do as `places` says, also where `check-streams` could
    not prove it."""
    explain: bool = False
    """Write the estimates to standard error."""

    def __post_init__(self) -> None:
        check_places(self.places)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REGIONS, Level.CACHED)
        if self.slots < 1:
            refuse(op, f"{self.name} needs at least one slot, not {self.slots}")
        for function in op.walk():
            if is_structured(function):
                cost = self.cost_of(function)
                if cost.regions:
                    self._place(function, cost, ctx)

    def cost_of(self, function: FuncOp) -> PlacementCost:
        """The estimates for a function whose tape consists of regions.

        Raises:
            PassFailedException: options that make no sense.
        """
        try:
            memory, sizes = MemorySystem.parse(self.machine), parse_sizes(self.sizes)
        except ValueError as error:
            refuse(function, f"{self.name}: {error}")
        estimates = IndexEstimates(function, sizes, self.assumed_trips)
        return PlacementCost(function, estimates, memory)

    def choose(self, cost: PlacementCost) -> PricedPlan:
        """The plan that the options ask for.

        Raises:
            PassFailedException: places that do not fit the regions or the machine.
        """
        split = Split(self.scratchpad_bytes, self.scratchpad_ports)
        if self.places == AUTO:
            plans = ranked_plans(cost, self.slots, split)
            return plans[min(self.rank, len(plans) - 1)]
        try:
            places = tuple(
                replace(place, slots=place.slots or self.slots)
                for place in parse_places(self.places, len(cost.regions))
            )
        except ValueError as error:
            refuse(cost.function, f"{self.name}: {error}")
        try:
            return plan_for(cost, places, split)
        except NoScratchpad:
            refuse(
                cost.function,
                f"{self.name}: '{self.places}' needs a scratchpad, and there are no "
                f"bytes and ports for one among {cost.memory.sram_bytes} bytes and "
                f"{cost.memory.ports} ports of SRAM; give more, or keep the tape in "
                "the cache",
            )

    def _place(self, function: FuncOp, cost: PlacementCost, ctx: Context) -> None:
        priced = self.choose(cost)
        self._carry_out(function, cost, priced)
        split = Split(self.scratchpad_bytes, self.scratchpad_ports)
        for round_ in range(0 if self.dynamic_only else MOST_ROUNDS):
            if priced.is_cached:
                return
            found = unprovable_regions(function, ctx, self._stream_passes())
            if not found:
                return
            self._tell(left_behind(function, *reason) for reason in found.items())
            cost = self.cost_of(function)
            places = tuple(
                CACHED if number in found or round_ == MOST_ROUNDS - 1 else place
                for number, place in enumerate(priced.plan.places)
            )
            priced = plan_for(cost, places, split)
            self._carry_out(function, cost, priced)

    def _stream_passes(self) -> tuple[ModulePass, ...]:
        return (
            SplitRecordsPass(slots=self.slots),
            FormLayersPass(
                slots=self.slots,
                machine=self.machine,
                sizes=self.sizes,
                assumed_trips=self.assumed_trips,
            ),
            AssignScratchpadPass(slots=self.slots),
            FormStreamsPass(),
        )

    def _tell(self, lines: Iterable[str]) -> None:
        if self.explain:
            print(*lines, sep="\n", file=sys.stderr)

    def _carry_out(
        self, function: FuncOp, cost: PlacementCost, priced: PricedPlan
    ) -> None:
        self._tell(report_lines(cost, priced, self.slots))
        plan = priced.plan
        function.attributes[SCRATCHPAD_BYTES] = _number(plan.scratchpad_bytes)
        function.attributes[SCRATCHPAD_PORTS] = _number(plan.scratchpad_ports)
        function.attributes[TAPE_PLACES] = StringAttr(str(plan))
        for region, place in zip(cost.regions, plan.places, strict=True):
            self._mark(region.allocate, place)

    def _mark(self, allocate: AllocateOp, place: Place) -> None:
        marked = set_layout(allocate, place.layout, place.block)
        for earlier in (TAPE_SLOTS, TAPE_TILE):
            marked.attributes.pop(earlier, None)
        marked.attributes[TAPE_PLACE] = StringAttr(place.kind)
        if place.is_on_chip:
            marked.attributes[TAPE_SLOTS] = _number(place.slots or self.slots)
        if place.tile is not None:
            marked.attributes[TAPE_TILE] = _number(place.tile)


def _number(value: int) -> IntegerAttr:
    return IntegerAttr(value, i64)
