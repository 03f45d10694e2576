"""Finished runs on disk, so that a comparison that was ended early can go on.

A kept run is one JSON file, `PROGRAM-ASKED-SOURCES.json`. ASKED is a digest of what was
asked for: program, size, seed, passes, machine, engine, and the contents of a user's
files. SOURCES is one of what answers: every source file of the compiler and the machine
model, and the versions of the packages below them. A run of other sources is therefore
never taken for one of these, but it is seen.
"""

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import requires, version
from pathlib import Path
from typing import BinaryIO

import hwmodel
import tapeflow
from hwmodel import Work
from tapeflow.tools.bench.cases import CaseSource, FileSource
from tapeflow.tools.bench.tasks import Answer, Task
from tapeflow.tools.output_files import OutputError, write_outputs

_SUFFIXES = (".py", ".mlir", ".csv")


class KeptRuns:
    """Finished runs in a directory, which is made; None keeps nothing.

    A run that was refused is not kept: what it lacked, such as memory, may be there
    the next time.

    Raises:
        OutputError: the directory cannot be made, or nothing can be written to it.
    """

    def __init__(self, directory: Path | None):
        self.directory = directory
        self._contents: dict[CaseSource, str] = {}
        """Digests of a user's files: of those that this comparison reads."""
        if directory is None:
            return
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "is a file" if directory.exists() else error.strerror
            raise OutputError(f"{directory}: no directory of runs: {reason}") from None
        if not os.access(directory, os.W_OK):
            raise OutputError(f"{directory}: is not writable")

    def about(self, tasks: Sequence[Task]) -> Iterator[str]:
        """Sentences: how many of these tasks are kept, how many of other sources."""
        if self.directory is None:
            return
        asked = [self._asked(task) for task in tasks]
        named = {path.stem for path in self.directory.glob("*.json")}
        kept = [one for one in asked if f"{one}-{_sources()}" in named]
        if kept:
            yield f"{len(kept)} of {len(tasks)} runs are kept in {self.directory}"
        others = {name.rpartition("-")[0] for name in named}.difference(kept)
        if outdated := len(others.intersection(asked)):
            yield (
                f"{outdated} of {len(tasks)} runs are kept in {self.directory}, but of "
                "other sources of tapeflow or other packages; they run again"
            )

    def find(self, task: Task) -> Answer | None:
        """The answer of a finished run; None if it has to be run."""
        if self.directory is None:
            return None
        with suppress(OSError, ValueError):
            answer = json.loads(self._path(self.directory, task).read_text("utf-8"))
            return Work(**answer) if task.arm is None else answer
        return None

    def keep(self, task: Task, answer: Answer | None) -> None:
        """Write down a finished run, whole or not at all."""
        if self.directory is None or answer is None:
            return
        content = asdict(answer) if isinstance(answer, Work) else answer
        if content.get("error") is None:
            # Unlike the rows of --json these have nan as a number: they are read again.
            text = json.dumps(content, indent=1).encode()

            def write(file: BinaryIO) -> None:
                file.write(text)

            write_outputs({self._path(self.directory, task): write})

    def _path(self, directory: Path, task: Task) -> Path:
        return directory / f"{self._asked(task)}-{_sources()}.json"

    def _asked(self, task: Task) -> str:
        source = task.source
        if source not in self._contents:
            self._contents[source] = _contents(source)
        return f"{source.program}-{_digest(repr(task), self._contents[source])}"


def _contents(source: CaseSource) -> str:
    """A digest of a user's files; those of benchmark programs are sources."""
    if not isinstance(source, FileSource):
        return ""
    paths = (source.path, source.inputs, source.seeds)
    return _digest(*(path.read_bytes() for path in paths if path is not None))


@cache
def _sources() -> str:
    """A digest of what answers: sources, the packages below them, and Python."""
    parts: list[str | bytes] = [platform.python_version(), platform.machine()]
    for requirement in requires("tapeflow") or ():
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement)[0]
            parts.append(f"{name} {version(name)}")
    for package in (tapeflow, hwmodel):
        root = Path(package.__path__[0])
        for path in sorted(p for p in root.rglob("*") if p.suffix in _SUFFIXES):
            parts += [str(path.relative_to(root)), path.read_bytes()]
    return _digest(*parts)


def _digest(*parts: str | bytes) -> str:
    """The beginning of a SHA-256 over the digests of some parts."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()[:16]
