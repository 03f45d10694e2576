"""Pass `request-gradient`: ask for the gradient of one function of a module."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.function_shape import names_of
from tapeflow.dialects.ad import GradientOp, GradientSymbolUse
from tapeflow.transforms.building.refusal import refuse


@dataclass(frozen=True)
class RequestGradientPass(ModulePass):
    """Ask for the gradient of a function with respect to some of its arguments.

        func.func @f(%x: f64) -> f64 { ... }
    ==> request-gradient{function=f wrt=0}
        func.func @f(%x: f64) -> f64 { ... }
        ad.gradient @f_grad of @f wrt [0]
    """

    name = "request-gradient"

    function: str
    """Name of the function to differentiate."""
    wrt: tuple[int, ...]
    """Numbers of the arguments to differentiate it by; the first is 0."""
    result: str | None = None
    """Name of the gradient function; by default the function's with `_grad`."""
    constant: tuple[int, ...] = ()
    """Buffers outside `wrt` through which no derivative flows."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        name = self.result or f"{self.function}_grad"
        taken = SymbolTable.lookup_symbol(op, name)
        if taken is not None:
            what = "a request for" if isinstance(taken, GradientOp) else "a symbol"
            refuse(
                taken, f"there is already {what} @{name}; choose another with result="
            )
        function = SymbolTable.lookup_symbol(op, self.function)
        if not isinstance(function, func.FuncOp):
            there = [f for f in op.ops if isinstance(f, func.FuncOp)]
            refuse(
                op,
                f"there is no function @{self.function} to differentiate; functions "
                f"here: {names_of(there)}",
            )
        constant = sorted(set(self.constant)) if self.constant else None
        request = GradientOp(
            name, self.function, sorted(set(self.wrt)), constant=constant
        )
        request.location = function.location
        op.body.block.add_op(request)
        try:
            GradientSymbolUse().verify(request)
        except VerifyException as error:
            refuse(request, str(error))
