"""Value and gradient of a function: compiled once by a list of passes, run at will.

    compiled = compile_gradient(module, "f", (0, 2), passes, context)
    result = compiled.run({"arg0": x, "arg1": n, "arg2": y}, machine=machine)
    result.values, result.gradients[0], result.counters

The generated function takes the arguments of the program's, a shadow for each active
buffer and a seed for each float result; it returns the program's results and the
adjoint of each active scalar. A shadow enters as the adjoint of its buffer's final
contents, that is the buffer's seed, and leaves as the adjoint of the initial ones.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable

from hwmodel import UNWATCHED, Counters, Energy, Machine, RunLog, Watch
from tapeflow.analysis.verification.between_passes import (
    find_malformed_result,
    verifies_each,
)
from tapeflow.analysis.verification.module import verify_module
from tapeflow.backend.compiled.event_consumer import EventConsumer
from tapeflow.backend.execute import DEFAULT_ENGINE, Engine, Runnable
from tapeflow.backend.request_checks import (
    check_machine,
    check_module,
    check_passes,
    checked_positions,
)
from tapeflow.backend.runtime.array_type import Array, ArrayType, RequestError
from tapeflow.backend.seeds import Seeds, seeds_from
from tapeflow.backend.signature import Parameter, Signature, signature_of
from tapeflow.dialects.ad import GradientOp
from tapeflow.transforms.differentiation.request_gradient import RequestGradientPass


@dataclass(frozen=True)
class GradientResult:
    """What one run gave; arrays are its own."""

    values: tuple[Array, ...]
    """The function's results, 0-d, in order."""
    gradients: Mapping[int, Array]
    """By argument position, shaped and typed as the argument."""
    buffers: Mapping[int, Array]
    """Final contents of every buffer argument, by position."""
    counters: Counters | None
    """None without a machine, as are the energy and the tape bytes."""
    energy: Energy | None
    tape_bytes: int | None
    """Bytes pushed, at stored width, padding and counters included."""
    pass_seconds: float
    """In passes, and in the verification of what they leave."""
    compile_seconds: float
    """Passes and engine together: it writes code, and machine code of that unless that
    is kept on disk."""
    run_seconds: float
    log: RunLog | None = field(default=None, repr=False)
    """What was logged, as `watch` asked for it."""

    def figures(self) -> dict[str, int | float | None]:
        """Every counter and energy by name; empty without a machine.

        An energy that is not known for the machine's memories is None.
        """
        if self.counters is None or self.energy is None:
            return {}
        return {**self.counters.as_dict(), **self.energy.as_dict()}


@dataclass(frozen=True)
class GradientCall:
    """The arrays of one call; what the call leaves in them is its own."""

    arguments: tuple[Array, ...]
    shadows: Mapping[int, Array]
    """By argument position."""
    seeds: Seeds

    @property
    def operands(self) -> list[Array]:
        """The arguments of the generated function in order."""
        return [*self.arguments, *self.shadows.values(), *self.seeds.results.values()]


