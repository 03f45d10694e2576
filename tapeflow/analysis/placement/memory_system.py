"""The parameters of a machine that decide where a tape is best kept."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class MemorySystem:
    """Totals to be split between cache and scratchpad, and what lies around them.

    The defaults are those of the machine `fair`.
    """

    sram_bytes: int = 16384
    """Cache and scratchpad together."""
    ports: int = 4
    """Of cache and scratchpad together: words a cycle."""
    cache_ways: int = 4
    mshrs: int = 16
    """Lines that can be on their way to the cache."""
    prefetch_degree: int = 0
    """Lines that a stride prefetcher runs ahead; 0 without one."""
    issue_width: int = 4
    """Operations a cycle; 0 for as many as are ready."""
    window: int = 128
    """Operations from the oldest that is not done to the youngest that may start."""
    dram_latency_cycles: int = 52
    dram_bytes_per_cycle: float = 19.2
    dma_setup_cycles: int = 30
    dma_channels: int = 4

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in _MAY_BE_ZERO else 1
            if value < least:
                raise ValueError(f"{field.name}={value:g} must be at least {least}")

    @staticmethod
    def parse(text: str) -> "MemorySystem":
        """From words `name=number`; what is not named has its default.

        Raises:
            ValueError: a word that is not of this form, or an unknown name.
        """
        kinds: dict[str, type[int] | type[float]] = {
            f.name: float if isinstance(f.default, float) else int
            for f in fields(MemorySystem)
        }
        values: dict[str, Any] = {}
        for word in text.split():
            name, equals, number = word.partition("=")
            if name not in kinds or not equals:
                known = ", ".join(kinds)
                raise ValueError(f"'{word}' is not name=number; names: {known}")
            try:
                values[name] = kinds[name](number)
            except ValueError:
                raise ValueError(f"'{number}' is no number for {name}") from None
        return MemorySystem(**values)

    def __str__(self) -> str:
        return " ".join(
            f"{f.name}={_written(getattr(self, f.name))}" for f in fields(self)
        )


def _written(number: int | float) -> str:
    """Whole numbers with all their digits."""
    return str(number) if isinstance(number, int) else f"{number:g}"


_MAY_BE_ZERO = ("prefetch_degree", "issue_width", "dma_setup_cycles", "sram_bytes")
