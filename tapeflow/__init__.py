"""Gradients of loop programs whose tape streams through a scratchpad.

    import tapeflow as tf

    @tf.function
    def energy(x: Annotated[NDArray[np.float64], tf.f64[:]], k: float) -> float: ...

    value, gradient = tf.value_and_grad(energy, wrt="x")(x, 2.0)

Names are loaded when they are first used. The dialects are in the modules of
`tapeflow.dialects`, the passes in `tapeflow.transforms`, the engines that run a program
at any level in `tapeflow.backend`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapeflow.frontend.python.annotations import (
        boolean,
        f32,
        f64,
        i32,
        i64,
        index,
    )
    from tapeflow.frontend.python.user_source import PythonError
    from tapeflow.python.arguments import ArgumentError
    from tapeflow.python.derivatives import grad, value_and_grad, vjp
    from tapeflow.python.function import Function, function
    from tapeflow.python.loading import load
    from tapeflow.python.run_errors import RunError

__all__ = [
    "ArgumentError",
    "Function",
    "PythonError",
    "RunError",
    "__version__",
    "boolean",
    "f32",
    "f64",
    "function",
    "grad",
    "i32",
    "i64",
    "index",
    "load",
    "value_and_grad",
    "vjp",
]

__version__: str

_HOMES = {
    "frontend.python.annotations": ("boolean", "f32", "f64", "i32", "i64", "index"),
    "frontend.python.user_source": ("PythonError",),
    "python.arguments": ("ArgumentError",),
    "python.derivatives": ("grad", "value_and_grad", "vjp"),
    "python.function": ("Function", "function"),
    "python.loading": ("load",),
    "python.run_errors": ("RunError",),
}
"""Where each name is defined."""


def __getattr__(name: str) -> Any:
    """A name of the interface, or `__version__` as the installed package has it."""
    from importlib import import_module
    from importlib.metadata import version

    if name == "__version__":
        return version("tapeflow")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"tapeflow.{home}"), name)
    raise AttributeError(
        f"module 'tapeflow' has no attribute '{name}'; it has "
        f"{', '.join(n for names in _HOMES.values() for n in names)}; passes are in "
        "tapeflow.transforms, dialects in the modules of tapeflow.dialects; gradients "
        "of modules are by tapeflow.backend.gradient.compile_gradient"
    )
