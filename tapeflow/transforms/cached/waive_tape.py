"""Pass `waive-tape`: what a tape that costs nothing would leave."""

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.tape.tape_slice import serves_tape
from tapeflow.dialects.tape_attributes import TAPE_FREE, belongs_to_access
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import is_structured


@dataclass(frozen=True)
class WaiveTapePass(ModulePass):
    """Declare the accesses to a tape behind the cache free of cost for the machine.

        memref.store %v, %field[%top] {tape.field} : memref<?xf64>
        %top_1 = arith.addi %top, %c1 : index

    becomes

        memref.store %v, %field[%top] {tape.field, tape.free} : memref<?xf64>
        %top_1 = arith.addi %top, %c1 : index

    The conversions of stored booleans belong to the accesses. With `addresses` the
    addition is free as well: nothing but the tape needs it. The first is the ceiling of
    what a layout of the tape can win, the second what bounds are taken from. Values
    stay as they are.
    """

    name = "waive-tape"

    addresses: bool = False
    """Free also what serves only to find places on the tape."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY)
        for function in op.walk():
            if is_structured(function):
                for freed in self._freed(function):
                    freed.attributes[TAPE_FREE] = UnitAttr()

    def _freed(self, function: FuncOp) -> Iterable[Operation]:
        if not self.addresses:
            return [op for op in function.walk() if belongs_to_access(op)]
        return serves_tape(function)
