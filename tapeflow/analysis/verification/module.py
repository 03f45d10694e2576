"""Verifies a module: operations, dominance, and what xDSL's verifiers leave out.

Some verifiers of xDSL raise plain exceptions for malformed operations, such as a load
with an index too few. They become the `VerifyException` that they should have been.
"""

from traceback import walk_tb

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from tapeflow.analysis.verification.buffer_sizes import verify_buffer_sizes
from tapeflow.analysis.verification.constant_globals import verify_constants
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.analysis.verification.function_shape import verify_functions
from tapeflow.analysis.verification.global_symbols import verify_globals
from tapeflow.analysis.verification.structured_control import verify_control


class MalformedResultError(VerifyException):
    """What a pass left behind is malformed, so the pass is at fault, not its input."""

    def __init__(self, message: str, pass_name: str):
        super().__init__(message)
        self.pass_name = pass_name


def verify_module(module: ModuleOp, after: ModulePass | None = None) -> None:
    """Check a module; `after` is the pass that has just changed it, if any.

    Raises:
        VerifyException: the module is malformed; the operation at fault is found in
            the traceback, of this exception or of its cause.
    """
    try:
        verify_dominance(module)
        _verify_operations(module)
        verify_control(module)
        verify_globals(module)
        verify_constants(module)
    except DiagnosticException as error:
        if after is None:
            raise
        raise MalformedResultError(str(error), after.name) from error
    except Exception as error:
        if not raised_by_xdsl(error):
            raise
        message = str(error) or "this operation is malformed"
        if after is None:
            raise VerifyException(message) from error
        raise MalformedResultError(message, after.name) from error


def _verify_operations(module: ModuleOp) -> None:
    """As `module.verify()`; what our own verifiers tell better, they tell."""
    try:
        module.verify()
    except Exception:
        for verify in (verify_functions, verify_control, verify_buffer_sizes):
            try:
                verify(module)
            except VerifyException:
                raise
            except Exception:  # The module is so malformed that they stumble over it.
                break
        raise


def raised_by_xdsl(error: BaseException) -> bool:
    """Whether an error arose in code of xDSL, which was given what it does not expect.

    What xDSL itself calls, as of Python's library, counts as its own; code of ours that
    it calls back does not.
    """
    origin = "tapeflow"
    for frame, _ in walk_tb(error.__traceback__):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in ("xdsl", "tapeflow", "hwmodel"):
            origin = package
    return origin == "xdsl" and not isinstance(error, RecursionError | MemoryError)
