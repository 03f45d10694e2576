"""A function for arguments of some types: compiled when first needed, then kept.

What is kept serves all calls, from any number of threads; the state of a call is its
own.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from xdsl.context import Context

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.backend.execute import Runnable
from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.signature import Signature, find_function, signature_of
from tapeflow.frontend.python.kinds import Kind
from tapeflow.python.definition import Source
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.transforms.source.lower_source import LowerSourcePass
from tapeflow.universe import full_context


@dataclass
class Specialisation:
    """One module of a function, and what was compiled from it."""

    source: Source
    names: tuple[str, ...]
    """Of the arguments."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _gradients: dict[object, CompiledGradient] = field(
        default_factory=dict[object, CompiledGradient], repr=False
    )

    @cached_property
    def context(self) -> Context:
        return full_context()

    @cached_property
    def signature(self) -> Signature:
        return signature_of(self.source.module, self.source.function)

    @cached_property
    def written(self) -> frozenset[int]:
        """The arrays that the function may write, by position."""
        function = find_function(self.source.module, self.source.function)
        buffers = find_buffers(function, may_share=False)
        return frozenset(
            parameter.position
            for parameter, argument in zip(
                self.signature.parameters, function.args, strict=True
            )
            if parameter.is_buffer and buffers.written(argument)
        )

    @property
    def primal(self) -> Runnable:
        """The function itself, ready to be run."""
        with self._lock:
            return self._primal

    @cached_property
    def _primal(self) -> Runnable:
        module = self.source.module.clone()
        LowerSourcePass().apply(self.context, module)
        return Runnable(module, self.source.function)

    def gradient(
        self, wrt: tuple[int, ...], seeded: tuple[int, ...], pipeline: FittedPipeline
    ) -> CompiledGradient:
        """The gradient at the end of a pipeline.

        Raises as `compile_gradient` does.
        """
        key = (wrt, seeded, pipeline.name)
        found = self._gradients.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._gradients:
                self._gradients[key] = compile_gradient(
                    self.source.module,
                    self.source.function,
                    wrt,
                    pipeline.passes,
                    self.context,
                    seeded=seeded,
                )
            return self._gradients[key]

    def results(self, values: Sequence[object]) -> Any:
        """The results of a run as the function in Python returns them."""
        kinds = self.source.results or (None,) * len(values)
        own = tuple(
            _in_python(value, kind) for value, kind in zip(values, kinds, strict=True)
        )
        if self.source.is_tuple:
            return own
        return own[0] if own else None


def _in_python(value: object, kind: Kind | None) -> Any:
    array: Array = np.asarray(value)
    if kind is None:
        return array.copy() if array.ndim else array[()].item()
    if kind is Kind.F32:
        return np.float32(array[()])
    return array[()].item()
