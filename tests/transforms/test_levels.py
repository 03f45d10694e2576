"""A pass whose input is at another level says so; an empty tape is no fault."""

import pytest
from xdsl.utils.exceptions import PassFailedException

from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms import get_all_passes
from tapeflow.universe import full_context

FUNCTION = """
func.func @{name}(%x: f64, %n: index) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {{
    %b = math.sin %a : f64
    scf.yield %b : f64
  }}
  func.return %y : f64
}}
"""
NO_TAPE = """
func.func @flat(%x: f64) -> f64 {
  %y = math.sin %x : f64
  func.return %y : f64
}
"""
SOURCE = FUNCTION.format(name="f")
REQUEST = SOURCE + "ad.gradient @f_grad of @f wrt [0]"
EMPTY_TAPE = NO_TAPE + "ad.gradient @flat_grad of @flat wrt [0]"
TO_REGIONS = "differentiate,form-regions{layout=aos}"
TO_LAYERS = f"{TO_REGIONS},form-layers"
TO_RINGS = f"{TO_LAYERS},assign-scratchpad"
TO_MEMORY = f"{TO_REGIONS},lower-tape-to-memref"
TAPE_PASSES = (
    "shrink-tape",
    "form-regions",
    "merge-regions",
    "place-tape",
    "split-records",
    "form-layers",
    "assign-scratchpad",
    "form-streams",
    "lower-spm-to-blocking",
    "check-streams",
    "lower-tape-to-memref",
    "waive-tape",
)


def text_after(passes: str, text: str) -> str:
    context = full_context()
    module = parse_module(text, "program.mlir", context)
    for pass_ in build_passes(passes, get_all_passes()):
        pass_.apply(context, module)
    return str(module)


def refusal(passes: str, text: str) -> str:
    with pytest.raises(PassFailedException) as caught:
        text_after(passes, text)
    return str(caught.value)


@pytest.mark.parametrize("name", TAPE_PASSES)
def test_source_is_not_differentiated(name):
    message = refusal(name, SOURCE).replace("gradient and", "gradient,")
    assert "nothing here is differentiated: run request-gradient, diff" in message


def test_differentiate_needs_a_request():
    assert "there is none here: run request-gradient first" in refusal(
        "differentiate", SOURCE
    )


@pytest.mark.parametrize("name", [*TAPE_PASSES, "simplify-adjoints", "pipeline-loops"])
def test_request_is_not_answered(name):
    assert "this request is not answered yet: run differentiate" in refusal(
        name, REQUEST
    )


@pytest.mark.parametrize("name", [*TAPE_PASSES, "simplify-adjoints", "pipeline-loops"])
def test_gradient_without_tape_is_in_order(name):
    assert text_after(f"differentiate,{name}", EMPTY_TAPE) == text_after(
        "differentiate", EMPTY_TAPE
    )


@pytest.mark.parametrize(
    ("passes", "name", "what"),
    [
        ("differentiate", "form-layers", "an abstract tape: run form-regions first"),
        (
            "differentiate",
            "assign-scratchpad",
            "an abstract tape: run form-regions and form-layers first",
        ),
        (TO_REGIONS, "assign-scratchpad", "tape regions: run form-layers first"),
        (TO_REGIONS, "waive-tape", "tape regions: run lower-tape-to-memref first"),
        (TO_REGIONS, "pipeline-loops", "tape regions: run lower-tape-to-memref first"),
        (TO_LAYERS, "form-streams", "cut into tiles: run assign-scratchpad first"),
        (TO_LAYERS, "check-streams", "cut into tiles: run assign-scratchpad first"),
        (TO_RINGS, "waive-tape", "run lower-tape-to-memref in place of form-layers"),
    ],
)
def test_pass_is_too_early(passes, name, what):
    assert what in refusal(f"{passes},{name}", REQUEST)


@pytest.mark.parametrize(
    ("passes", "name", "before"),
    [
        (TO_REGIONS, "shrink-tape", "form-regions"),
        (TO_MEMORY, "shrink-tape", "form-regions"),
        (TO_LAYERS, "merge-regions", "form-layers"),
        (TO_MEMORY, "place-tape", "lower-tape-to-memref"),
        (TO_MEMORY, "form-layers", "lower-tape-to-memref"),
        (TO_RINGS, "split-records", "assign-scratchpad"),
    ],
)
def test_pass_is_too_late(passes, name, before):
    assert f"already: run {name} before {before}" in refusal(
        f"{passes},{name}", REQUEST
    )


@pytest.mark.parametrize(
    "passes",
    [
        "differentiate,differentiate,shrink-tape,shrink-tape",
        f"{TO_REGIONS},form-regions,merge-regions,merge-regions",
        f"{TO_MEMORY},lower-tape-to-memref,waive-tape,waive-tape",
        f"{TO_RINGS},form-streams,form-streams,check-streams,check-streams",
    ],
)
def test_pass_can_run_again(passes):
    text_after(passes, REQUEST)


@pytest.mark.parametrize(
    "end", ["assign-scratchpad,form-streams", "assign-scratchpad,lower-spm-to-blocking"]
)
def test_tape_that_is_placed_behind_the_cache_passes_by(end):
    text_after(
        f"{TO_REGIONS},place-tape{{places=aos}},form-layers,{end},check-streams",
        REQUEST,
    )


def test_one_function_with_tape_is_enough():
    text = f"{REQUEST}\n{EMPTY_TAPE}{FUNCTION.format(name='g')}"
    text_after(f"{TO_RINGS},form-streams", text)


def test_simplify_and_pipeline_take_any_function():
    assert text_after("simplify-adjoints,pipeline-loops", SOURCE) == text_after(
        "", SOURCE
    )


@pytest.mark.parametrize(
    ("passes", "what"),
    [
        ("request-gradient{function=f wrt=0}", "already a request for @f_grad"),
        (
            "differentiate,request-gradient{function=f wrt=0}",
            "already a symbol @f_grad",
        ),
        ("request-gradient{function=g wrt=0}", "no function @g to differentiate; "),
        ("request-gradient{function=g wrt=0}", "functions here: @f"),
    ],
)
def test_request_that_cannot_be(passes, what):
    assert what in refusal(passes, REQUEST)
