"""What there is to choose from in the application, in the types it knows.

It knows dialects and passes. A named pipeline becomes a pass that runs its passes, with
the same name and options.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect
from xdsl.passes import ModulePass, PassPipeline
from xdsl.universe import Universe

from tapeflow.tools.pipelines.building import PassFactories, build_passes
from tapeflow.transforms import get_all_passes
from tapeflow.transforms.building.option_help import option_defaults
from tapeflow.transforms.pipelines import PIPELINES, NamedPipeline

Dialects = tuple[tuple[str, Callable[[], Dialect]], ...]
Passes = tuple[tuple[str, type[ModulePass]], ...]


def all_choices() -> tuple[Dialects, Passes]:
    """Every dialect and every pass that is installed.

    Pipelines come first, then the passes of tapeflow in the order in which pipelines
    use them, then those of xDSL by name.
    """
    universe = Universe.get_multiverse()
    ours = get_all_passes()
    others = {n: f for n, f in sorted(universe.all_passes.items()) if n not in ours}
    passes = {name: factory() for name, factory in (ours | others).items()}
    pipelines = {name: pipeline_pass(kind) for name, kind in PIPELINES.items()}
    return tuple(universe.all_dialects.items()), tuple((pipelines | passes).items())


def chosen_passes(text: str) -> tuple[ModulePass, ...]:
    """The passes that a pipeline text names; raises `PipelineError`."""
    return build_passes(text, _factories())


def pipeline_pass(kind: type[NamedPipeline]) -> type[ModulePass]:
    """A pass that runs what the named pipeline runs."""

    def apply(self: NamedPipeline, ctx: Context, op: ModuleOp) -> None:
        PassPipeline(chosen_passes(",".join(self.passes()))).apply(ctx, op)

    body: dict[str, Any] = {"apply": apply, "__doc__": kind.__doc__}
    made = type(f"{kind.__name__}Pass", (kind, ModulePass), body)
    return cast(type[ModulePass], dataclass(frozen=True)(made))


def options_to_begin_with(kind: type[ModulePass]) -> str:
    """Options of a pass as text to edit: what is required, then what has a default."""
    defaults = option_defaults(kind)
    required = [f"{name}=" for name, default in defaults.items() if default is None]
    others = [f"{name}={default}" for name, default in defaults.items() if default]
    return " ".join(required + others)


def _factories() -> PassFactories:
    return Universe.get_multiverse().all_passes
