"""Gradients of one program at many lists of passes; what lists share runs once.

Where two lists part, the module behind their common passes is kept, and each goes on
from a copy of its own. Passes are equal if their names and options are.
"""

from collections.abc import Iterable, Set
from itertools import combinations, takewhile
from typing import TypeAlias

from xdsl.passes import ModulePass

from tapeflow.backend.gradient import CompiledGradient, PassStep
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline

Passes: TypeAlias = tuple[ModulePass, ...]


def forks_of(pipelines: Iterable[FittedPipeline]) -> frozenset[Passes]:
    """The longest common prefix of each two pipelines with different passes."""
    lists = dict.fromkeys(pipeline.passes for pipeline in pipelines)
    return frozenset(_common(one, other) for one, other in combinations(lists, 2))


def _common(one: Passes, other: Passes) -> Passes:
    equal = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(pass_ for pass_, _ in equal)


class SharedPasses:
    """Compiles a program, and keeps the gradients and the modules behind forks."""

    def __init__(self, request: GradientRequest):
        self.forks: Set[Passes] = frozenset()
        """Lists of passes behind which a module is worth keeping."""
        self._request = request
        self._compiled: dict[Passes, CompiledGradient] = {}
        self._behind: dict[Passes, PassStep] = {}

    def compile(self, pipeline: FittedPipeline) -> CompiledGradient:
        """The gradient at the end of a pipeline; the time of shared passes counts.

        Raises as `GradientRequest.compile` does.
        """
        passes = pipeline.passes
        if passes not in self._compiled:
            self._compiled[passes] = self._run(pipeline)
        return self._compiled[passes]

    def _run(self, pipeline: FittedPipeline) -> CompiledGradient:
        passes = pipeline.passes
        prefixes = [passes[:n] for n in range(len(passes), -1, -1)]
        kept = next((self._behind[p] for p in prefixes if p in self._behind), None)
        last = kept
        for last in self._request.steps(pipeline, behind=kept):
            done = passes[: last.number]
            if done in self.forks:
                # The next pass will change the module, if there is one.
                self._behind[done] = last if done == passes else last.copy()
        assert last is not None and last.gradient is not None
        return last.gradient
