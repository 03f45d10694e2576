"""Run-time tapes before they have an address: abstract stacks and tape regions."""

from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import TAPE, MemoryBudget

Record = tuple[float, ...]

_BYTES, _BYTES_OF_FIELD = 48, 32
"""What Python takes for a tuple in a list, and for a number in the tuple."""
_FEWEST = 1024
"""Records that memory is taken for at once."""


class TapeStack:
    """A stack of records, bounded where a capacity is given."""

    def __init__(
        self, record_bytes: int, budget: MemoryBudget, capacity: int | None = None
    ):
        """Raises ExecutionError if the machine has no room for the capacity."""
        self.record_bytes = record_bytes
        """Bytes a push counts for."""
        self._budget = budget
        self._capacity = capacity
        self._records: list[Record] = []
        self._granted = 0
        if capacity is not None:
            budget.expect_tape(capacity, record_bytes)

    def push(self, record: Record) -> None:
        """Raises ExecutionError if the capacity is used up, or the memory."""
        if self._capacity is not None and len(self._records) >= self._capacity:
            raise ExecutionError(
                f"push to a full tape region: its capacity is {self._capacity} records"
            )
        if len(self._records) == self._granted:
            more = max(_FEWEST, self._granted)
            self._budget.take(more * (_BYTES + _BYTES_OF_FIELD * len(record)), TAPE)
            self._granted += more
        self._records.append(record)

    def pop(self) -> Record:
        """Raises ExecutionError if nothing is left."""
        if not self._records:
            raise ExecutionError("pop from an empty tape")
        return self._records.pop()


class TiledTape(TapeStack):
    """A tape region cut into tiles; the discipline of its layers is enforced.

    The current tile is the only one that records are pushed to and popped from.
    """

    def __init__(
        self,
        record_bytes: int,
        budget: MemoryBudget,
        capacity: int | None,
        tile_records: int,
    ):
        super().__init__(record_bytes, budget, capacity)
        self._tile_records = tile_records
        self._tile = 0
        self._filled = 0

    def push(self, record: Record) -> None:
        """Raises ExecutionError if the current tile is full."""
        if self._filled == self._tile_records:
            raise ExecutionError(
                f"push to a full tile: tile {self._tile} holds its "
                f"{self._tile_records} records; advance first"
            )
        super().push(record)
        self._filled += 1

    def pop(self) -> Record:
        """Raises ExecutionError if the current tile is used up."""
        if self._filled == 0:
            raise ExecutionError(
                f"pop from a used-up tile: tile {self._tile} has no record left; "
                "retreat first"
            )
        self._filled -= 1
        return super().pop()

    def advance(self) -> int:
        """Begin the next tile if the current one is full.

        Returns:
            Records that can still be pushed to the current tile.
        """
        if self._filled == self._tile_records:
            self._tile += 1
            self._filled = 0
        return self._tile_records - self._filled

    def retreat(self) -> int:
        """Make the previous tile current if this one is used up.

        Returns:
            Records that can still be popped from the current tile.

        Raises:
            ExecutionError: there is no previous tile.
        """
        if self._filled == 0:
            if self._tile == 0:
                raise ExecutionError("retreat below the first tile of a tape region")
            self._tile -= 1
            self._filled = self._tile_records
        return self._filled
