"""Programs from text, run on the reference engine."""

from collections.abc import Callable
from functools import cache

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from hwmodel import Machine
from tapeflow.backend.execute import Execution, execute
from tapeflow.universe import full_context


@pytest.fixture(scope="session")
def parse() -> Callable[[str], ModuleOp]:
    """Text to a verified module, which runs do not change."""
    context = full_context()

    @cache
    def parsed(text: str) -> ModuleOp:
        module = Parser(context, text).parse_module()
        module.verify()
        return module

    return parsed


@pytest.fixture
def run(parse: Callable[[str], ModuleOp]) -> Callable[..., Execution]:
    """Run `@f` of a text on arguments."""

    def run_text(
        text: str, *arguments: object, machine: Machine | None = None
    ) -> Execution:
        return execute(parse(text), "f", arguments, machine, "reference")

    return run_text
