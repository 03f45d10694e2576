"""Gradients of loop programs whose tape streams through a scratchpad.

The dialects are in the modules of `tapeflow.dialects`, the passes in
`tapeflow.transforms`, the engines that run a program at any level in
`tapeflow.backend`.
"""

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """`__version__`, as the installed package has it."""
    if name != "__version__":
        raise AttributeError(
            f"module 'tapeflow' has no attribute '{name}'; gradients are made by "
            "tapeflow.backend.gradient.compile_gradient, passes are in "
            "tapeflow.transforms, dialects in the modules of tapeflow.dialects"
        )
    from importlib.metadata import version

    return version("tapeflow")
