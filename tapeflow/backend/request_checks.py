"""Checks of what a caller in Python hands over, where types are not checked."""

from collections.abc import Iterable, Sequence
from operator import index

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from hwmodel import Machine
from tapeflow.backend.runtime.array_type import RequestError


def check_module(module: object) -> None:
    """Raises RequestError for what is no module, such as the name of a file."""
    if not isinstance(module, ModuleOp):
        raise RequestError(
            f"module is {module!r}; read one with "
            "tapeflow.frontend.reader.read_module(path, context)"
        )


def checked_positions(what: str, positions: object) -> tuple[int, ...]:
    """Argument numbers as integers.

    Raises:
        RequestError: no list, or something in it that is no number.
    """
    remedy = "give argument numbers, counted from 0, in a list such as [0]"
    if not isinstance(positions, Iterable) or isinstance(positions, str):
        raise RequestError(f"{what} is {positions!r}; {remedy}")
    numbers: list[int] = []
    for position in positions:
        try:
            numbers.append(index(position))
        except TypeError:
            message = f"{what} holds {position!r}, which is no number; {remedy}"
            raise RequestError(message) from None
    return tuple(numbers)


def check_passes(passes: Sequence[object]) -> None:
    """Raises RequestError for what is no pass, such as the class or the name of one."""
    for number, pass_ in enumerate(passes):
        if isinstance(pass_, ModulePass):
            continue
        if isinstance(pass_, type) and issubclass(pass_, ModulePass):
            name = pass_.__name__
            found = f"the class {name}; give an instance of it: {name}()"
        else:
            found = f"{pass_!r}; give an instance of a pass of tapeflow.transforms"
        raise RequestError(f"passes[{number}] is {found}")


def check_machine(machine: object) -> None:
    """Raises RequestError for what is no machine, such as the name of one."""
    if not isinstance(machine, Machine | None):
        raise RequestError(
            f"machine is {machine!r}; give a description, such as "
            'hwmodel.preset("fair")'
        )