@dataclass(frozen=True)
class CompiledGradient:
    """A gradient function at the end of a list of passes."""

    module: ModuleOp
    """Its own: it does not change after the first run."""
    function: str
    """Name of the generated function."""
    signature: Signature
    """Of the function that was differentiated."""
    wrt: tuple[int, ...]
    """Arguments whose gradients are returned, ascending."""
    active: tuple[int, ...]
    """`wrt` and the seeded buffers, ascending."""
    compile_seconds: float

    def run(
        self,
        inputs: Mapping[str, Array],
        seeds: Mapping[str, Array] | None = None,
        *,
        machine: Machine | None = None,
        engine: Engine = DEFAULT_ENGINE,
        watch: Watch = UNWATCHED,
    ) -> GradientResult:
        """Run on arrays `arg0`, `arg1`, ... and seeds as in `seeds_from`.

        Without a machine nothing is counted; `watch` says what to log of its run.
        The arrays given are left as they are.

        Raises:
            RequestError: an array is missing or does not fit, a buffer has a seed and
                is not active, or the machine is none.
            ExecutionError: the program cannot run.
            KeyboardInterrupt: Ctrl-C; compiled code may go on behind it, see `execute`.
        """
        check_machine(machine)
        call = self.bind(inputs, seeds)
        execution = self._runnable.run(call.operands, machine, engine, watch)
        adjoints = self._adjoints(execution.results)
        gradients = {**call.shadows, **adjoints}
        return GradientResult(
            values=self._values(execution.results),
            gradients={i: gradients[i] for i in self.wrt},
            buffers={p.position: call.arguments[p.position] for p in self._buffers()},
            counters=execution.counters,
            energy=execution.energy,
            tape_bytes=execution.tape_bytes,
            pass_seconds=self.compile_seconds,
            compile_seconds=self.compile_seconds + execution.compile_seconds,
            run_seconds=execution.run_seconds,
            log=execution.log,
        )

    def bind(
        self,
        inputs: Mapping[str, Array],
        seeds: Mapping[str, Array] | None = None,
    ) -> GradientCall:
        """The arrays for one call, copied and checked.

        Raises:
            RequestError: an array is missing or does not fit, or a buffer has a
                seed and is not active.
        """
        arguments = self.signature.fitted_arguments(inputs)
        seeding = seeds_from(self.signature, seeds or {}, arguments)
        if inactive := [i for i in seeding.buffers if i not in self.active]:
            raise RequestError(
                f"argument {inactive[0]} has a seed but is not active: name it in "
                "`seeded` when the gradient is compiled"
            )
        return GradientCall(arguments, self._shadows(arguments, seeding), seeding)

    def observe(
        self,
        inputs: Mapping[str, Array],
        seeds: Mapping[str, Array],
        observer: EventConsumer,
    ) -> int:
        """Run with an observer in the place of a machine.

        Returns the bytes from byte 0 on in which the arguments and shadows lie.

        Raises as `run` does.
        """
        call = self.bind(inputs, seeds)
        addresses = self._runnable.observe(call.operands, observer).addresses
        arrays = len(self._buffers()) + len(call.shadows)
        ends = [b.address + b.size_bytes for b in addresses[:arrays]]
        return max(ends, default=0)

    @cached_property
    def _runnable(self) -> Runnable:
        return Runnable(self.module, self.function)

    def _buffers(self) -> list[Parameter]:
        return [p for p in self.signature.parameters if p.is_buffer]

    def _shadows(self, arguments: Sequence[Array], seeds: Seeds) -> dict[int, Array]:
        """A shadow for each active buffer: its seed, or zeros."""
        return {
            p.position: seeds.buffers[p.position].copy()
            if p.position in seeds.buffers
            else np.zeros_like(arguments[p.position])
            for p in self._buffers()
            if p.position in self.active
        }

    def _values(self, results: Sequence[object]) -> tuple[Array, ...]:
        types = self.signature.results
        return tuple(_array(r, t) for r, t in zip(results, types, strict=False))

    def _adjoints(self, results: Sequence[object]) -> dict[int, Array]:
        """The adjoints of active scalars, which follow the function's results."""
        parameters = [self.signature.parameters[i] for i in self.active]
        scalars = [p for p in parameters if not p.is_buffer]
        adjoints = results[len(self.signature.results) :]
        return {
            p.position: _array(adjoint, p.type)
            for p, adjoint in zip(scalars, adjoints, strict=True)
        }


@dataclass(frozen=True)
class PassStep:
    """A pass that has run on a module, which the next one will change."""

    pass_: ModulePass
    module: ModuleOp
    gradient: CompiledGradient | None
    """The gradient as it is now; None before the program is differentiated."""
    number: int
    """How many passes of the list have run; 0 behind the request that stands first."""
    seconds: float
    """In this pass, and in the verification of its result if that is verified."""
    total_seconds: float
    """In all passes so far."""

    def copy(self) -> "PassStep":
        """The same with a module that the next pass does not change."""
        module, gradient = self.module.clone(), self.gradient
        if gradient is not None:
            gradient = replace(gradient, module=module)
        return replace(self, module=module, gradient=gradient)


