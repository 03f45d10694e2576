"""A run of machine code: words for its state, callbacks into the host."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tapeflow.backend.compiled.emit.generated_program import GeneratedProgram
from tapeflow.backend.compiled.native.interruptible import call_interruptibly
from tapeflow.backend.compiled.native.machine_code import MachineCode
from tapeflow.backend.compiled.native.run_layout import (
    HOST_FAILED,
    RUN_WORDS,
    SUCCEEDED,
    TRAPPED,
)
from tapeflow.backend.compiled.native.types import ELEMENTS
from tapeflow.backend.compiled.run_host import (
    EVENT_WORDS,
    Array,
    RunHost,
)
from tapeflow.backend.runtime.execution_error import ExecutionError

_WORD = ctypes.c_int64
_WORD_BYTES = 8
_NUMBERS = {name: number for number, name in enumerate(RUN_WORDS)}
_INTEGERS = {"bool": bool}
_ELEMENTS = [name.removesuffix("_array") for name in ELEMENTS]


class NativeRun:
    """One call of machine code."""

    def __init__(self, host: RunHost, constants: Sequence[int]):
        self._host = host
        self._error: BaseException | None = None
        self._is_stopped = False
        self._words = np.zeros(len(RUN_WORDS), np.int64)
        self._workspaces: dict[int, tuple[int, Array]] = {}
        self._workspace_of_site: dict[int, int] = {}
        self._callbacks = [
            self._callback("flush", self._flush, 0),
            self._callback("allocate", self._allocate, 3),
            self._callback("workspace", self._workspace, 3),
            self._callback("grow", self._grow, 5),
            self._callback("release", self._release, 2),
            self._callback("expect", self._expect, 3),
        ]
        self._constants = np.array(constants or (0,), np.int64)
        self._set("constants", self._constants.ctypes.data)
        self._events = int(host.events.ctypes.data)
        self._set("event_end", self._events)
        self._set("event_limit", self._events + _WORD_BYTES * EVENT_WORDS)

    def call(
        self, code: MachineCode, program: GeneratedProgram, arguments: Sequence[Any]
    ) -> list[Any]:
        """The results of the entry function; arrays are given and come as pointers.

        Raises:
            ExecutionError: a check failed, or the host could not give what was asked.
            KeyboardInterrupt: the user has interrupted the run.
        """
        words = np.zeros(max(1, len(arguments)), np.int64)
        for number, (argument, type_) in enumerate(
            zip(arguments, program.parameters, strict=True)
        ):
            if type_ == "float":
                words[number : number + 1].view(np.float64)[0] = argument
            else:
                words[number] = argument
        results = np.zeros(max(1, len(program.results)), np.int64)

        def enter() -> int:
            rows = (self._words, words, results)
            return code.entry(*(int(row.ctypes.data) for row in rows))

        self._leave(call_interruptibly(enter, self._stop))
        floats = results.view(np.float64)
        return [
            float(floats[n]) if t == "float" else _INTEGERS.get(t, int)(results[n])
            for n, t in enumerate(program.results)
        ]

    @property
    def tape_bytes(self) -> int:
        """Bytes pushed on tapes."""
        return int(self._words[_NUMBERS["tape_bytes"]])

    def _leave(self, status: int) -> None:
        if status == TRAPPED:
            details = [int(self._words[_NUMBERS[n]]) for n in ("detail0", "detail1")]
            raise self._host.failure(int(self._words[_NUMBERS["site"]]), details)
        if status == HOST_FAILED:
            assert self._error is not None
            raise self._error
        assert status == SUCCEEDED
        self._flush()

    def _stop(self) -> None:
        self._is_stopped = True

    def _set(self, word: str, value: int) -> None:
        self._words[_NUMBERS[word]] = value

    def _callback(self, word: str, action: Callable[..., int], words: int) -> object:
        """Hand a method to machine code; exceptions wait for the end of the call."""

        def guarded(_run: int, *arguments: int) -> int:
            try:
                if self._is_stopped:
                    raise KeyboardInterrupt
                return action(*arguments)
            except ExecutionError as error:
                self._error = error
                if words:
                    self._host.located(error, arguments[0])
            except MemoryError:
                self._error = ExecutionError("the program asks for too much memory")
            except BaseException as error:  # machine code cannot pass it on
                self._error = error
            return HOST_FAILED if word in ("flush", "release", "expect") else 0

        function = ctypes.CFUNCTYPE(_WORD, *([_WORD] * (words + 1)))(guarded)
        self._set(word, ctypes.cast(function, ctypes.c_void_p).value or 0)
        return function

    def _flush(self) -> int:
        end = int(self._words[_NUMBERS["event_end"]])
        self._host.flush((end - self._events) // _WORD_BYTES)
        self._set("event_end", self._events)
        return SUCCEEDED

    def _allocate(self, site: int, count: int, element: int) -> int:
        buffer = self._host.allocate(site, _ELEMENTS[element], count)
        self._set("allocated_at", buffer.block.address)
        return int(buffer.storage.ctypes.data)

    def _workspace(self, site: int, count: int, element: int) -> int:
        """The site's earlier workspace is out of use: its tape's scope has ended."""
        _, out_of_use = self._workspaces.pop(
            self._workspace_of_site.get(site, 0), (site, None)
        )
        if out_of_use is not None:
            self._host.memory.budget.give_back(out_of_use.nbytes)
        return self._keep(site, self._host.workspace(_ELEMENTS[element], count))

    def _grow(self, _site: int, old: int, count: int, size: int, _element: int) -> int:
        site, array = self._workspaces.pop(old)
        return self._keep(site, self._host.grown(array, count, size))

    def _keep(self, site: int, array: Array) -> int:
        pointer = int(array.ctypes.data)
        self._workspaces[pointer] = (site, array)
        self._workspace_of_site[site] = pointer
        return pointer

    def _expect(self, _site: int, records: int, record_bytes: int) -> int:
        self._host.expect(records, record_bytes)
        return SUCCEEDED

    def _release(self, site: int, pointer: int) -> int:
        del site
        self._host.release(pointer)
        return SUCCEEDED
