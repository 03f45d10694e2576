"""What is said of the options of passes, and that `help` says it."""

import pydoc
from dataclasses import dataclass
from typing import Literal

from xdsl.utils.arg_spec import ArgSpecConvertible

import tapeflow.transforms
from tapeflow.transforms.building.option_help import (
    describe_options,
    field_docstrings,
    option_defaults,
)


@dataclass(frozen=True)
class Example(ArgSpecConvertible):
    """An example."""

    name = "example"

    function: str
    """What to look at,
    on two lines."""
    size_bytes: int | float = 8
    """How much."""
    shape: Literal["round", "flat"] = "flat"
    silent: bool = False
    """Whether nothing is said."""
    places: tuple[int, ...] = ()
    """Where."""


@dataclass(frozen=True)
class Derived(Example):
    """An example with another meaning of an option."""

    size_bytes: int | float = 9
    """How much of it."""


def test_options():
    assert describe_options(Example) == {
        "function": "What to look at, on two lines. Takes a word; required.",
        "size-bytes": "How much. Takes a number; by default 8.",
        "shape": "Takes round or flat; by default flat.",
        "silent": "Whether nothing is said. Takes true or false; by default false.",
        "places": "Where. Takes whole numbers separated by commas; optional.",
    }


def test_inherited_options_are_told_and_may_change():
    told = describe_options(Derived)
    assert told["size-bytes"] == "How much of it. Takes a number; by default 9."
    assert told["places"] == describe_options(Example)["places"]


def test_defaults_as_written():
    assert option_defaults(Example) == {
        "function": None,
        "size-bytes": "8",
        "shape": "flat",
        "silent": "false",
        "places": "",
    }


def test_a_class_without_source_has_no_meanings():
    assert field_docstrings(int) == {}


def test_help_shows_options_once():
    assert tapeflow.transforms.PlaceTapePass is tapeflow.transforms.PlaceTapePass
    shown = pydoc.render_doc(tapeflow.transforms.PlaceTapePass)
    assert shown.count("Options:") == 1
    assert "rank: 0 for the best plan by the estimates" in shown
    assert "Options:" not in pydoc.render_doc(tapeflow.transforms.LowerSourcePass)
