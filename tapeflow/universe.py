"""What tapeflow adds to xDSL: five dialects and its passes.

xDSL's tools find `TAPEFLOW` through the entry point group `xdsl.universe`, so plain
`xdsl-opt` knows our dialects and passes once tapeflow is installed. Dialects
and passes are loaded when their factories are called.
"""

from collections.abc import Callable
from functools import cache

from xdsl.context import Context
from xdsl.ir import Dialect
from xdsl.universe import Universe

from tapeflow.transforms import get_all_passes


def _ad() -> Dialect:
    from tapeflow.dialects.ad import Ad

    return Ad


def _tape() -> Dialect:
    from tapeflow.dialects.tape import Tape

    return Tape


def _spm() -> Dialect:
    from tapeflow.dialects.spm import Spm

    return Spm


def _stream() -> Dialect:
    from tapeflow.dialects.stream import Stream

    return Stream


def _address() -> Dialect:
    from tapeflow.dialects.address import Address

    return Address


DIALECTS: dict[str, Callable[[], Dialect]] = {
    "ad": _ad,
    "tape": _tape,
    "spm": _spm,
    "stream": _stream,
    "address": _address,
}
"""Dialect name to its factory, in the order of the levels."""

TAPEFLOW = Universe(all_dialects=dict(DIALECTS), all_passes=get_all_passes())
"""The universe that the entry point `tapeflow` names."""


@cache
def multiverse() -> Universe:
    """All dialects, passes and targets that are installed, looked for once."""
    return Universe.get_multiverse()


def full_context() -> Context:
    """A context in which every dialect that is installed is registered."""
    context = Context()
    for name, factory in multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context
