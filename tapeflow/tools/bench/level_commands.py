"""The tapeflow-opt commands that show a program at each level of the IR."""

import shlex
from collections.abc import Iterable

from tapeflow.backend.gradient import request_for
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline


def level_commands(
    request: GradientRequest, pipelines: Iterable[FittedPipeline]
) -> list[str]:
    """Lines of shell: each pass of each pipeline once, after all passes before it."""
    lines = [f"# @{request.signature.function} of {request.path}"]
    asked = request_for(request.module, request.signature, request.active)
    known: set[str] = set()
    for pipeline in pipelines:
        lines.append(f"# {pipeline.name}")
        texts = [str(asked.spec())]
        for pass_ in request.passes(pipeline):
            texts.append(str(pass_.spec(include_default=True)))
            command = shlex.join(
                ["tapeflow-opt", str(request.path), "-p", ",".join(texts)]
            )
            if command not in known:
                known.add(command)
                lines.append(command)
    return lines
