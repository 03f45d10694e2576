"""What a user asks for: a function in a file, arguments, inputs and seeds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from hwmodel import UNWATCHED, Machine, Watch, load_machine, override_all
from tapeflow.analysis.verification.function_shape import names_of
from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import (
    CompiledGradient,
    GradientResult,
    PassStep,
    gradient_steps,
    last_gradient,
)
from tapeflow.backend.runtime.array_type import Array, RequestError
from tapeflow.backend.seeds import Seeds, seeds_from
from tapeflow.backend.signature import (
    Signature,
    find_function,
    signature_of,
    sizes_of,
)
from tapeflow.frontend.input_error import InputError
from tapeflow.tools.array_files import read_arrays
from tapeflow.tools.options import GradientOptions, blaming
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.on_machine import Target, fit_pipeline
from tapeflow.tools.pipelines.sram_budget import OWN_MEMORY, SramBudget
from tapeflow.tools.program_files import is_python, read_program_file
from tapeflow.transforms.placement.place_tape import PlaceTapePass
from tapeflow.transforms.scheduling.jam_loops import JamLoopsPass
from tapeflow.transforms.streams.form_layers import FormLayersPass
from tapeflow.universe import full_context

_SIZED = PlaceTapePass, FormLayersPass, JamLoopsPass
"""Passes that ask for the sizes of the program."""


@dataclass(frozen=True)
class GradientRequest:
    """Everything that does not depend on the pipeline and the machine; checked."""

    path: Path
    module: ModuleOp = field(repr=False)
    context: Context = field(repr=False)
    signature: Signature
    wrt: tuple[int, ...]
    inputs: Mapping[str, Array] = field(repr=False)
    arguments: tuple[Array, ...] = field(repr=False)
    """The inputs in order, as the function takes them."""
    seeds: Mapping[str, Array] = field(repr=False)
    seeding: Seeds = field(repr=False)
    """The seeds as the function takes them, defaults included."""

    @staticmethod
    def at(
        path: Path,
        module: ModuleOp,
        context: Context,
        signature: Signature,
        wrt: tuple[int, ...],
        inputs: Mapping[str, Array],
    ) -> "GradientRequest":
        """A request with the seeds that hold by default.

        Raises:
            RequestError: an argument without a derivative, or an array that does not
                fit.
        """
        signature.require_differentiable(wrt)
        arguments = signature.fitted_arguments(inputs)
        seeding = seeds_from(signature, {}, arguments)
        return GradientRequest(
            path, module, context, signature, wrt, inputs, arguments, {}, seeding
        )

    @property
    def active(self) -> tuple[int, ...]:
        """`wrt` and the seeded buffers, ascending."""
        return tuple(sorted({*self.wrt, *self.seeding.buffers}))

    def with_seeds(self, seeds: Mapping[str, Array]) -> "GradientRequest":
        """The same with other seeds. Raises RequestError where they do not fit."""
        seeding = seeds_from(self.signature, seeds, self.arguments)
        return replace(self, seeds=seeds, seeding=seeding)

    def warnings(self) -> list[str]:
        """What is probably not meant as it was given."""
        known = {parameter.key for parameter in self.signature.parameters}
        unused = [
            f"array '{name}' of the inputs is not used: @{self.signature.function} "
            f"has {len(known)} arguments"
            for name in self.inputs
            if name not in known
        ]
        if self.seeding.all_zero:
            return [*unused, "every seed is 0, so every gradient is 0: give --seeds"]
        return unused

    def passes(self, pipeline: FittedPipeline) -> tuple[ModulePass, ...]:
        """The passes of a pipeline; those that ask for the sizes know them."""
        sizes = sizes_of(self.signature, self.arguments)
        text = "; ".join(f"{name}={size}" for name, size in sizes.items())
        return tuple(
            replace(pass_, sizes=text)
            if isinstance(pass_, _SIZED) and not pass_.sizes
            else pass_
            for pass_ in pipeline.passes
        )

    def steps(
        self,
        pipeline: FittedPipeline,
        *,
        behind: PassStep | None = None,
        verify_each: bool = False,
    ) -> Iterator[PassStep]:
        """What each pass of a pipeline leaves, as of `gradient_steps`."""
        passes = self.passes(pipeline)
        return self.steps_of(passes, behind=behind, verify_each=verify_each)

    def steps_of(
        self,
        passes: Sequence[ModulePass],
        *,
        behind: PassStep | None = None,
        verify_each: bool = False,
    ) -> Iterator[PassStep]:
        """What each of some passes leaves, as of `gradient_steps`."""
        return gradient_steps(
            self.module,
            self.signature.function,
            self.wrt,
            passes,
            self.context,
            seeded=tuple(self.seeding.buffers),
            behind=behind,
            verify_each=verify_each,
        )

    def compile(self, pipeline: FittedPipeline) -> CompiledGradient:
        """The gradient at the end of a pipeline; a diagnostic where it is refused."""
        return last_gradient(self.steps(pipeline))

    def run(
        self,
        pipeline: FittedPipeline,
        engine: Engine,
        *,
        measured: bool = True,
        watch: Watch = UNWATCHED,
    ) -> GradientResult:
        """Compile for the pipeline and run, on its machine or for values only.

        `watch` says what to log of the machine's run.
        """
        compiled = self.compile(pipeline)
        machine = pipeline.machine_of(compiled) if measured else None
        return compiled.run(
            self.inputs, self.seeds, machine=machine, engine=engine, watch=watch
        )


def read_request(
    path: Path,
    function: str | None,
    wrt: tuple[int, ...],
    inputs: Mapping[str, Array],
    given_by: str = "--inputs",
) -> GradientRequest:
    """Read the program and check all that can be checked before anything is compiled.

    `given_by` is what gave the inputs, in messages.

    Raises:
        InputError: the file cannot be read.
        OptionMisuse: the function, an argument or an array does not fit.
    """
    context, module, signature = read_program(path, function)
    require_differentiable(signature, wrt)
    with blaming(given_by):
        arguments = signature.fitted_arguments(inputs)
    seeding = seeds_from(signature, {}, arguments)
    return GradientRequest(
        path, module, context, signature, wrt, inputs, arguments, {}, seeding
    )


def read_asked(asked: GradientOptions) -> tuple[FittedPipeline, GradientRequest]:
    """What a command's options ask for; the seeds are the given ones, or by default.

    Raises as `read_target` and `request_on_files` do, and for a pipeline OptionMisuse.
    """
    assert asked.wrt is not None and asked.inputs is not None
    target = read_target(asked.machine, asked.overrides)
    with blaming("--pipeline"):
        fitted = fit_pipeline(asked.pipeline, target)
    request = request_on_files(
        asked.file, asked.function, asked.wrt, asked.inputs, asked.seeds
    )
    return fitted, request


def request_on_files(
    path: Path,
    function: str | None,
    wrt: tuple[int, ...],
    inputs: Path,
    seeds: Path | None,
) -> GradientRequest:
    """A request with inputs and seeds of files.

    Raises as `read_request` does, and OptionMisuse for a file that cannot be read.
    """
    with blaming(f"--inputs {inputs}"):
        arrays = read_arrays(inputs)
    request = read_request(path, function, wrt, arrays, f"--inputs {inputs}")
    if seeds is None:
        request.signature.require_objective()
    else:
        with blaming(f"--seeds {seeds}"):
            request = request.with_seeds(read_arrays(seeds))
    return request


def require_differentiable(signature: Signature, wrt: tuple[int, ...]) -> None:
    """Raises OptionMisuse for an argument that is not there or has no derivative."""
    with blaming("--wrt"):
        signature.require_differentiable(wrt)


def read_program(
    path: Path, function: str | None
) -> tuple[Context, ModuleOp, Signature]:
    """The module of a file and the signature of the function asked for.

    Raises:
        InputError: the file cannot be read.
        OptionMisuse: there is no such function with a body.
        RequestError: it takes what no array is.
    """
    context = full_context()
    if not path.exists() and not is_python(path):
        _refuse_program_name(path)
    module = read_program_file(path, context)
    with blaming("--function"):
        name = _function_name(module, function)
        find_function(module, name)
    return context, module, signature_of(module, name)


def _refuse_program_name(path: Path) -> None:
    """Say where the text of a benchmark program is whose name stands for a file."""
    # Imported late: benchmark programs take long to import.
    from tapeflow.programs import EVERY_PROGRAM

    for program in EVERY_PROGRAM:
        if program.name == path.stem:
            raise InputError(
                "no such file; a benchmark program has this name: its text is "
                f"{program.source_path}, and 'tapeflow bench {program.name}' runs it",
                source=str(path),
            )


def _function_name(module: ModuleOp, function: str | None) -> str:
    if function is not None:
        return function.removeprefix("@")
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    bodies = [op for op in functions if not op.is_declaration]
    if len(bodies) == 1:
        return bodies[0].sym_name.data
    raise RequestError(
        f"say which function; functions here: {names_of(bodies)}", module.location
    )


def read_target(
    source: str, overrides: tuple[str, ...], budget: SramBudget = OWN_MEMORY
) -> Target:
    """The machine asked for, and which of its fields the user has set.

    Raises as `read_machine` does.
    """
    explicit = frozenset(change.partition("=")[0].strip() for change in overrides)
    return Target(read_machine(source, overrides), budget, explicit)


def read_machine(
    source: str, overrides: tuple[str, ...], given_by: str | None = "--machine"
) -> Machine:
    """A preset or TOML file with overrides `key=value` applied in order.

    `given_by` is the option that names the machine; None for an argument.

    Raises:
        OptionMisuse: an unknown name or key, or a value without sense.
    """
    with blaming(given_by) if given_by else nullcontext():
        machine = load_machine(source)
    with blaming("--set"):
        return override_all(machine, overrides)
