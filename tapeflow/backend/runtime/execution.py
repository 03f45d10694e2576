"""What a run gives back."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hwmodel import Counters, Energy, RunLog

Engine: TypeAlias = Literal["reference", "compiled"]


@dataclass(frozen=True)
class BufferAddress:
    """Where a run put a buffer; addresses and sizes in bytes."""

    name: str
    address: int
    size_bytes: int


@dataclass(frozen=True)
class Execution:
    """The outcome of one run; buffer arguments were changed in place."""

    results: tuple[Any, ...]
    """NumPy scalars of the results' types, an array for a buffer."""
    counters: Counters | None
    """None without a machine, like the energy."""
    energy: Energy | None
    addresses: tuple[BufferAddress, ...]
    """Every buffer in order of allocation: arguments first."""
    tape_bytes: int
    """Bytes pushed on tapes, at stored width with padding."""
    engine: Engine
    run_seconds: float
    """Wall-clock time of the run alone."""
    compile_seconds: float = 0.0
    """Wall-clock time that the engine took to prepare the program."""
    log: RunLog | None = None
    """What was logged of the machine's run; None without a machine."""
