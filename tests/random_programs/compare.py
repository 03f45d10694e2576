"""Compare the gradients of a random program with forward mode, at every level.

Forward mode follows one direction an element of an argument, so every element of a
gradient is compared, apart from those whose derivative is infinite, not a number, or
made of very large and very small factors.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Engine, execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass, LowerSourcePass

from .dual_evaluator import DualOutputs, evaluate
from .dual_numbers import Dual
from .generate import FUNCTION, Case
from .levels import CONTEXT, Mismatch, RingVerdict, check_levels, reason_of
from .requests import Answer, Request, answer, bits, requests, seeds_of

Array = NDArray[Any]

TOLERANCE = {"f64": 1e-10, "f32": 2e-4}
"""Allowed difference over the sum of the magnitudes of what is added up."""
NOTHING = {"f64": 1e-290, "f32": 1e-30}
"""Differences below this come from numbers that are nearly subnormal."""


@dataclass(frozen=True)
class Outcome:
    """What came of one case that is not wrong."""

    status: str
    """`passed` or `refused`."""
    reasons: tuple[str, ...] = ()
    """Why it, or some pipeline, was refused."""
    rings: tuple[RingVerdict, ...] = ()
    """The verdicts on the rings of all pipelines."""
    compared: int = 0
    """Elements of gradients that were compared with forward mode."""
    elements: int = 0
    """All elements of gradients."""


def compare(
    case: Case,
    *,
    levels: bool = False,
    engine: Engine = "reference",
    pipelines: Collection[str] | None = None,
    rewrite: ModulePass | None = None,
) -> Outcome:
    """Check one case; with `levels` after every pass of the pipelines as well.

    Args:
        pipelines: the names of those to run, by one policy and engine; None for all.
        rewrite: makes another program of it first, which is checked instead.

    Raises:
        Mismatch: a wrong value or gradient, or bits that a pass changed.
        Exception: whatever the product crashes with.
    """
    module = parse_module(case.text, "program.mlir", CONTEXT)
    if rewrite is not None:
        LowerSourcePass().apply(CONTEXT, module)
        rewrite.apply(CONTEXT, module)
    choose = random.Random(case.seed)
    is_whole = levels and pipelines is None
    policies = choose.sample(get_args(PolicyName), 3 if is_whole else 1)
    asked = requests(case, module)
    # Forward mode first: it says what is wrong with a program that is not valid.
    duals = _duals(case, module, asked)
    LowerSourcePass().apply(CONTEXT, module)
    module.verify()
    verify_dominance(module)
    try:
        differentiated = [
            _differentiated(
                module, asked, p, choose.choice([0, 1, 8]), levels or case.seed % 4 == 1
            )
            for p in policies
        ]
    except DiagnosticException as error:
        if "cannot differentiate" not in str(error):
            raise  # What was made of the program is not valid.
        return Outcome("refused", (reason_of(error),))
    answers = [answer(differentiated[0], case, r, engine) for r in asked]
    plain = _plain(module, case, engine)
    compared: list[tuple[int, int]] = []
    for request, given, dual in zip(asked, answers, duals, strict=True):
        _check_values(given, plain, dual)
        compared.append(_check_gradients(case, request, given, dual))
    expected = [part for given in answers for part in given.bits()]

    def run(module: ModuleOp, engine: Engine = engine) -> list[bytes]:
        runs = (answer(module, case, request, engine) for request in asked)
        return [part for given in runs for part in given.bits()]

    for policy, other in zip(policies[1:], differentiated[1:], strict=True):
        if run(other) != expected:
            raise Mismatch(f"other bits with {policy} than with {policies[0]}")
    if not levels:
        return Outcome("passed", (), (), *map(sum, zip(*compared, strict=True)))
    if is_whole and run(differentiated[0], _other(engine)) != expected:
        raise Mismatch(f"other bits on the {_other(engine)} engine")
    reasons, rings = check_levels(case.seed, differentiated[0], run, pipelines)
    return Outcome("passed", reasons, rings, *map(sum, zip(*compared, strict=True)))


def _differentiated(
    module: ModuleOp,
    asked: list[Request],
    policy: PolicyName,
    operations_per_byte: int,
    is_verified: bool,
) -> ModuleOp:
    module = module.clone()
    module.body.block.add_ops([request.op() for request in asked])
    DifferentiatePass(policy, operations_per_byte).apply(CONTEXT, module)
    if is_verified:
        module.verify()
        verify_dominance(module)
    return module


def _duals(case: Case, module: ModuleOp, asked: list[Request]) -> list[DualOutputs]:
    """Forward mode of each request; it depends on what is constant."""
    inputs = [*case.inputs.values()]
    known = {
        constant: evaluate(module, FUNCTION, inputs, constant)
        for constant in {request.constant for request in asked}
    }
    return [known[request.constant] for request in asked]


def _plain(module: ModuleOp, case: Case, engine: Engine) -> Answer:
    """What the program does without a gradient; one in four on the other engine."""
    arguments = [array.copy() for array in case.inputs.values()]
    if case.seed % 4 == 0:
        engine = _other(engine)
    results = execute(module, FUNCTION, arguments, engine=engine).results
    return Answer(tuple(map(np.asarray, results)), {}, dict(enumerate(arguments)))


def _other(engine: Engine) -> Engine:
    return "reference" if engine == "compiled" else "compiled"


def _check_values(given: Answer, plain: Answer, dual: DualOutputs) -> None:
    """Values have the undifferentiated program's bits, and forward mode's."""
    for k, mine in enumerate(given.values):
        without = np.asarray(plain.values[k], mine.dtype)
        if bits(mine) != bits(without):
            raise Mismatch(f"result {k} is {mine}, without the gradient {without}")
        _check_right(f"result {k}", mine, dual.results[k])
    for k, buffer in given.buffers.items():
        without = plain.buffers[k]
        if bits(buffer) != bits(without):
            raise Mismatch(f"buffer {k} ends as {buffer}, without {without}")
        for place in np.ndindex(buffer.shape):
            what = f"element {place} of buffer {k}"
            _check_right(what, buffer[place], dual.buffers[k].item(place))


def _check_right(what: str, mine: Array, dual: Dual | int) -> None:
    value = dual.value if isinstance(dual, Dual) else dual
    expected = np.asarray(value, mine.dtype)
    if bits(mine + 0) != bits(expected + 0):  # here, zeros are alike
        raise Mismatch(f"{what} is {mine!r}, not {expected!r}")


def _check_gradients(
    case: Case, request: Request, given: Answer, dual: DualOutputs
) -> tuple[int, int]:
    """How many elements were compared, and how many there are."""
    type_ = "f32" if "f32" in case.text else "f64"
    slope, size = _pushed_forward(case, request, dual)
    compared = elements = 0
    for position, gradient in given.gradients.items():
        mine = gradient.astype(float).ravel()
        directions = dual.directions[position]
        expected, scale = slope[directions], size[directions]
        known = np.isfinite(expected) & np.isfinite(scale)
        if case.special:
            known &= np.isfinite(mine)
        allowed = TOLERANCE[type_] * scale + NOTHING[type_]
        with np.errstate(invalid="ignore"):
            wrong = known & ~(np.abs(mine - expected) <= allowed)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise Mismatch(
                f"{request.op()}: argument {position}, element {k}: {mine[k]!r}, "
                f"forward mode gives {expected[k]!r}"
            )
        compared, elements = compared + int(known.sum()), elements + mine.size
    return compared, elements


def _pushed_forward(
    case: Case, request: Request, dual: DualOutputs
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seed times derivative of every seeded output, added up; and the magnitudes."""
    results, buffers = seeds_of(case, request)
    terms: list[tuple[float, Any]] = [(s, dual.results[k]) for k, s in results.items()]
    for position, seed in buffers.items():
        contents = dual.buffers[position]
        terms += [(float(seed[p]), contents[p]) for p in np.ndindex(contents.shape)]
    count = max((d.stop for d in dual.directions.values()), default=0)
    slope, size = np.zeros(count), np.zeros(count)
    for seed, output in terms:
        assert isinstance(output, Dual)
        if seed:
            slope = slope + seed * output.tangent.slope
            size = size + abs(seed) * output.tangent.size
    return slope, size
