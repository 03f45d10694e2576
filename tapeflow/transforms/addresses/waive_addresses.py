"""Pass `waive-addresses`: what addresses that cost nothing would leave."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.levels import Level
from tapeflow.dialects.address import ADDRESS_FREE
from tapeflow.transforms.building.refusal import require_level


@dataclass(frozen=True)
class WaiveAddressesPass(ModulePass):
    """Declare the arithmetic of addresses free of cost for the machine.

        %j1 = arith.addi %j, %c1 : index
        %x = memref.load %A[%i, %j1] : memref<?x?xf64>

    becomes

        %j1 = arith.addi %j, %c1 : index
        %x = memref.load %A[%i, %j1] {address.free} : memref<?x?xf64>

    and then costs the access alone: neither the element's number nor what is computed
    for subscripts and for nothing else. No way to compute addresses costs less, so
    bounds are taken from this. Values stay as they are.
    """

    name = "waive-addresses"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        for access in op.walk():
            if isinstance(access, memref.LoadOp | memref.StoreOp):
                access.attributes[ADDRESS_FREE] = UnitAttr()
