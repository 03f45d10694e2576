"""Random places for the tape regions of a program."""

import random
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.passes import ModulePass

from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import PLACES, TAPE_PLACE, TAPE_SLOTS, TAPE_TILE


@dataclass(frozen=True)
class RandomPlacesPass(ModulePass):
    """Write a place on every region, on some also slots and the length of a tile."""

    name = "random-places"

    seed: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        choose = random.Random(self.seed)
        for region in op.walk():
            if not isinstance(region, AllocateOp):
                continue
            region.attributes[TAPE_PLACE] = StringAttr(choose.choice(PLACES))
            for name, most in ((TAPE_SLOTS, 4), (TAPE_TILE, 5)):
                if choose.random() < 0.5:
                    number = IntegerAttr(choose.randint(1, most), i64)
                    region.attributes[name] = number
