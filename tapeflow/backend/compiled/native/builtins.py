"""The functions that compiled Python may call, each a few LLVM instructions.

Names and meanings are those of `python_functions`; LLVM inlines them. Mathematics is
the C library's, under names LLVM knows nothing about: it would replace `pow(x, 2.0)`
by `x * x`, which rounds differently.
"""

from tapeflow.backend.compiled.native.builtin import Builtin
from tapeflow.backend.compiled.native.builtins_float import FLOAT_BUILTINS
from tapeflow.backend.compiled.native.builtins_integer import INTEGER_BUILTINS
from tapeflow.backend.compiled.native.builtins_memory import MEMORY_BUILTINS
from tapeflow.backend.compiled.native.types import LLVM_TYPES
from tapeflow.backend.semantics.libm import LIBM_FUNCTIONS

LIBM_SYMBOL = "tapeflow_native_libm_{}"
"""Symbol of a C library function in machine code."""


def _libm(name: str, arguments: int) -> Builtin:
    symbol = LIBM_SYMBOL.format(name)
    types = ", ".join(["double"] * arguments)
    operands = ", ".join(f"double %{i}" for i in range(arguments))
    return Builtin(
        ("float",) * arguments,
        "float",
        f"%r = call double @{symbol}({operands})\n  ret double %r",
        (f"declare double @{symbol}({types}) nounwind willreturn memory(none)",),
    )


BUILTINS: dict[str, Builtin] = {
    **{name: _libm(name, entry[1]) for name, entry in LIBM_FUNCTIONS.items()},
    **FLOAT_BUILTINS,
    **INTEGER_BUILTINS,
    **MEMORY_BUILTINS,
}
"""Name in compiled Python to its definition."""


def builtin_text(name: str) -> str:
    """The LLVM function of a builtin."""
    builtin = BUILTINS[name]
    parameters = ", ".join(LLVM_TYPES[type_] for type_ in builtin.parameters)
    head = f"define internal {LLVM_TYPES[builtin.result]} @{name}({parameters})"
    return f"{head} alwaysinline nounwind {{\n  {builtin.body}\n}}"
