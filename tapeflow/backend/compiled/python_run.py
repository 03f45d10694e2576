"""A run of generated source as plain Python: slow, but every line can be debugged."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tapeflow.backend.compiled.emit.generated_program import GeneratedProgram
from tapeflow.backend.compiled.native.python_words import PYTHON_WORDS
from tapeflow.backend.compiled.plain_array import PlainArray
from tapeflow.backend.compiled.run_host import DTYPES, EVENT_WORDS, RunHost
from tapeflow.backend.runtime.execution_error import ExecutionError


class PythonRun:
    """The `run` of generated source."""

    def __init__(self, host: RunHost, constants: Sequence[int]):
        self._host = host
        self.constants = constants
        """Large numbers of the program."""
        self._count = 0
        self.tape_bytes = 0
        """Bytes pushed on tapes."""
        self.allocated_at = 0
        """Byte address of the buffer allocated last."""
        for element in DTYPES:
            setattr(self, f"allocate_{element}", self._allocator(element))
            setattr(self, f"workspace_{element}", self._workspace_maker(element))
            setattr(self, f"grow_{element}", self._grow)

    def call(self, program: GeneratedProgram, arguments: Sequence[Any]) -> list[Any]:
        """The results of the entry function; arrays are `PlainArray`s.

        Raises:
            ExecutionError: a check failed, or the host could not give what was asked.
        """
        namespace = dict(PYTHON_WORDS)
        exec(compile(program.source, "<generated>", "exec"), namespace)
        outcome = namespace[program.entry](self, *arguments)
        self._host.flush(self._count)
        if outcome is None:
            return []
        return list(outcome) if isinstance(outcome, tuple) else [outcome]

    def check(self, condition: bool, site: int, first: int, second: int) -> None:
        """Raise the error of the site unless the condition holds."""
        if not condition:
            raise self._host.failure(site, (first, second))

    def record(self, *words: int) -> None:
        """Append an event."""
        if self._count > EVENT_WORDS:
            self._host.flush(self._count)
            self._count = 0
        end = self._count + len(words)
        self._host.events[self._count : end] = words
        self._count = end

    def expect(self, site: int, records: int, record_bytes: int) -> None:
        """Make sure that there is room for a tape."""
        with self._at(site):
            self._host.expect(records, record_bytes)

    def release(self, site: int, array: PlainArray) -> None:
        """Give a buffer back."""
        with self._at(site):
            self._host.release(array.pointer)

    @contextmanager
    def _at(self, site: int) -> Generator[None]:
        """Errors of the host have the location of the site."""
        try:
            yield
        except ExecutionError as error:
            raise self._host.located(error, site) from None

    def _allocator(self, element: str) -> Callable[[int, int], PlainArray]:
        def allocate(site: int, count: int) -> PlainArray:
            with self._at(site):
                buffer = self._host.allocate(site, element, count)
            self.allocated_at = buffer.block.address
            return PlainArray.of(buffer.storage)

        return allocate

    def _workspace_maker(self, element: str) -> Callable[[int, int], PlainArray]:
        def workspace(site: int, count: int) -> PlainArray:
            with self._at(site):
                return PlainArray.of(self._host.workspace(element, count))

        return workspace

    def _grow(self, site: int, old: PlainArray, count: int, size: int) -> PlainArray:
        with self._at(site):
            return PlainArray.of(self._host.grown(np.asarray(old.memory), count, size))
