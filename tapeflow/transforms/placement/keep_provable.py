"""Pass `keep-provable`: leave behind the cache what could not be proved on chip."""

import sys
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_PLACE
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.placement.provable_streams import (
    MOST_ROUNDS,
    unprovable_regions,
)
from tapeflow.transforms.streams.assign_scratchpad import AssignScratchpadPass
from tapeflow.transforms.streams.form_layers import FormLayersPass
from tapeflow.transforms.streams.lower_spm_to_blocking import LowerSpmToBlockingPass
from tapeflow.transforms.tape.split_records import SplitRecordsPass


@dataclass(frozen=True)
class KeepProvablePass(ModulePass):
    """Leave regions behind the cache that `check-streams` could not prove in layers.

        %tape = tape.allocate %n : !tape.region<[f64], aos>

    whose pops are not seen to mirror its pushes, as with a trip count that is loaded
    again from memory that changes, becomes

        %tape = tape.allocate %n {tape.place = "cache"} : !tape.region<[f64], aos>

    For streams `place-tape` does the same.
    """

    name = "keep-provable"

    capacity_bytes: int = 1024
    """Bytes of the scratchpad, as of `form-layers`."""
    machine: str = ""
    """Latencies of the machine in words, as of `form-layers`."""
    assumed_trips: int = 64
    """Iterations assumed of a loop of which nothing is known."""
    explain: bool = False
    """Tell which regions stay behind the cache, and why, on standard error."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if is_structured(function):
                self._keep(function, ctx)

    def _keep(self, function: FuncOp, ctx: Context) -> None:
        regions = [op for op in function.walk() if isinstance(op, AllocateOp)]
        for round_ in range(MOST_ROUNDS if regions else 0):
            found = unprovable_regions(function, ctx, self._passes())
            if not found:
                return
            if round_ == MOST_ROUNDS - 1:
                found = dict.fromkeys(range(len(regions)), _OTHERS) | found
            for number, reason in found.items():
                regions[number].attributes[TAPE_PLACE] = StringAttr("cache")
                if self.explain:
                    print(left_behind(function, number, reason), file=sys.stderr)

    def _passes(self) -> tuple[ModulePass, ...]:
        return (
            SplitRecordsPass(capacity_bytes=self.capacity_bytes, slots=1),
            FormLayersPass(
                self.capacity_bytes,
                1,
                machine=self.machine,
                assumed_trips=self.assumed_trips,
            ),
            AssignScratchpadPass(self.capacity_bytes, 1),
            LowerSpmToBlockingPass(),
        )


def left_behind(function: FuncOp, number: int, reason: str) -> str:
    """What is told of a region that stays behind the cache."""
    return (
        f"tape of @{function.sym_name.data}, region {number}: stays behind the cache, "
        f"its stream is not provable: {reason}"
    )


_OTHERS = "nor are those of others"
