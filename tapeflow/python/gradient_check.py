"""A gradient against differences of the function, as `tapeflow check` does it."""

from collections.abc import Sequence

import numpy as np

from tapeflow.tools.check.command import random_seeds, summary
from tapeflow.tools.check.gradient_check import Comparison, compare, require_finite
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline


def checked(
    request: GradientRequest, pipeline: FittedPipeline, directions: int, seed: int
) -> Sequence[Comparison]:
    """Compare in some random directions.

    Raises:
        AssertionError: a direction disagrees, or none could be decided.
        RequestError: the function is not finite here.
    """
    rng = np.random.default_rng(seed)
    request = request.with_seeds(random_seeds(request, rng))
    result = request.run(pipeline, "compiled", measured=False)
    require_finite(request, result)
    comparisons = compare(request, result.gradients, directions, rng, "compiled")
    sentences, is_good = summary(comparisons)
    if not is_good:
        raise AssertionError(" ".join(sentences))
    return comparisons
