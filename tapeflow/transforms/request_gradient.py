"""Pass `request-gradient`: ask for the gradient of one function of a module."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import PassFailedException, VerifyException

from tapeflow.dialects.ad import GradientOp, GradientSymbolUse


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
    wrt: tuple[int, ...]
    result: str | None = None
    """Name of the gradient function; by default the function's with `_grad`."""
    constant: tuple[int, ...] = ()
    """Buffers outside `wrt` through which no derivative flows."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        name = self.result or f"{self.function}_grad"
        if SymbolTable.lookup_symbol(op, name) is not None:
            message = f"there is already a symbol @{name}; choose another with result="
            op.emit_error(message, PassFailedException(message))
        constant = sorted(set(self.constant)) if self.constant else None
        request = GradientOp(
            name, self.function, sorted(set(self.wrt)), constant=constant
        )
        function = SymbolTable.lookup_symbol(op, self.function)
        request.location = op.location
        if isinstance(function, func.FuncOp):
            request.location = function.location
        op.body.block.add_op(request)
        try:
            GradientSymbolUse().verify(request)
        except VerifyException as error:
            request.emit_error(str(error), PassFailedException(str(error)))
