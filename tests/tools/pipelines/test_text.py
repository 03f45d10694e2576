"""Pipeline text: both spellings, blanks, quotes, brackets, and what is malformed."""

import pytest
from xdsl.utils.arg_spec import ParameterListType

from tapeflow.tools.pipelines.text import (
    AnchorNode,
    PassNode,
    PipelineError,
    PipelineNode,
    parse_pipeline,
)


def shape(nodes: tuple[PipelineNode, ...]) -> list[object]:
    return [
        [node.name, *shape(node.elements)]
        if isinstance(node, AnchorNode)
        else node.spec.name
        for node in nodes
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n", []),
        ("a", ["a"]),
        ("a,b{x=1 y=2,3},c", ["a", "b", "c"]),
        (" a ,\n b { x = 1\n y } , c ", ["a", "b", "c"]),
        ("builtin.module()", [["builtin.module"]]),
        (
            "builtin.module(a, func.func ( b , c ), d)",
            [["builtin.module", "a", ["func.func", "b", "c"], "d"]],
        ),
        ("2d-slice,x86-set-arch", ["2d-slice", "x86-set-arch"]),
    ],
)
def test_structure(text: str, expected: list[object]) -> None:
    assert shape(parse_pipeline(text).elements) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("{}", {}),
        ("{ }", {}),
        ("{flag}", {"flag": ()}),
        ("{a=1 b=-2}", {"a": (1,), "b": (-2,)}),
        ("{a=1.5 b=1e-3 c=2.}", {"a": (1.5,), "b": (1e-3,), "c": (2.0,)}),
        ("{a=true b=false}", {"a": (True,), "b": (False,)}),
        ("{a=1,2,3}", {"a": (1, 2, 3)}),
        ("{a=[1, 2] b={3,4} c=[]}", {"a": (1, 2), "b": (3, 4), "c": ()}),
        ("{capacity-bytes=8}", {"capacity-bytes": (8,)}),
        (
            "{capacity-bytes=16k a.b_bytes='1M' c=16k}",
            {"capacity-bytes": (16384,), "a.b_bytes": (2**20,), "c": ("16k",)},
        ),
        ("{some-bytes=16kB a_bytes=1.5}", {"some-bytes": ("16kB",), "a_bytes": (1.5,)}),
        (
            "{a=word b=a.b c=aosoa<8>}",
            {"a": ("word",), "b": ("a.b",), "c": ("aosoa<8>",)},
        ),
        ("{a=\"b, {c} = (d)\" e='f'}", {"a": ("b, {c} = (d)",), "e": ("f",)}),
        (r'{a="say \"b\"\n"}', {"a": ('say "b"\n',)}),
        ('{a="1"}', {"a": ("1",)}),
    ],
)
def test_options(options: str, expected: dict[str, ParameterListType]) -> None:
    (node,) = parse_pipeline(f"p{options}").elements
    assert isinstance(node, PassNode)
    assert node.spec.parameters == expected
    for written, given in node.spec.parameters.items():
        assert list(map(type, given)) == list(map(type, expected[written]))


def test_mlir_opt_takes_its_own_text() -> None:
    text = "mlir-opt[cse,a{b=c}], canonicalize"
    (node, after) = parse_pipeline(text).elements
    assert isinstance(node, PassNode)
    assert node.spec.parameters["arguments"][-1] == "builtin.module(cse,a{b=c})"
    assert isinstance(after, PassNode)
    assert after.spec.name == "canonicalize"


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("builtin.module(a", "unbalanced '(': no ')' closes it", 14),
        ("builtin.module(a, func.func(b)", "unbalanced '(': no ')'", 14),
        ("builtin.module(a))", "unbalanced ')': nothing before it is open", 17),
        ("a{b=1", "unbalanced '{': no '}' closes it", 1),
        ("a{b=1)", "unbalanced '{': no '}' closes it", 1),
        ("a}", "unbalanced '}': nothing before it is open", 1),
        ("a{b=[1,2}", "unbalanced '[': no ']' closes it", 4),
        ("mlir-opt[cse", "unbalanced '[': no ']' closes it", 8),
        ('a{b="c}', "this quotation mark is never closed", 4),
        ("a,", "expected the name of a pass here", 2),
        (",a", "expected the name of a pass here", 0),
        ("a,,b", "expected the name of a pass here", 2),
        ("a b", "expected a comma or the end of the pipeline here", 2),
        ("a{b=}", "expected a value here", 4),
        ("a{=1}", "expected the name of an option here", 2),
        ("a{b=1 b=2}", "option 'b' is given twice", 6),
        ("a{b=1, c=2}", "options are separated by blanks, not by commas", 5),
        ("m(a b)", "expected ')' here", 4),
    ],
)
def test_malformed_text(text: str, message: str, position: int) -> None:
    with pytest.raises(PipelineError) as raised:
        parse_pipeline(text)
    assert message in raised.value.message
    assert raised.value.position == position


def test_the_caret_stands_below_the_fault() -> None:
    with pytest.raises(PipelineError) as raised:
        parse_pipeline("a,\n\tb{c=}")
    assert str(raised.value) == "expected a value here\n   b{c=}\n       ^"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" a ,\n b { x = 1\n y } ", "a,b{x=1 y}"),
        ("builtin.module(a, func.func ( b ))", "builtin.module(a,func.func(b))"),
        ("a{b=[1, 2] c=word d=true}", 'a{b=1,2 c="word" d=true}'),
    ],
)
def test_a_tree_prints_as_text_that_gives_the_tree(text: str, canonical: str) -> None:
    pipeline = parse_pipeline(text)
    assert pipeline.name == text
    assert str(pipeline) == str(parse_pipeline(canonical)) == canonical


def test_an_error_of_another_pass_in_its_place_shows_what_was_written() -> None:
    (_, node) = parse_pipeline("a,b{c=1}").elements
    assert isinstance(node, PassNode)
    error = node.saying("d", {"c": (1,), "e": (2,)}).error("no", "c")
    assert str(error) == "no\n  a,b{c=1}\n      ^"
