"""Object code on disk, so that a program seen before starts at once.

A file's name is a digest of all it depends on: the generated source, the sources of
the compiler from that source to machine code, the versions of Python and LLVM, and the
processor. Files are written aside and renamed, so concurrent runs never see a part of
one; each begins with a digest of its own contents, and a damaged one counts as absent.
The directory may be removed at any time.
"""

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from functools import cache
from pathlib import Path

from tapeflow.backend.compiled import native
from tapeflow.backend.compiled.native.machine_code import host_description

MOST_FILES = 4096
"""Beyond so many files the older half is removed."""

_DIGEST_BYTES = 32


def cache_directory() -> Path:
    """$TAPEFLOW_CACHE_DIR, else `tapeflow` in $XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("TAPEFLOW_CACHE_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "tapeflow"


@cache
def _compiler_digest() -> bytes:
    """What object code depends on besides the generated source."""
    digest = hashlib.sha256(host_description().encode())
    digest.update(sys.version.encode())
    for path in sorted(Path(native.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def key_of(source: str, entry: str, thorough: bool = True) -> str:
    """The name under which a program's object code is kept; comments do not matter."""
    code = re.sub(r"  #.*", "", source)
    digest = hashlib.sha256(_compiler_digest())
    digest.update(f"{entry} {thorough}\n{code}".encode())
    return digest.hexdigest()


def load(key: str) -> bytes | None:
    """The object code kept under a key, None if there is none that is whole."""
    try:
        content = (cache_directory() / f"{key}.o").read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def save(key: str, code: bytes) -> None:
    """Keep object code under a key; where that is impossible, go on without."""
    directory = cache_directory()
    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        _make_room(directory)
        handle, aside = tempfile.mkstemp(dir=directory, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(aside, directory / f"{key}.o")
        except OSError:
            Path(aside).unlink(missing_ok=True)


def _make_room(directory: Path) -> None:
    files = list(directory.glob("*.o"))
    if len(files) < MOST_FILES:
        return

    def written(path: Path) -> float:
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
        return 0.0

    for path in sorted(files, key=written)[: len(files) // 2]:
        path.unlink(missing_ok=True)
