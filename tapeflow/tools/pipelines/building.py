"""From pipeline text to passes: checks anchors, looks up names, expands pipelines."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches

from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass

from tapeflow.tools.pipelines.pass_options import OptionError, instantiate
from tapeflow.tools.pipelines.text import (
    AnchorNode,
    PassNode,
    PipelineError,
    PipelineNode,
    parse_pipeline_text,
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
    """The passes that `text` names, in order.

    Every pass of xDSL works on the whole module, so anchors only have to be in the
    right place; `func.func(p)` runs `p` once on the module. Raises `PipelineError`.
    """
    nodes = _without_anchors(parse_pipeline_text(text), text)
    return tuple(built for node in nodes for built in _build(node, text, factories))


def _without_anchors(elements: tuple[PipelineNode, ...], text: str) -> list[PassNode]:
    anchors = [node for node in elements if isinstance(node, AnchorNode)]
    if not anchors:
        return [node for node in elements if isinstance(node, PassNode)]
    anchor = anchors[0]
    _check_known(anchor, text)
    if anchor.name != _MODULE:
        raise PipelineError(
            f"'{anchor.name}(...)' must stand inside '{_MODULE}(...)'",
            text,
            anchor.position,
        )
    if len(elements) > 1:
        raise PipelineError(
            f"'{_MODULE}(...)' must hold the whole pipeline; nothing stands beside it",
            text,
            anchor.position,
        )
    return list(_inside_module(anchor.elements, text))


def _inside_module(
    elements: Iterable[PipelineNode], text: str, holder: str = _MODULE
) -> Iterator[PassNode]:
    for node in elements:
        if isinstance(node, PassNode):
            yield node
            continue
        _check_known(node, text)
        if node.name == _MODULE or holder != _MODULE:
            raise PipelineError(
                f"'{node.name}(...)' cannot stand inside '{holder}(...)'; the order "
                f"is {_MODULE}({_FUNCTION}(...))",
                text,
                node.position,
            )
        yield from _inside_module(node.elements, text, node.name)


def _check_known(anchor: AnchorNode, text: str) -> None:
    if anchor.name in (_MODULE, _FUNCTION):
        return
    raise PipelineError(
        f"'{anchor.name}(...)' is no anchor: only '{_MODULE}' and '{_FUNCTION}' take "
        "passes in parentheses; a pass takes options in braces",
        text,
        anchor.position,
    )


def _build(node: PassNode, text: str, factories: PassFactories) -> list[ModulePass]:
    name = node.spec.name
    try:
        if name in PIPELINES:
            pipeline = instantiate(PIPELINES[name], node.spec)
            texts = pipeline.passes()
            return [built for one in texts for built in build_passes(one, factories)]
        if name in factories:
            pass_ = factories[name]()
            return [instantiate(_EXACT.get(pass_, pass_), node.spec)]
    except OptionError as error:
        place = node.option_positions.get(error.option or "", node.position)
        raise PipelineError(str(error), text, place) from error
    except PipelineError as error:
        message = f"in pipeline '{name}': {error.message}"
        raise PipelineError(message, text, node.position) from error
    raise PipelineError(_unknown(name, factories), text, node.position)


def _unknown(name: str, factories: PassFactories) -> str:
    if name in (_MODULE, _FUNCTION):
        return f"'{name}' is an anchor and needs passes in parentheses: {name}(...)"
    near = get_close_matches(name, [*PIPELINES, *factories], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "--help lists them all"
    return f"there is no pass or pipeline '{name}'; {hint}"