def gradient_steps(
    module: ModuleOp,
    function: str,
    wrt: Sequence[int],
    passes: Sequence[ModulePass],
    context: Context,
    *,
    seeded: Sequence[int] = (),
    behind: PassStep | None = None,
    verify_each: bool = False,
) -> Iterator[PassStep]:
    """Ask for a gradient as `compile_gradient` does, and stop behind every pass.

    Args:
        behind: a step of the same request at a list that begins with the same passes;
            those that it has behind it do not run again, and its module stays as it is.
        verify_each: verify behind every pass, even if `verifies_each` asks for none;
            otherwise the module behind the last is verified.

    Raises as `compile_gradient` does, when it comes to the pass.
    """
    check_module(module)
    check_passes(passes)
    wrt, seeded = checked_positions("wrt", wrt), checked_positions("seeded", seeded)
    signature = signature_of(module, function)
    signature.require_differentiable(wrt)
    if not seeded:
        signature.require_objective()
    active = tuple(sorted({*wrt, *seeded}))
    request = request_for(module, signature, active)
    name = request.result or f"{signature.function}_grad"
    if behind is None:
        lowered, gradient, first, elapsed = module.clone(), None, 0, 0.0
        verify_module(lowered)
    else:
        lowered, gradient = behind.module.clone(), behind.gradient
        first, elapsed = behind.number + 1, behind.total_seconds
    everything = (request, *passes)
    verify_each = verify_each or verifies_each()
    try:
        for number, pass_ in enumerate(everything[first:], first):
            started = time.perf_counter()
            pass_.apply(context, lowered)
            if verify_each or number == len(passes):
                verify_module(lowered, pass_)
            seconds = time.perf_counter() - started
            elapsed += seconds
            gradient = None
            if isinstance(SymbolTable.lookup_symbol(lowered, name), FuncOp):
                gradient = CompiledGradient(
                    lowered, name, signature, tuple(sorted(wrt)), active, elapsed
                )
            yield PassStep(pass_, lowered, gradient, number, seconds, elapsed)
        if first == len(everything) and not verify_each:
            verify_module(lowered, everything[-1])
    except Exception:
        if not verify_each:
            find_malformed_result(module.clone(), everything, context)
        raise
    if gradient is None:
        raise RequestError(
            f"the passes leave the request for the gradient of @{function} unanswered; "
            "one of them has to be 'differentiate', DifferentiatePass() in Python"
        )


def compile_gradient(
    module: ModuleOp,
    function: str,
    wrt: Sequence[int],
    passes: Sequence[ModulePass],
    context: Context,
    *,
    seeded: Sequence[int] = (),
) -> CompiledGradient:
    """Ask for the gradient of a function and take it through the passes.

    `wrt` and `seeded` are argument positions; `seeded` buffers will be given seeds.
    The module stays as it is. What the passes make of it is verified, dominance
    included.

    Raises:
        RequestError: no such function or argument, one without a derivative, or
            passes that do not differentiate.
        DiagnosticException: a pass cannot take the program.
    """
    return last_gradient(
        gradient_steps(module, function, wrt, passes, context, seeded=seeded)
    )


def last_gradient(steps: Iterable[PassStep]) -> CompiledGradient:
    """The gradient that the steps of `gradient_steps` lead to."""
    *_, last = steps
    assert last.gradient is not None
    return last.gradient


def request_for(
    module: ModuleOp, signature: Signature, active: Sequence[int]
) -> RequestGradientPass:
    """The pass that asks for the gradient, under a name that is free in the module."""
    plain = f"{signature.function}_grad"
    taken = {
        op.sym_name.data for op in module.ops if isinstance(op, FuncOp | GradientOp)
    }
    names = itertools.chain([plain], (f"{plain}_{n}" for n in itertools.count(1)))
    name = next(name for name in names if name not in taken)
    result = None if name == plain else name
    return RequestGradientPass(signature.function, tuple(active), result)


def _array(value: object, type_: Attribute) -> Array:
    array = ArrayType.of(type_)
    return np.asarray(value, None if array is None else array.dtype)
