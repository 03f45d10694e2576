"""`kernel`: Numba compilation with a disk cache that notices changes in any file.

Numba's own cache looks only at the file of the compiled function, but a kernel here
calls kernels of other files, which are compiled into it. The cache entry is therefore
stamped with a digest of all sources of the package.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import config, njit, typeof
from numba.core.caching import FunctionCache, IndexDataCacheFile

Function = TypeVar("Function", bound=Callable[..., Any])

at = np.uint64
"""An array index known not to be negative.

Numba tests each signed index for counting from the end; on the hot paths these tests
are a third of the time.
"""

_PACKAGE = Path(__file__).parents[1]

_LOGGER = logging.getLogger("hwmodel.compilation")
"""Says at level INFO what has to be compiled: up to a minute for the whole model."""


@cache
def source_digest() -> str:
    """SHA-256 over the package's Python sources and figures, in name order."""
    digest = hashlib.sha256()
    for path in sorted([*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.csv")]):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class CacheFile(IndexDataCacheFile):
    """Numba's cache on disk, in which an entry that cannot be read counts as absent.

    Numba unpickles an index before it compares stamps, and what an older version of
    the package wrote names classes that may be elsewhere now, or nowhere.
    """

    def load(self, key: Any) -> Any:
        """What is kept under a key; None if there is nothing that can be read."""
        try:
            return super().load(key)
        except Exception:
            return None

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except Exception:
            return {}


class PackageCache(FunctionCache):
    """Numba's function cache, valid as long as no source of the package changes."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = CacheFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=source_digest(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature; None if there is none, so that it is compiled."""
        found = super().load_overload(sig, target_context)
        if found is None:
            _LOGGER.info("compiling %s", self._name)
        return found


def kernel(function: Function) -> Function:
    """Compile `function` to be called by other kernels and from Python.

    Kernels know no Python objects and no reference counts (they only borrow arrays),
    divide as IEEE says, and are compiled into their callers. With
    `NUMBA_DISABLE_JIT=1` the function stays plain Python.
    """
    return _compiled(function, forceinline=True, no_cpython_wrapper=False)


def inner_kernel(function: Function) -> Function:
    """Compile `function` to be called by other kernels only, which compiles faster."""
    return _compiled(function, forceinline=True, no_cpython_wrapper=True)


def separate_kernel(function: Function) -> Function:
    """Compile `function` to be called by other kernels without being part of them.

    For what is large and rare: callers compile faster, but a call hands over all
    arrays of a machine one by one.
    """
    return _compiled(function, forceinline=False, no_cpython_wrapper=True)


def _compiled(function: Any, **choices: bool) -> Any:
    options: dict[str, Any] = {
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        "_nrt": False,
        **choices,
    }
    compiled: Any = njit(**options)(function)
    if not is_disabled():
        compiled._cache = PackageCache(function)
    return compiled


def is_disabled() -> bool:
    """Whether Numba is told to leave functions as plain Python."""
    return bool(getattr(config, "DISABLE_JIT", 0))


def entry_point(compiled: Any, *arguments: Any) -> Callable[..., Any]:
    """The machine code of `compiled` for arguments like these, without dispatch.

    Choosing code by argument types costs several times a call of `step` itself when
    the arguments are tuples of arrays.
    """
    if is_disabled():
        return compiled
    signature = tuple(typeof(argument) for argument in arguments)
    compiled.compile(signature)
    return compiled.get_overload(signature)
