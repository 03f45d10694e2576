"""`tf.function`: a function of Python, or of MLIR, that can be run and looked into."""

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from xdsl.dialects.builtin import ModuleOp

from hwmodel import Machine, load_machine
from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.backend.execute import ExecutionError
from tapeflow.backend.gradient import GradientResult, gradient_steps
from tapeflow.backend.runtime.array_type import RequestError
from tapeflow.frontend.python.argument_types import ArgumentType
from tapeflow.frontend.python.user_source import PythonError, UserSource
from tapeflow.near_names import did_you_mean
from tapeflow.python.arguments import bound, fitted
from tapeflow.python.definition import Definition, MlirDefinition, PythonDefinition
from tapeflow.python.run_errors import as_python_error
from tapeflow.python.specialisation import Specialisation
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.on_machine import fit_pipeline

UNWATCHED_PIPELINE = "baseline{as-written=true}"
"""What a gradient without a machine runs through: the tape in plain arrays."""

NO_MACHINE = "fair"
"""Pipelines ask for a machine even where none watches."""


@dataclass
class Function:
    """A function: call it, differentiate it, ask what its gradient costs."""

    definition: Definition
    _specialisations: dict[tuple[ArgumentType, ...], Specialisation] = field(
        default_factory=dict[tuple[ArgumentType, ...], Specialisation], repr=False
    )
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def name(self) -> str:
        return self.definition.name

    def __repr__(self) -> str:
        return f"<tapeflow function {self.name}>"

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Run the function; arrays that it writes change in place.

        Raises:
            ArgumentError: arguments that it does not take.
            RunError: it cannot run on; the error is also the one of Python.
        """
        arguments = self._bound(given, named)
        special = self.specialise(arguments)
        own = fitted(
            special.signature, special.names, special.written, arguments, in_place=True
        )
        try:
            execution = special.primal.run(own.arrays)
        except ExecutionError as error:
            raise as_python_error(error) from None
        finally:
            own.write_back()
        return special.results(execution.results)

    def specialise(self, arguments: Sequence[object] | None) -> Specialisation:
        """The function for arguments of these types, from an earlier call or now.

        Without arguments it is for the types that the function declares.
        """
        key = self.definition.key(arguments)
        found = self._specialisations.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._specialisations:
                names = tuple(self.definition.call_signature.parameters)
                new = Specialisation(self.definition.source(key), names)
                self._specialisations[key] = new
            return self._specialisations[key]

    def mlir(
        self,
        level: str = "source",
        *given: Any,
        wrt: Any = 0,
        policy: str | None = None,
        **named: Any,
    ) -> str:
        """The function in MLIR, as it is behind a pass, or at the end of a pipeline.

        Args:
            level: `source`, the name of a pass, or a pipeline as the command line
                takes it, such as `streams`.
            given: arguments, where annotations do not say all types.
        """
        arguments = self._bound(given, named) if given or named else None
        special = self.specialise(arguments)
        if level == "source":
            return str(special.source.module)
        from tapeflow.transforms import get_all_passes

        stop = level if level in get_all_passes() else None
        fitted_ = self.pipeline(policy, UNWATCHED_PIPELINE if stop else level)
        if stop is not None:
            fitted_ = self.pipeline(policy, "streams")
        module: ModuleOp | None = None
        for step in gradient_steps(
            special.source.module,
            special.source.function,
            self._positions(wrt),
            fitted_.passes,
            special.context,
        ):
            module = step.module
            if step.pass_.name == stop:
                return str(module)
        if stop is not None:
            raise RequestError(f"'{stop}' is no pass of the pipeline streams")
        return str(module)

    def simulate(
        self,
        *given: Any,
        wrt: Any = 0,
        machine: str | Machine = "fair",
        pipeline: str = "streams",
        **named: Any,
    ) -> GradientResult:
        """Run the gradient on a machine: values, gradients, counters and energy."""
        target = load_machine(machine) if isinstance(machine, str) else machine
        request = self.request(self._bound(given, named), wrt)
        return request.run(fit_pipeline(pipeline, target), "compiled")

    def tape_bill(
        self, *given: Any, wrt: Any = 0, policy: str | None = None, **named: Any
    ) -> Any:
        """What the gradient saves, why, and how much; it prints as a table.

        With arguments also in numbers.
        """
        from tapeflow.python.tape_bill import bill_of

        arguments = self._bound(given, named) if given or named else None
        special = self.specialise(arguments)
        request = None if arguments is None else self.request(arguments, wrt)
        return bill_of(special, self._positions(wrt), request, self.pipeline(policy))

    def check(
        self,
        *given: Any,
        wrt: Any = 0,
        directions: int = 3,
        seed: int = 0,
        **named: Any,
    ) -> Any:
        """Compare the gradient with differences of the function.

        Raises:
            AssertionError: a direction disagrees, or none could be decided.
        """
        from tapeflow.python.gradient_check import checked

        request = self.request(self._bound(given, named), wrt)
        return checked(request, self.pipeline(), directions, seed)

    def request(self, arguments: Sequence[object], wrt: Any) -> GradientRequest:
        """The same as commands ask for it, at these arguments."""
        special = self.specialise(arguments)
        own = fitted(
            special.signature, special.names, special.written, arguments, in_place=False
        )
        inputs = {f"arg{i}": array for i, array in enumerate(own.arrays)}
        return GradientRequest.at(
            self.definition.path,
            special.source.module,
            special.context,
            special.signature,
            self._positions(wrt),
            inputs,
        )

    def pipeline(
        self, policy: str | None = None, pipeline: str | None = None
    ) -> FittedPipeline:
        """The passes of a gradient.

        Raises:
            RequestError: no such policy, or a policy beside a pipeline.
            PipelineError: no such pipeline.
        """
        text = UNWATCHED_PIPELINE if pipeline is None else pipeline
        if policy is not None:
            known = get_args(PolicyName)
            if policy not in known:
                raise RequestError(
                    f"there is no policy {policy!r}; policies: {', '.join(known)}"
                )
            if pipeline not in (None, UNWATCHED_PIPELINE):
                raise RequestError(
                    "a policy and a pipeline: write the policy in the pipeline, as in "
                    f"'streams{{policy={policy}}}'"
                )
            text = f"baseline{{as-written=true policy={policy}}}"
        return _fitted(text)

    def _bound(self, given: Sequence[Any], named: Mapping[str, Any]) -> list[object]:
        return bound(self.name, self.definition.call_signature, given, named)

    def _positions(self, wrt: Any) -> tuple[int, ...]:
        asked = [wrt] if isinstance(wrt, str | int) else wrt
        return tuple(sorted(position_of(self, w) for w in asked))


@functools.cache
def _fitted(text: str) -> FittedPipeline:
    return fit_pipeline(text, load_machine(NO_MACHINE))


def function(fn: Any) -> Function:
    """Make a function that can be compiled and differentiated.

    Use it as a decorator, `@tf.function`, or on any function that is defined by `def`.

    Raises:
        PythonError: it is no such function, or its text is not there.
    """
    if isinstance(fn, Function):
        return fn
    if isinstance(fn, ModuleOp | str | Path):
        raise PythonError(
            f"a {type(fn).__name__} is no function; "
            "load a file or module first: tapeflow.load('file.mlir')['name']"
        )
    if not callable(fn):
        raise PythonError(f"{fn!r} is no function")
    new = Function(PythonDefinition(UserSource.of(fn)))
    functools.update_wrapper(new, fn)
    return new


def position_of(fn: Function, wrt: object) -> int:
    """The position of an argument given by name or number.

    Raises:
        RequestError: there is none.
    """
    names = list(fn.definition.call_signature.parameters)
    if isinstance(wrt, str):
        if wrt in names:
            return names.index(wrt)
        hint = did_you_mean(wrt, names, mark="'")
        raise RequestError(
            f"'{fn.name}' has no argument '{wrt}';{hint} it has {', '.join(names)}"
        )
    if isinstance(wrt, int) and not isinstance(wrt, bool):
        if -len(names) <= wrt < len(names):
            return wrt % len(names)
        raise RequestError(
            f"'{fn.name}' has no argument {wrt}: it has {len(names)}, from 0 on"
        )
    raise RequestError(f"wrt is {wrt!r}; name arguments, or give their numbers")


def of_module(module: ModuleOp, name: str, path: Path) -> Function:
    """A function of a module of MLIR."""
    return Function(MlirDefinition(module, name, path))
