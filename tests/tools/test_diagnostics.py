"""Exceptions of every kind become one message with the best place there is."""

import pytest
from xdsl.dialects import test
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
)
from xdsl.utils.exceptions import PassFailedException

from hwmodel.description.errors import MachineError
from tapeflow.frontend.input_error import InputError, InputPlace
from tapeflow.tools.diagnostics import Message, message_of, operation_of, place_of
from tapeflow.tools.output_files import OutputError

HERE = FileLineColLoc(StringAttr("f.mlir"), IntAttr(3), IntAttr(8))


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (UNKNOWN_LOC, None),
        (HERE, "f.mlir:3:8"),
        (NameLoc(StringAttr("loop"), HERE), "f.mlir:3:8"),
        (NameLoc(StringAttr("loop"), NoneAttr()), None),
        (CallSiteLoc(UNKNOWN_LOC, HERE), "f.mlir:3:8"),
        (FusedLoc((UNKNOWN_LOC, HERE), NoneAttr()), "f.mlir:3:8"),
        (FusedLoc((), NoneAttr()), None),
    ],
)
def test_place_of(location: LocationAttr, place: str | None) -> None:
    assert place_of(location) == place


def failure(location: LocationAttr = UNKNOWN_LOC) -> PassFailedException:
    op = test.TestOp()
    op.location = location
    with pytest.raises(PassFailedException) as raised:
        op.emit_error("shown in the module", PassFailedException("no rule"))
    assert operation_of(raised.value) is op
    return raised.value


def test_a_diagnostic_is_placed_at_its_operation() -> None:
    message = message_of(failure(HERE), during="in pass 'p'")
    rendered = "f.mlir:3:8: error: no rule (in pass 'p')"
    assert message.render("tool") == rendered


def test_a_diagnostic_without_a_place_names_the_tool() -> None:
    assert message_of(failure()).render("tool") == "tool: error: no rule"
    plain = PassFailedException("no rule")
    assert message_of(plain).render("tool") == "tool: error: no rule"


@pytest.mark.parametrize(
    ("error", "rendered"),
    [
        (InputError("bad", source="f.mlir"), "f.mlir: error: bad"),
        (InputError("bad"), "tool: error: bad"),
        (
            InputError("bad", InputPlace("f.mlir", 3, 2, "a bc", 2)),
            "f.mlir:3:2: error: bad\na bc\n ^^",
        ),
        (FileNotFoundError(2, "No such file", "x"), "x: error: no such file"),
        (OSError(28, "No space left"), "tool: error: no space left"),
        (
            MachineError("ports must be 1 or more"),
            "tool: error: ports must be 1 or more",
        ),
        (OutputError("x: is a directory"), "tool: error: x: is a directory"),
        (RecursionError(), "tool: error: the program is nested too deeply"),
        (KeyError("k"), "tool: error: internal error: KeyError: 'k'"),
        (AssertionError(), "tool: error: internal error: AssertionError"),
    ],
)
def test_other_errors(error: BaseException, rendered: str) -> None:
    assert message_of(error).render("tool") == rendered


def test_errors_of_the_compiler_itself_are_marked() -> None:
    assert message_of(KeyError("k")).is_internal
    assert not message_of(MachineError("bad")).is_internal
    assert message_of(MachineError("bad")) == Message("bad")
