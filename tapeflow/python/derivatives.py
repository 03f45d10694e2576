"""`grad`, `value_and_grad` and `vjp`: functions that give derivatives of functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tapeflow.backend.execute import ExecutionError
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.array_type import Array, ArrayType, RequestError
from tapeflow.python.arguments import ArgumentError, bound, fitted
from tapeflow.python.function import Function, function, position_of
from tapeflow.python.run_errors import as_python_error
from tapeflow.python.specialisation import Specialisation
from tapeflow.tools.pipelines.fitted import FittedPipeline

Wrt: TypeAlias = str | int | Sequence[str | int]
"""Arguments by name or position; several give a tuple of gradients."""


def grad(
    fn: Callable[..., Any],
    wrt: Wrt = 0,
    *,
    policy: str | None = None,
    pipeline: str | None = None,
) -> Callable[..., Any]:
    """A function that gives the gradient of `fn`.

    Args:
        fn: a function of Python, of `tf.function` or of `tf.load`, with one float
            result.
        wrt: the arguments to differentiate for, by name or position; for several the
            result is a tuple.
        policy: what goes on the tape: min-cut, save-all or recompute.
        pipeline: the passes, as the command line takes them.

    Raises:
        PythonError: `fn` cannot be compiled; what depends on types shows at the first
            call, as `RequestError` and `DiagnosticException` do.
    """
    derivative = Derivative.of(fn, wrt, policy, pipeline)
    return derivative.named("grad", lambda call: call.gradients)


def value_and_grad(
    fn: Callable[..., Any],
    wrt: Wrt = 0,
    *,
    policy: str | None = None,
    pipeline: str | None = None,
) -> Callable[..., Any]:
    """A function that gives the value of `fn` and its gradient, as a pair.

    Arguments are those of `grad`.
    """
    derivative = Derivative.of(fn, wrt, policy, pipeline)
    return derivative.named("value_and_grad", lambda call: (call.value, call.gradients))


def vjp(
    fn: Callable[..., Any],
    wrt: Wrt = 0,
    *,
    policy: str | None = None,
    pipeline: str | None = None,
) -> Callable[..., Any]:
    """A function that gives the value of `fn` and its pullback.

    The pullback takes a seed for each float result, and by name seeds for the final
    contents of arrays that `fn` writes; it gives the gradient of the sum of seeds times
    results. Other arguments are those of `grad`.
    """
    derivative = Derivative.of(fn, wrt, policy, pipeline)

    def call(*given: Any, **named: Any) -> tuple[Any, Callable[..., Any]]:
        arguments = derivative.bound(given, named)
        value = derivative.fn(*(_copied(a) for a in arguments))
        return value, lambda *seeds, **buffers: derivative.pull(
            arguments, seeds, buffers
        )

    call.__name__ = f"vjp({derivative.fn.name})"
    return call


@dataclass(frozen=True)
class _Call:
    """What one run of a gradient gave."""

    value: Any
    gradients: Any


@dataclass(frozen=True)
class Derivative:
    """A function and what it is differentiated for."""

    fn: Function
    wrt: tuple[int, ...]
    """Positions in the order asked for."""
    is_one: bool
    pipeline: FittedPipeline

    @staticmethod
    def of(
        fn: Callable[..., Any], wrt: Wrt, policy: str | None, pipeline: str | None
    ) -> "Derivative":
        """Raises RequestError for an argument, policy or pipeline that is none."""
        own = function(fn)
        is_one = isinstance(wrt, str | int)
        asked = [wrt] if is_one else wrt
        positions = tuple(position_of(own, w) for w in asked)
        if len(set(positions)) < len(positions) or not positions:
            raise RequestError(
                f"wrt is {wrt!r}; name one argument or several, each once"
            )
        return Derivative(own, positions, is_one, own.pipeline(policy, pipeline))

    def named(self, what: str, give: Callable[[_Call], Any]) -> Callable[..., Any]:
        """The function that the user calls."""

        def call(*given: Any, **named: Any) -> Any:
            return give(self.run(self.bound(given, named), {}, ()))

        call.__name__ = f"{what}({self.fn.name})"
        call.__doc__ = f"The gradient of `{self.fn.name}`, as of `tapeflow.{what}`."
        return call

    def bound(self, given: Sequence[Any], named: Mapping[str, Any]) -> list[object]:
        """The arguments in order."""
        return bound(self.fn.name, self.fn.definition.call_signature, given, named)

    def run(
        self,
        arguments: Sequence[object],
        seeds: Mapping[str, Array],
        seeded: tuple[int, ...],
    ) -> _Call:
        """Value and gradients; the arguments stay as they are."""
        special = self.fn.specialise(arguments)
        if not seeds:
            _require_one_float(special)
        compiled = special.gradient(tuple(sorted(self.wrt)), seeded, self.pipeline)
        own = fitted(
            special.signature, special.names, special.written, arguments, in_place=False
        )
        inputs = {f"arg{i}": array for i, array in enumerate(own.arrays)}
        try:
            result = compiled.run(inputs, seeds)
        except ExecutionError as error:
            raise as_python_error(error) from None
        return _Call(special.results(result.values), self._gradients(result))

    def pull(
        self,
        arguments: Sequence[object],
        seeds: Sequence[Any],
        buffers: Mapping[str, Any],
    ) -> Any:
        """The gradients for seeds of results, and of buffers by name."""
        special = self.fn.specialise(arguments)
        floats = special.signature.float_results
        if len(seeds) not in (0, len(floats)) or not (seeds or buffers):
            raise ArgumentError(
                f"the pullback of '{self.fn.name}' takes a seed for each of its "
                f"{len(floats)} float results, and {len(seeds)} are given"
            )
        results: Sequence[Any] = seeds or [0.0] * len(floats)
        arrays = {
            f"seed{i}": np.asarray(s) for i, s in zip(floats, results, strict=True)
        }
        positions: list[int] = []
        for name, seed in buffers.items():
            position = position_of(self.fn, name)
            positions.append(position)
            dtype = special.signature.parameters[position].array.dtype
            arrays[f"seed_arg{position}"] = np.asarray(seed, dtype)
        arrays = {
            name: array.astype(_result_dtype(special, name))
            if not name.startswith("seed_")
            else array
            for name, array in arrays.items()
        }
        return self.run(arguments, arrays, tuple(sorted(positions))).gradients

    def _gradients(self, result: GradientResult) -> Any:
        own = [_own(result.gradients[i]) for i in self.wrt]
        return own[0] if self.is_one else tuple(own)


def _result_dtype(special: Specialisation, name: str) -> Any:
    position = int(name.removeprefix("seed"))
    array = ArrayType.of(special.signature.results[position])
    assert array is not None
    return array.dtype


def _require_one_float(special: Specialisation) -> None:
    """A gradient is that of one number."""
    signature, name = special.signature, special.source.function
    if len(signature.float_results) == 1:
        return
    what = f"{len(signature.float_results)} floats" if signature.results else "nothing"
    if signature.results and not signature.float_results:
        what = "no float"
    raise RequestError(
        f"'{name}' returns {what}, and a gradient is that of one; return one float, or "
        "use tapeflow.vjp with a seed for each result or written array"
    )


def _own(gradient: Any) -> Any:
    return gradient if gradient.ndim else gradient[()].item()


def _copied(argument: Any) -> Any:
    return np.copy(argument) if _is_array(argument) else argument


def _is_array(argument: object) -> bool:
    return isinstance(argument, np.ndarray)
