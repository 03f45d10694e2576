"""Compare the gradient of a random program with forward mode, at every level.

For outputs y = f(x), directions u and seeds v, reverse mode gives v J and forward mode
J u; the adjoint identity (v J) u = v (J u) must hold, for each argument alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import (
    CommonSubexpressionElimination,
)
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.dominance import verify_dominance
from tapeflow.analysis.stream_check import check_streams
from tapeflow.analysis.tape_policy import PolicyName
from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.gradient import (
    CompiledGradient,
    GradientResult,
    compile_gradient,
)
from tapeflow.dialects.tape_types import Layout
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    DifferentiatePass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerSourcePass,
    LowerSpmToBlockingPass,
    LowerTapeToMemrefPass,
    MergeRegionsPass,
    PipelineLoopsPass,
    PlaceTapePass,
    SimplifyAdjointsPass,
)
from tapeflow.universe import full_context

from .dual_evaluator import DualOutputs, evaluate
from .dual_numbers import Dual, NotSmooth
from .generate import FUNCTION, Case
from .places import RandomPlacesPass

Array = NDArray[Any]

TOLERANCE = {"f64": 1e-8, "f32": 2e-3}
"""Allowed difference over the sum of what is added up."""
CONTEXT = full_context()
FRONT: tuple[ModulePass, ...] = (
    SimplifyAdjointsPass(),
    CanonicalizePass(),
    CommonSubexpressionElimination(),
)


class Mismatch(AssertionError):
    """The product is wrong about a program."""


@dataclass(frozen=True)
class Outcome:
    """What came of one case that is not wrong."""

    status: str
    """`passed`, `not smooth` or `refused`."""
    reasons: tuple[str, ...] = ()
    """Why it, or some pipeline, was refused."""
    rings: tuple[str, ...] = ()
    """The verdicts on the rings of all pipelines."""


def compare(
    case: Case, *, levels: bool = False, engine: Engine = "reference"
) -> Outcome:
    """Check one case; with `levels` after every pass of the pipelines as well.

    Raises:
        Mismatch: a wrong value or gradient, or bits that a pass changed.
        Exception: whatever the product crashes with.
    """
    module = parse_module(case.text, "program.mlir", CONTEXT)
    module.verify()
    inputs = [*case.inputs.values()]
    try:
        dual = evaluate(module, FUNCTION, inputs, case.directions)
    except NotSmooth:
        return Outcome("not smooth")
    LowerSourcePass().apply(CONTEXT, module)
    module.verify()
    verify_dominance(module)
    choose = random.Random(case.seed)
    policies = choose.sample(get_args(PolicyName), 3 if levels else 1)
    try:
        compiled = [
            _compiled(case, module, p, choose.choice([0, 1, 8])) for p in policies
        ]
    except DiagnosticException as error:
        if "cannot differentiate" not in str(error):
            raise  # What was made of the program is not valid.
        return Outcome("refused", (_reason(error),))
    first, *others = (
        gradient.run(case.inputs, case.seeds, engine=engine) for gradient in compiled
    )
    _check_values(case, module, first, dual)
    _check_adjoint_identity(case, first, dual)
    for policy, other in zip(policies[1:], others, strict=True):
        if _bits(other) != _bits(first):
            raise Mismatch(f"other bits with {policy} than with {policies[0]}")
    if not levels:
        return Outcome("passed")
    return _check_levels(case, compiled[0], first, engine)


def _compiled(
    case: Case, module: ModuleOp, policy: PolicyName, operations_per_byte: int
) -> CompiledGradient:
    return compile_gradient(
        module,
        FUNCTION,
        case.wrt,
        (DifferentiatePass(policy, operations_per_byte),),
        CONTEXT,
        seeded=case.seeded,
    )


def _reason(error: DiagnosticException) -> str:
    lines = [line.strip(" ^|-\t") for line in str(error).splitlines()]
    named = [line for line in lines if "error" in line or "cannot" in line]
    return (named or [line for line in lines if line] or ["?"])[-1][:160]


def _single(case: Case) -> bool:
    return "f32" in case.text


def _primal(value: Dual | int) -> float:
    return value.value if isinstance(value, Dual) else value


def _check_values(
    case: Case, module: ModuleOp, result: GradientResult, dual: DualOutputs
) -> None:
    """The gradient function's values: the program's bits, and the right numbers."""
    arguments = [array.copy() for array in case.inputs.values()]
    execution = execute(module, FUNCTION, arguments)
    tolerance = 1e-3 if _single(case) else 1e-9
    for k, (mine, plain) in enumerate(
        zip(result.values, execution.results, strict=True)
    ):
        if mine.tobytes() != np.asarray(plain, mine.dtype).tobytes():
            raise Mismatch(f"result {k} is {mine}, without the gradient {plain}")
        expected = _primal(dual.results[k])
        if not np.isclose(float(mine), expected, tolerance, tolerance):
            raise Mismatch(f"result {k} is {mine}, not {expected}")
    for k, buffer in result.buffers.items():
        if buffer.tobytes() != arguments[k].tobytes():
            raise Mismatch(f"buffer {k} ends as {buffer}, without {arguments[k]}")


def _tangents(elements: Any) -> Iterator[tuple[tuple[int, ...], NDArray[np.float64]]]:
    for place in np.ndindex(elements.shape):
        element = elements[place]
        if isinstance(element, Dual):
            yield place, element.tangent


def _pushed_forward(case: Case, dual: DualOutputs) -> list[NDArray[np.float64]]:
    """Seed times tangent for every seeded output; one column a direction."""
    products = [
        float(case.seeds[f"seed{k}"]) * result.tangent
        for k, result in enumerate(dual.results)
        if isinstance(result, Dual)
    ]
    for position in case.seeded:
        seed = case.seeds[f"seed_arg{position}"]
        products += [
            float(seed[place]) * tangent
            for place, tangent in _tangents(dual.buffers[position])
        ]
    return products or [np.zeros(len(case.directions))]


def _check_adjoint_identity(
    case: Case, result: GradientResult, dual: DualOutputs
) -> None:
    forward = np.array(_pushed_forward(case, dual))
    tolerance = TOLERANCE["f32" if _single(case) else "f64"]
    for k, (position, direction) in enumerate(case.directions.items()):
        products = result.gradients[position].astype(float) * direction.astype(float)
        reverse, expected = float(products.sum()), float(forward[:, k].sum())
        scale = np.abs(products).sum() + np.abs(forward[:, k]).sum()
        if not abs(reverse - expected) <= tolerance * max(scale, 1e-6):
            raise Mismatch(
                f"argument {position}: gradient times direction is {reverse!r}, "
                f"forward mode gives {expected!r}; gradient "
                f"{result.gradients[position].tolist()}"
            )


def _pipelines(
    case: Case, tape_values: int
) -> Iterator[tuple[str, tuple[ModulePass, ...]]]:
    """The passes after the front, scratchpads of a few lines a region.

    Regions merge in about two pipelines of three.
    """
    choose = random.Random(case.seed)
    merging = random.Random(case.seed)

    def regions(layout: Layout) -> tuple[ModulePass, ...]:
        merge = merging.choice(((), (MergeRegionsPass(),), (MergeRegionsPass(True),)))
        return (FormRegionsPass(layout), *merge)

    slots = choose.randint(1, 4)
    for layout in ("soa", "aos", "aosoa"):
        overlapping = PipelineLoopsPass(merging.choice((1, 2, 4)))
        yield layout, (*regions(layout), LowerTapeToMemrefPass(), overlapping)
    for name, count in (("layers", 1), ("streams", slots)):
        capacity_bytes = 64 * count * max(1, tape_values) * choose.randint(1, 4)
        front = (
            *regions("aos"),
            FormLayersPass(capacity_bytes, count),
            AssignScratchpadPass(capacity_bytes, count),
        )
        if name == "layers":
            yield name, (*front, LowerSpmToBlockingPass())
        else:
            yield name, (*front, FormStreamsPass())
            yield "streams without reuse", (*front, FormStreamsPass(False))
    mixed = _mixed_places(case.seed, 4096 * max(1, tape_values))
    yield "mixed places", (*regions("aos"), *mixed)

    machine = f"sram_bytes={choose.choice((1024, 2048, 8192))} ports=4"
    rank = choose.randrange(8)
    yield (
        "placed",
        (
            *regions("aos"),
            PlaceTapePass(machine=machine, slots=slots, rank=rank),
            FormLayersPass(),
            AssignScratchpadPass(),
            FormStreamsPass(),
            LowerTapeToMemrefPass(),
        ),
    )


def _mixed_places(seed: int, capacity_bytes: int) -> tuple[ModulePass, ...]:
    """Regions side by side; what is behind the cache is lowered at any time."""
    passes: list[ModulePass] = [
        FormLayersPass(capacity_bytes, 2),
        AssignScratchpadPass(capacity_bytes, 2),
        FormStreamsPass(),
    ]
    passes.insert(1 + seed % 3, LowerTapeToMemrefPass())
    return (RandomPlacesPass(seed), *passes)


def _bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


def verdicts(name: str, module: ModuleOp) -> Iterator[str]:
    """What the text proves of each ring; the compiler's own is never refuted.

    Raises:
        Mismatch: a ring is refuted.
    """
    for op in module.walk():
        if not isinstance(op, FuncOp):
            continue
        for verdict in check_streams(op):
            if verdict.answer == "refuted":
                raise Mismatch(f"{name}: a ring is refuted: {verdict.reason}")
            reason = f": {verdict.reason}" if verdict.reason else ""
            yield f"ring of {name} {verdict.answer}{reason}"


def _check_levels(
    case: Case, compiled: CompiledGradient, first: GradientResult, engine: Engine
) -> Outcome:
    """Every pass keeps every bit; tells why pipelines refused the program."""

    def check(gradient: CompiledGradient, passes: Sequence[ModulePass]) -> None:
        module = gradient.module
        for pass_ in passes:
            pass_.apply(CONTEXT, module)
            module.verify()
            verify_dominance(module)
            result = gradient.run(case.inputs, case.seeds, engine=engine)
            if _bits(result) != _bits(first):
                raise Mismatch(f"{pass_} changes bits")

    reasons: list[str] = []
    rings: list[str] = []
    front = replace(compiled, module=compiled.module.clone())
    check(front, FRONT)
    tape_values = sum(op.name == "tape.stack" for op in front.module.walk())
    for name, passes in _pipelines(case, tape_values):
        level = replace(front, module=front.module.clone())
        try:
            check(level, passes)
        except DiagnosticException as error:
            reasons.append(f"{name}: {_reason(error)}")
            continue
        rings += verdicts(name, level.module)
    return Outcome("passed", tuple(reasons), tuple(rings))
