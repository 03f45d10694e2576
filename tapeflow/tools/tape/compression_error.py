"""How far a compressed tape takes the gradient: measured, and estimated first.

Saved value i of region r comes back as v_i + d_i, with d_i its rounding error. To first
order the gradient moves by the sum of s_i d_i, s_i the sensitivity of the gradient to
the saved value. All of a region's products are had from one run: popped values move by
t d_i, t = 2**-10, and what the gradient moves by is divided by t. The estimate is the
sum over regions of the sizes of these sums, element by element: errors of one region
may cancel, as they do in the gradient, and those of different regions add up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.builtin import IntegerAttr
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import last_gradient
from tapeflow.backend.runtime.array_type import Array
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_COMPRESSED, TAPE_REGION
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.result_row import max_relative_error
from tapeflow.transforms.tape.compress_tape import CompressTapePass

_FRACTION = 2.0**-10
"""Small enough for a first order, large enough for the digits of a difference."""


@dataclass(frozen=True)
class CompressionError:
    """Errors are of the largest element over max(1, the largest exact one)."""

    regions: Mapping[str, str]
    """The codec of each region that is compressed, `f_grad:0` to `bf16`."""
    measured: float
    estimated: float

    def in_words(self) -> Iterator[str]:
        """Lines for people."""
        if not self.regions:
            yield "tape: nothing is compressed"
            return
        named = ", ".join(f"{name} {codec}" for name, codec in self.regions.items())
        yield f"tape compressed: {named}"
        yield (
            f"error of the gradient: measured {self.measured:.3g}, "
            f"estimated {self.estimated:.3g}"
        )


def compression_error(
    request: GradientRequest, pipeline: FittedPipeline, engine: Engine
) -> CompressionError:
    """Run the gradient exactly, compressed, and with each region moved a little."""
    passes = request.passes(pipeline)
    place = next(
        (n for n, p in enumerate(passes) if isinstance(p, CompressTapePass)), None
    )
    if place is None:
        return CompressionError({}, 0.0, 0.0)
    before, compress = passes[:place], passes[place]
    assert isinstance(compress, CompressTapePass)
    exact, _ = _run(request, before, engine)
    rounded, regions = _run(request, (*before, compress), engine)
    estimate = {n: np.zeros_like(g, np.float64) for n, g in exact.items()}
    for name, codec in regions.items():
        moving = replace(compress, codec=f"{name}={codec}", fraction=_FRACTION)
        moved, _ = _run(request, (*before, moving), engine)
        for number, gradient in moved.items():
            with np.errstate(invalid="ignore", over="ignore"):
                change = gradient.astype(np.float64) - exact[number]
                estimate[number] += np.abs(change) / _FRACTION
    away = {n: exact[n] + e for n, e in estimate.items()}
    return CompressionError(
        regions,
        max_relative_error(rounded, exact),
        max_relative_error(away, exact),
    )


def _run(
    request: GradientRequest, passes: tuple[ModulePass, ...], engine: Engine
) -> tuple[Mapping[int, Array], dict[str, str]]:
    """The gradients on tape regions, and the regions that are compressed."""
    steps = request.steps_of(passes)
    compiled = last_gradient(steps)
    regions = {
        f"{function.sym_name.data}:{_number(op)}": _codec(op)
        for function in compiled.module.walk()
        if isinstance(function, FuncOp)
        for op in function.walk()
        if isinstance(op, AllocateOp) and TAPE_COMPRESSED in op.attributes
    }
    result = compiled.run(request.inputs, request.seeds, engine=engine)
    return result.gradients, regions


def _number(region: AllocateOp) -> int:
    number = region.attributes[TAPE_REGION]
    assert isinstance(number, IntegerAttr)
    return number.value.data


def _codec(region: AllocateOp) -> str:
    return str(region.attributes[TAPE_COMPRESSED]).strip('"')
