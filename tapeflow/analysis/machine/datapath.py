"""The parameters of a machine that decide how fast a loop runs."""

from dataclasses import dataclass
from typing import ClassVar

from tapeflow.analysis.machine.words import Facts


@dataclass(frozen=True)
class Datapath(Facts):
    """A window of operations in program order, and what they need to start.

    The defaults are those of the machine `fair`. A count of 0 means no limit.
    """

    MAY_BE_ZERO: ClassVar[tuple[str, ...]] = (
        "issue_width",
        "integer_units",
        "float_units",
        "ports",
        "cache_bytes",
    )

    window: int = 128
    """Operations from the oldest that is not done to the youngest that may start."""
    issue_width: int = 4
    """Operations that start in a cycle."""
    integer_units: int = 0
    float_units: int = 4
    ports: int = 4
    """Of cache and scratchpad together: words a cycle."""
    load_cycles: int = 2
    """Of a load that hits the cache."""
    cache_bytes: int = 16384
    """SRAM in all."""
    dram_bytes_per_cycle: float = 19.2
