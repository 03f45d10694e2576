"""What a running compiled program asks of its host: memory, and time for its events.

The same host serves machine code (`native_run`) and uncompiled Python (`python_run`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import memref
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.traits import SymbolTable

from tapeflow.backend.compiled.emit.buffer_view import ELEMENT_NAMES
from tapeflow.backend.compiled.emit.generated_program import EventTable, Site
from tapeflow.backend.compiled.event_consumer import EventConsumer
from tapeflow.backend.runtime.buffer import Buffer, unwritten
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.backend.runtime.memory_budget import TAPE
from tapeflow.backend.runtime.run_memory import RunMemory, is_tape, skew_of

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(numpy_name) for numpy_name, name in ELEMENT_NAMES.items()
}
"""Element name in generated code to its NumPy type."""

EVENT_WORDS = 1 << 15
"""Words of events between two calls of the machine model."""

Array = NDArray[Any]


class RunHost:
    """Memory, events and failures of one run."""

    def __init__(
        self,
        sites: Sequence[Site],
        memory: RunMemory,
        machine: EventConsumer | None,
        table: EventTable | None,
    ):
        self._sites = sites
        self.memory = memory
        self._machine = machine
        self._table = table
        self._buffers: dict[int, Buffer] = {}
        self._globals: dict[str, Buffer] = {}
        self._times = np.zeros(1 if table is None else table.slots, np.int64)
        self.longest_event = 1 if table is None else table.longest_event
        size = EVENT_WORDS + self.longest_event if table is not None else 1
        self.events = np.zeros(size, np.int64)

    def adopt(self, name: str, array: Array) -> Buffer:
        """Give an argument its address."""
        buffer = self.memory.adopt(name, array)
        self._buffers[_pointer(buffer.storage)] = buffer
        return buffer

    def allocate(self, site: int, element: str, count: int) -> Buffer:
        """A new buffer of `count` elements, or the global that the site asks for."""
        op = self._sites[site].op
        if isinstance(op, memref.GetGlobalOp):
            return self._global(op, element, count)
        result = op.results[0]
        default = (
            "buffer" if isinstance(op, memref.AllocOp | memref.AllocaOp) else "arena"
        )
        name = result.name_hint or default
        what = TAPE if default == "arena" or is_tape(op) else f"buffer '{name}'"
        self.memory.budget.take(count * DTYPES[element].itemsize, what)
        return self._new(name, element, count, skew_of(op))

    def release(self, pointer: int) -> None:
        """Give a buffer back.

        Raises:
            ExecutionError: no buffer begins there, or it was given back before.
        """
        buffer = self._buffers.pop(pointer, None)
        if buffer is None:
            raise ExecutionError(
                "this is no buffer that can be deallocated: it was deallocated before, "
                "or it is a part of one"
            )
        self.memory.release(buffer.block)

    def workspace(self, element: str, count: int) -> Array:
        """Zeroed memory for the engine's own use, on behalf of a tape."""
        size_bytes = max(1, count) * DTYPES[element].itemsize
        self.memory.budget.take(size_bytes, TAPE)
        return np.zeros(max(1, count), DTYPES[element])

    def grown(self, old: Array, count: int, size: int) -> Array:
        """A workspace of `size` elements that begins with `count` old ones."""
        self.memory.budget.take(size * old.itemsize, TAPE)
        array = np.zeros(size, old.dtype)
        array[:count] = old[:count]
        self.memory.budget.give_back(old.nbytes)
        return array

    def expect(self, records: int, record_bytes: int) -> None:
        """Make sure that there is memory for a tape of so many records.

        Raises:
            ExecutionError: there is not.
        """
        self.memory.budget.expect_tape(records, record_bytes)

    def flush(self, count: int) -> None:
        """Let the machine work on the first `count` words of events."""
        if self._machine is not None and self._table is not None and count:
            end_bytes = self.memory.end_bytes
            self._machine(self._table, self._times, self.events, count, end_bytes)

    def failure(self, site: int, details: Sequence[int]) -> ExecutionError:
        """The error of a check that failed."""
        place = self._sites[site]
        return ExecutionError(place.message.format(*details), location_of(place.op))

    def located(self, error: ExecutionError, site: int) -> ExecutionError:
        """An error with the location of a site, if it has none."""
        if error.location is None:
            error.location = location_of(self._sites[site].op)
        return error

    def owner(self, pointer: int) -> Buffer:
        """The buffer that a pointer points into."""
        for start, buffer in self._buffers.items():
            if start <= pointer < start + max(1, buffer.storage.nbytes):
                return buffer
        raise ExecutionError("a result is a buffer that was deallocated")

    def _new(
        self, name: str, element: str, count: int, skew_lines: int | None = None
    ) -> Buffer:
        dtype = DTYPES[element]
        block = self.memory.block(name, count * dtype.itemsize, skew_lines)
        storage = unwritten(dtype, max(1, count))
        buffer = Buffer.contiguous(block, storage, (count,))
        self._buffers[_pointer(storage)] = buffer
        return buffer

    def _global(self, op: memref.GetGlobalOp, element: str, count: int) -> Buffer:
        name = op.name_.string_value()
        if name not in self._globals:
            definition = SymbolTable.lookup_symbol(op, op.name_)
            assert isinstance(definition, memref.GlobalOp)
            self.memory.budget.take(
                count * DTYPES[element].itemsize, f"buffer '{name}'"
            )
            buffer = self._new(name, element, count)
            initial = definition.initial_value
            if isinstance(initial, DenseIntOrFPElementsAttr):
                values = list(initial.get_values())
                buffer.storage[:count] = values[0] if len(values) == 1 else values
            self._globals[name] = buffer
        return self._globals[name]


def _pointer(array: Array) -> int:
    return int(array.ctypes.data)
