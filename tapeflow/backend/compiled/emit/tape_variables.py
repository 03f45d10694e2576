"""The variables of generated Python that hold a tape."""

from dataclasses import dataclass
from typing import TypeAlias

from tapeflow.dialects.spm import RingType


@dataclass(frozen=True)
class StackVariables:
    """A stack or region above the level of addresses: a growing array per field."""

    arrays: tuple[str, ...]
    count: str
    """Records on the stack."""
    capacity: str
    """Records the arrays can hold."""
    bound: str | None
    """Records there may be at most; None if there is no bound."""
    tile: str | None
    """Number of the current tile; None for a region that is not cut into tiles."""
    filled: str | None
    """Records in the current tile."""


@dataclass(frozen=True)
class ArenaVariables:
    """Records behind the cache."""

    array: str
    address: str | None
    """Byte address of the first byte; None without the machine."""
    size_bytes: str

    def variables(self) -> list[tuple[str, str]]:
        """The texts and their types in Python."""
        address = [] if self.address is None else [(self.address, "int")]
        return [(self.array, "i8_array"), *address, (self.size_bytes, "int")]

    @staticmethod
    def named(name: str, with_address: bool) -> "ArenaVariables":
        """Variables named after `name`."""
        return ArenaVariables(
            name, f"{name}_at" if with_address else None, f"{name}_n0"
        )


@dataclass(frozen=True)
class RingVariables:
    """A share of the scratchpad, and the stack in DRAM behind it."""

    type: RingType
    state: str
    """Integers as in `ring_functions`."""
    slots: str
    """Bytes of all slots, then as many bytes that say which fields are written."""
    stack: str
    """Tiles in DRAM: bytes and marks of each."""
    tiles: str | None
    """Tiles that the array of a growing stack can hold; None if it does not grow."""


TapeVariables: TypeAlias = StackVariables | ArenaVariables | RingVariables
