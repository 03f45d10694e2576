"""What `tapeflow-opt --help` says of passes and pipelines."""

import re
from collections.abc import Iterable
from textwrap import fill

from xdsl.utils.arg_spec import ArgSpecConvertible

from tapeflow.transforms import get_all_passes
from tapeflow.transforms.building.option_help import describe_options
from tapeflow.transforms.pipelines import PIPELINES


def passes_and_pipelines() -> str:
    """Every pass and every pipeline of tapeflow: name, options, first sentence."""
    passes = [factory() for factory in get_all_passes().values()]
    return "\n".join(
        [
            "passes of tapeflow, all usable in -p and --pass-pipeline:",
            *_entries(passes),
            "",
            "pipelines, usable like a pass in -p and --pass-pipeline:",
            *_entries(PIPELINES.values()),
            "",
            "examples:",
            "  tapeflow-opt f.mlir -p 'streams{places=stream slots=2}'",
            "  tapeflow-opt f.mlir --pass-pipeline="
            "'builtin.module(differentiate, func.func(canonicalize))'",
        ]
    )


def first_sentence(kind: type) -> str:
    """The first sentence of a class's docstring, on one line; "" without one."""
    paragraph = (kind.__doc__ or "").strip().split("\n\n")[0]
    line = " ".join(paragraph.split())
    sentence = re.match(r".*?[.](?=\s|$)", line)
    return sentence[0] if sentence else line


def _entries(kinds: Iterable[type[ArgSpecConvertible]]) -> Iterable[str]:
    for kind in kinds:
        options = describe_options(kind)
        names = " ".join(options)
        yield f"  {kind.name}{'{' + names + '}' if options else ''}"
        yield f"      {first_sentence(kind)}"
        for option, meaning in options.items():
            yield fill(
                f"{option}: {meaning}",
                width=80,
                initial_indent=" " * 8,
                subsequent_indent=" " * 12,
                break_on_hyphens=False,
            )
