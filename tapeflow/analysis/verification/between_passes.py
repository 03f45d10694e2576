"""Which pass leaves a malformed module behind, and when that is looked for.

Verification takes longer than most passes. So a list of passes verifies its result, and
where that, or a pass, fails, the passes run again to find the first that is at fault.
The tests, and users who ask, verify behind every pass instead.
"""

import os
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from tapeflow.analysis.verification.module import verify_module

_VARIABLE = "TAPEFLOW_VERIFY_EACH"


def verifies_each() -> bool:
    """Whether modules are to be verified behind every pass."""
    return os.environ.get(_VARIABLE, "0") not in ("", "0")


def verify_each() -> None:
    """Verify behind every pass from now on, also in processes that this one starts."""
    os.environ[_VARIABLE] = "1"


def find_malformed_result(
    module: ModuleOp, passes: Iterable[ModulePass], context: Context
) -> None:
    """Run passes that have failed again, and verify behind each; they print nothing.

    Returns if a pass raises whose input is well formed: that error is to be told.

    Raises:
        MalformedResultError: a pass leaves a malformed module.
    """
    for pass_ in passes:
        try:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                pass_.apply(context, module)
        except Exception:
            return
        verify_module(module, pass_)
