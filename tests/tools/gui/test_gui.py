"""`tapeflow-gui`: what it offers, what it computes without a screen, its errors."""

import asyncio
import sys
from typing import Any

import pytest
from click.testing import CliRunner
from textual.widgets import Button
from xdsl.dialects.builtin import ModuleOp

from tapeflow.tools.gui.application import OptionsScreen, TapeflowApp
from tapeflow.tools.gui.choices import (
    all_choices,
    chosen_passes,
    options_to_begin_with,
    pipeline_pass,
)
from tapeflow.tools.gui.command import main
from tapeflow.transforms import FormLayersPass, RequestGradientPass
from tapeflow.transforms.pipelines import PIPELINES

PROGRAM = """\
func.func @f(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}
"""


@pytest.fixture(scope="module")
def choices():
    return all_choices()


def test_pipelines_and_passes_are_offered(choices):
    dialects, passes = (dict(some) for some in choices)
    assert {"ad", "tape", "spm", "stream", "func"} <= dialects.keys()
    assert list(passes)[: len(PIPELINES) + 1] == [*PIPELINES, "request-gradient"]
    assert {"check-streams", "cse", "canonicalize"} <= passes.keys()
    assert all(kind.name == name for name, kind in passes.items())


def test_options_to_begin_with():
    assert options_to_begin_with(RequestGradientPass) == "function= wrt="
    text = options_to_begin_with(FormLayersPass)
    assert text == "capacity-bytes=1024 slots=1 assumed-trips=64"


def test_a_pipeline_as_a_pass_keeps_its_checks():
    kind: Any = pipeline_pass(PIPELINES["streams"])
    assert str(kind(slots=3).pipeline_pass_spec()) == "streams{slots=3}"
    with pytest.raises(ValueError, match="'wrt' is given without"):
        kind(wrt=(0,))


def in_app(choices, act, passes=""):
    """What `act` makes of an application that runs without a screen."""

    dialects, known = choices

    async def drive():
        app = TapeflowApp(dialects, known, "f.mlir", PROGRAM, chosen_passes(passes))
        async with app.run_test(size=(120, 50)) as pilot:
            await pilot.pause()
            return await act(app, pilot)

    return asyncio.run(drive())


def test_the_application_differentiates(choices):
    async def act(app, pilot):
        assert isinstance(app.current_module, ModuleOp), app.current_module
        return app.output_text_area.text, app.get_query_string()

    passes = "request-gradient{function=f wrt=0},baseline"
    text, query = in_app(choices, act, passes)
    assert "func.func @f_grad" in text
    assert query.startswith('tapeflow-opt f.mlir -p \'request-gradient{function="f"')


def test_options_are_asked_for_and_explained(choices):
    async def act(app, pilot):
        kind = dict(choices[1])["baseline"]
        app.get_pass_arguments(kind, ())
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, OptionsScreen)
        meanings = screen.query_one("#meanings")
        assert "layout: How records lie in memory." in str(meanings.render())
        assert meanings.region.height > 10
        assert not screen.query_one("#enter_button", Button).disabled
        screen.argument_text_area.text = "function=f wrt=0"
        await pilot.pause()
        screen.query_one("#enter_button", Button).press()
        await pilot.pause()
        return app.output_text_area.text, app.get_query_string()

    text, query = in_app(choices, act)
    assert "func.func @f_grad" in text
    assert query == "tapeflow-opt f.mlir -p 'baseline{function=\"f\" wrt=0}'"


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "tapeflow.tools.gui.application")
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert "pip install -e '.[gui]'" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.mlir"], "missing.mlir: error: no such file"),
        (["-p", "baselin"], "there is no pass or pipeline 'baselin'"),
    ],
)
def test_errors_are_one_message(arguments, message):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert message in result.stderr
