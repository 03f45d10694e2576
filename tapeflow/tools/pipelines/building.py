"""From pipeline text to passes: checks anchors, looks up names, expands pipelines."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass

from tapeflow.near_names import did_you_mean
from tapeflow.tools.pipelines.pass_options import OptionError, instantiate
from tapeflow.tools.pipelines.text import (
    AnchorNode,
    PassNode,
    Pipeline,
    PipelineError,
    parse_pipeline,
)
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.transforms.source.exact_canonicalize import ExactCanonicalizePass

PassFactories = Mapping[str, Callable[[], type[ModulePass]]]

_EXACT: Mapping[type[ModulePass], type[ModulePass]] = {
    CanonicalizePass: ExactCanonicalizePass
}
"""Passes of xDSL in whose place one of ours runs."""

_MODULE = "builtin.module"
_FUNCTION = "func.func"


def build_passes(text: str, factories: PassFactories) -> tuple[ModulePass, ...]:
    """The passes that `text` names, in order; raises `PipelineError`."""
    nodes = pass_nodes(parse_pipeline(text))
    return tuple(built for node in nodes for built in build_pass(node, factories))


def pass_nodes(pipeline: Pipeline) -> tuple[PassNode, ...]:
    """The passes and named pipelines of a pipeline, without anchors.

    Every pass of xDSL works on the whole module, so anchors only have to be in the
    right place; `func.func(p)` runs `p` once on the module. Raises `PipelineError`.
    """
    elements = pipeline.elements
    anchors = [node for node in elements if isinstance(node, AnchorNode)]
    if not anchors:
        return tuple(node for node in elements if isinstance(node, PassNode))
    anchor = anchors[0]
    _check_known(anchor)
    if anchor.name != _MODULE:
        raise anchor.error(f"'{anchor.name}(...)' must stand inside '{_MODULE}(...)'")
    if len(elements) > 1:
        raise anchor.error(
            f"'{_MODULE}(...)' must hold the whole pipeline; nothing stands beside it"
        )
    return tuple(_inside(anchor))


def _inside(holder: AnchorNode) -> Iterator[PassNode]:
    for node in holder.elements:
        if isinstance(node, PassNode):
            yield node
            continue
        _check_known(node)
        if node.name == _MODULE or holder.name != _MODULE:
            raise node.error(
                f"'{node.name}(...)' cannot stand inside '{holder.name}(...)'; the "
                f"order is {_MODULE}({_FUNCTION}(...))"
            )
        yield from _inside(node)


def _check_known(anchor: AnchorNode) -> None:
    if anchor.name not in (_MODULE, _FUNCTION):
        raise anchor.error(
            f"'{anchor.name}(...)' is no anchor: only '{_MODULE}' and '{_FUNCTION}' "
            "take passes in parentheses; a pass takes options in braces"
        )


def build_pass(node: PassNode, factories: PassFactories) -> list[ModulePass]:
    """The pass that a node names, or those of a named pipeline.

    Raises `PipelineError`.
    """
    name = node.spec.name
    try:
        if name in PIPELINES:
            parts = map(_part, instantiate(PIPELINES[name], node.spec).passes())
            return [built for part in parts for built in build_pass(part, factories)]
        if name in factories:
            pass_ = factories[name]()
            return [instantiate(_EXACT.get(pass_, pass_), node.spec)]
    except OptionError as error:
        raise node.error(str(error), error.option) from error
    except PipelineError as error:
        raise node.error(f"in pipeline '{name}': {error.message}") from error
    raise node.error(_unknown(name, factories))


@cache
def _part(text: str) -> PassNode:
    """A pass as a named pipeline says it; many arms say the same."""
    part = parse_pipeline(text).only_pass
    assert part is not None
    return part


def _unknown(name: str, factories: PassFactories) -> str:
    if name in (_MODULE, _FUNCTION):
        return f"'{name}' is an anchor and needs passes in parentheses: {name}(...)"
    near = did_you_mean(name, [*PIPELINES, *factories], most=3)
    hint = near or " 'tapeflow list' names them all"
    return f"there is no pass or pipeline '{name}';{hint}"
