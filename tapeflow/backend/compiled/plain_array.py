"""Arrays of generated source that runs as plain Python.

As in machine code, an array is where an element is, and a slice begins at another one:
indices count from there, and a negative one is an element before it, as views with
negative strides need it.
"""

from typing import Any, overload

import numpy as np

from tapeflow.backend.runtime.array_type import Array


class PlainArray:
    """Elements of memory from one on; elements come out as Python numbers."""

    __slots__ = ("_memory", "_start")

    def __init__(self, memory: memoryview, start: int = 0):
        self._memory: Any = memory
        self._start = start

    @staticmethod
    def of(storage: Array) -> "PlainArray":
        """The memory of a NumPy array of one dimension."""
        return PlainArray(storage.data)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> "PlainArray": ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return PlainArray(self._memory, self._start + (place.start or 0))
        return self._memory[self.place(place)]

    def __setitem__(self, place: int, value: float) -> None:
        self._memory[self.place(place)] = value

    def place(self, index: int) -> int:
        """Where in the whole memory an element is.

        Raises:
            IndexError: outside, which the checks of a program exclude.
        """
        place = self._start + index
        if not 0 <= place <= len(self._memory):
            raise IndexError(f"element {place} of {len(self._memory)}")
        return place

    @property
    def memory(self) -> memoryview:
        """The whole memory."""
        return self._memory

    @property
    def pointer(self) -> int:
        """The address of the first element in the process."""
        whole = np.asarray(self._memory)
        return int(whole.ctypes.data) + self._start * whole.itemsize
