"""What becomes of a spoilt input: it runs, or ends in a message, or shows a fault."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from traceback import walk_tb
from typing import Literal, TypeAlias

import numpy as np
from click.testing import CliRunner
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.universe import Universe

from hwmodel import preset
from tapeflow.analysis.verification.module import verify_module
from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import compile_gradient
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.signature import Parameter, signature_of
from tapeflow.frontend.reader import decode, parse_module
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.main import main
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.tools.pipelines.text import PipelineError
from tapeflow.universe import full_context

from .corpus import DEFAULT_PIPELINES, ROOT, texts
from .mutate_arrays import archive
from .mutate_arrays import mutated as mutated_arrays
from .mutate_text import mutated as mutated_text

Outcome: TypeAlias = Literal[
    "ran",
    "compiled",
    "message",
    "internal error",
    "no place",
    "long run",
    "hang",
    "crash",
]
FAULTS: tuple[Outcome, ...] = ("internal error", "no place", "hang", "crash")
Report: TypeAlias = Callable[[str], None]
"""Is told which stage begins."""

NAME = "spoilt.mlir"
_PLACED = re.compile(rf"({re.escape(NAME)}|\S+:\d+:\d+): ")
_LARGEST = 100_000
"""Elements of an argument."""


@dataclass(frozen=True)
class Case:
    """A spoilt input, all of it from a seed."""

    seed: int
    name: str
    """Where it comes from."""
    data: bytes
    is_text: bool
    pipeline: str | None
    """Passes to run it through; None for the gradient of its first function."""

    @property
    def file_name(self) -> str:
        return f"spoilt-{self.seed}.{'mlir' if self.is_text else 'npz'}"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a case."""

    outcome: Outcome
    message: str = ""
    origin: str = ""
    """Where an error arose: cases that agree in it have the same cause."""


def make_case(seed: int) -> Case:
    """The case of a seed."""
    generator = Random(seed)
    if generator.random() < 0.1:
        data = mutated_arrays(generator, _good_arrays())
        return Case(seed, "arrays", data, is_text=False, pipeline=None)
    text, other = generator.choice(texts()), generator.choice(texts())
    data = mutated_text(generator, text.data, other.data)
    pipelines = text.pipelines or (None,)
    pipeline = generator.choice(pipelines)
    return Case(seed, text.name, data, is_text=True, pipeline=pipeline)


def load() -> None:
    """Load and compile what every process needs, which takes longer than a case may."""
    good = archive(_good_arrays())
    judge(Case(0, "arrays", good, is_text=False, pipeline=None))


def judge(case: Case, report: Report = lambda stage: None) -> Verdict:
    """Run a case to its end, in this process."""
    return _judge_text(case, report) if case.is_text else _judge_arrays(case, report)


def _judge_text(case: Case, report: Report) -> Verdict:
    generator, stage = Random(case.seed), "read"

    def begin(name: str) -> None:
        nonlocal stage
        stage = name
        report(name)

    try:
        begin("read")
        module = parse_module(decode(case.data, NAME), NAME, _context())
        verify_module(module)
        begin("compile")
        if case.pipeline is not None:
            _apply(module, build_passes(case.pipeline, _passes()))
            return Verdict("compiled")
        return _run_gradient(module, generator, begin)
    except Exception as error:
        return _verdict(case, error, stage)


def _verdict(case: Case, error: Exception, stage: str) -> Verdict:
    message = failure_message(error)
    if "internal error" in message:
        return Verdict("internal error", message, _origin(error))
    may_lack_place = (
        stage == "run"
        or b"loc(unknown)" in case.data
        or isinstance(error, PipelineError)
        # A pipeline may ask for a function that is gone.
        or "no function" in message
    )
    if not may_lack_place and not _PLACED.match(message):
        return Verdict("no place", message, _origin(error))
    return Verdict("message", message, _origin(error))


def _apply(module: ModuleOp, passes: tuple[ModulePass, ...]) -> None:
    def between(
        before: ModulePass | None, module: ModuleOp, after: ModulePass | None
    ) -> None:
        verify_module(module, before)

    PassPipeline(passes, between).apply(_context(), module)
    if passes:
        verify_module(module, passes[-1])


def _run_gradient(module: ModuleOp, generator: Random, begin: Report) -> Verdict:
    functions = [op for op in module.walk() if isinstance(op, FuncOp)]
    bodies = [op for op in functions if not op.is_declaration]
    if not bodies:
        return Verdict("compiled")
    signature = signature_of(module, generator.choice(bodies).sym_name.data)
    wrt = [p.position for p in signature.parameters if p.is_differentiable]
    if not wrt:
        return Verdict("compiled")
    passes = build_passes(generator.choice(DEFAULT_PIPELINES), _passes())
    compiled = compile_gradient(module, signature.function, wrt, passes, _context())
    inputs = {p.key: _array(p, generator) for p in signature.parameters}
    affordable = {key: a for key, a in inputs.items() if a is not None}
    if len(affordable) < len(inputs):
        return Verdict("compiled")
    engine: Engine = "compiled" if generator.random() < 0.1 else "reference"
    machine = preset("fair") if generator.random() < 0.2 else None
    begin("run")
    compiled.run(affordable, machine=machine, engine=engine)
    return Verdict("ran")


def _array(parameter: Parameter, generator: Random) -> Array | None:
    """A small argument with some odd values, None if its type asks for a large one."""
    size = generator.choice((1, 3, 4))
    shape = [size if n is None else n for n in parameter.array.shape or ()]
    if np.prod(shape, dtype=float) > _LARGEST:
        return None
    dtype = parameter.array.dtype
    if dtype.kind == "f":
        values = (0.5, -1.25, 2.0, 0.0, 1.0, np.nan, np.inf, 1e30)
    else:
        values = (0, 1, 1, 2, size)
    flat = [generator.choice(values) for _ in range(int(np.prod(shape)))]
    return np.array(flat, dtype).reshape(shape)


def _judge_arrays(case: Case, report: Report) -> Verdict:
    report("read")
    with tempfile.TemporaryDirectory() as directory:
        inputs, output = Path(directory, "in.npz"), Path(directory, "out.npz")
        inputs.write_bytes(case.data)
        words = ["grad", str(_PROGRAM), "--function", "squares", "--wrt", "0"]
        words += ["--inputs", str(inputs), "--output", str(output)]
        words += ["--engine", "reference", "--pipeline", "baseline"]
        result = CliRunner().invoke(main, words)
        if result.exit_code == 0:
            return Verdict("ran")
        error = result.exception
        if error is not None and not isinstance(error, SystemExit):
            return Verdict("internal error", repr(error), _origin(error))
        if "internal error" in result.stderr:
            return Verdict("internal error", result.stderr, result.stderr)
        named = str(inputs) in result.stderr or "arg" in result.stderr
        return Verdict("message" if named else "no place", result.stderr)


def _origin(error: BaseException) -> str:
    """Type of an error and the functions in which it and its causes arose."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    last = frames[-1].f_code
    place = f"{type(error).__name__} in {Path(last.co_filename).name}:{last.co_name}"
    cause = error.__cause__
    return place if cause is None else f"{place} < {_origin(cause)}"


_PROGRAM = ROOT / "tests/tools/data/squares.mlir"


def _good_arrays() -> dict[str, Array]:
    return {"arg0": np.array([1.0, -2.0, 0.5]), "arg1": np.array(3.0)}


@cache
def _context():
    return full_context()


@cache
def _passes():
    return Universe.get_multiverse().all_passes
