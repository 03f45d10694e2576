"""Operations of MLIR's dialects that xDSL lacks, or has in another form, by name.

No dialect of xDSL holds them, because the dialects' names are taken; what reads a text
asks here first. Each dialect's additions are imported when one of its names is met.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from xdsl.ir import Operation

_DIALECTS = frozenset(
    ("affine", "arith", "func", "index", "linalg", "math", "memref", "scf")
)


@cache
def additions_of(dialect: str) -> Mapping[str, type[Operation]]:
    """Operation name to class, of one dialect."""
    if dialect not in _DIALECTS:
        return {}
    module = import_module(f"tapeflow.dialects.{dialect}_additions")
    return module.ADDITIONS


def addition(name: str) -> type[Operation] | None:
    """The class of an operation such as `math.erfc`, None if xDSL's own is right."""
    return additions_of(name.partition(".")[0]).get(name)
