"""Numba compilation with a disk cache that notices changes in any file.

Numba's own cache looks only at the file of the compiled function, but a kernel here
calls kernels of other files, which are compiled into it. The cache entry is therefore
stamped with a digest of all sources of the package.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from numba import njit, typeof
from numba.core.caching import FunctionCache, IndexDataCacheFile

from hwmodel.engine.source_digest import source_digest

_LOGGER = logging.getLogger("hwmodel.compilation")
"""Says at level INFO what has to be compiled: up to a minute for the whole model."""


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


def compiled(function: Any, **choices: bool) -> Any:
    """A dispatcher that compiles a function once for each kind of arguments."""
    options: dict[str, Any] = {
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        "_nrt": False,
        **choices,
    }
    dispatcher: Any = njit(**options)(function)
    dispatcher._cache = PackageCache(function)
    return dispatcher


def overload(dispatcher: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The machine code for arguments like these."""
    signature = tuple(typeof(argument) for argument in arguments)
    dispatcher.compile(signature)
    return dispatcher.get_overload(signature)
