"""`kernel`: functions that run as plain Python or, once there is much to do, compiled.

Numba takes half a second to import and to load what it has compiled before, longer than
plain Python takes for some hundred operations. So kernels stay plain functions until
`chosen` is asked for more work than that. What `machine_code` then compiles are copies
that call each other's machine code; both leave the same in the arrays, so a run may
change over at any call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

at = np.uint64
"""An array index known not to be negative.

Numba tests each signed index for counting from the end; on the hot paths these tests
are a third of the time.
"""

MOST_PLAIN_WORK = 4000
"""Micro-operations, about, that a process runs in plain Python before it compiles."""

_IS_DISABLED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_CHOICES: dict[Any, dict[str, bool]] = {}
"""How each kernel is compiled."""


def kernel(function: Function) -> Function:
    """Let `function` be called by other kernels and, through `chosen`, from Python.

    Kernels know no Python objects and no reference counts (they only borrow arrays),
    divide as IEEE says, and are compiled into their callers. With
    `NUMBA_DISABLE_JIT=1` they always run as plain Python.
    """
    return _noted(function, forceinline=True, no_cpython_wrapper=False)


def inner_kernel(function: Function) -> Function:
    """Let `function` be called by other kernels only, which compiles faster."""
    return _noted(function, forceinline=True, no_cpython_wrapper=True)


def separate_kernel(function: Function) -> Function:
    """Let `function` be called by other kernels without being part of them.

    For what is large and rare: callers compile faster, but a call hands over all
    arrays of a machine one by one.
    """
    return _noted(function, forceinline=False, no_cpython_wrapper=True)


def _noted(function: Function, **choices: bool) -> Function:
    _CHOICES[function] = choices
    return function


class Done:
    """What this process has run in plain Python so far, in micro-operations."""

    work = 0


def is_plain(work: int) -> bool:
    """Whether so many micro-operations more are to be run in plain Python."""
    if Done.work <= MOST_PLAIN_WORK:
        Done.work += work
    return _IS_DISABLED or Done.work <= MOST_PLAIN_WORK


def chosen(function: Function, work: int) -> Function:
    """A kernel as it is best run for so many micro-operations."""
    return function if is_plain(work) else machine_code(function)


@cache
def machine_code(function: Any) -> Any:
    """The dispatcher of a kernel, whose copies of other kernels are compiled, too."""
    if _IS_DISABLED:
        return function
    # Imported late: short runs do without.
    from hwmodel.engine.compiled import compiled

    names = {**function.__globals__}
    for name in function.__code__.co_names:
        value = names.get(name)
        if isinstance(value, FunctionType) and value in _CHOICES:
            names[name] = machine_code(value)
    copy = FunctionType(function.__code__, names, function.__name__)
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__
    return compiled(copy, **_CHOICES[function])


def is_disabled() -> bool:
    """Whether the environment says to leave functions as plain Python."""
    return _IS_DISABLED


def entry_point(function: Any, *arguments: Any) -> Callable[..., Any]:
    """The machine code of a kernel for arguments like these, without dispatch.

    Choosing code by argument types costs several times a call of `step` itself when
    the arguments are tuples of arrays.
    """
    if _IS_DISABLED:
        return function
    from hwmodel.engine.compiled import overload

    return overload(machine_code(function), arguments)
