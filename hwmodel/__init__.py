"""A timing and energy model of an accelerator with cache, scratchpad and DMA engine.

Describe a `Machine` (or take a preset), make a `Simulation` of it, hand it
micro-operations in program order, and `finish()` gives `Counters`, from which
`energy_of` derives `Energy`. The model knows no compiler.
"""

from hwmodel.access_trace import AccessTrace, Trace
from hwmodel.bounds import Bounds, Work, WorkMeter, bounds_of
from hwmodel.config import load_machine, machine_from_values, override, preset
from hwmodel.counters import Counters
from hwmodel.dram_trace import write_dram_trace
from hwmodel.energy import Energy, energy_of
from hwmodel.errors import MachineError, SimulationError
from hwmodel.event_log import UNWATCHED, Watch
from hwmodel.kernel import source_digest
from hwmodel.machine import (
    PREFETCHERS,
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)
from hwmodel.operations import OPERATION_TABLE, Operation, Unit
from hwmodel.placement import Buffer, Placement
from hwmodel.presets import PRESETS
from hwmodel.recording import Recording
from hwmodel.replacement import Replay, replay_lru, replay_optimal
from hwmodel.ring import Ring
from hwmodel.simulate import run_events, step
from hwmodel.simulation import Simulation
from hwmodel.state import Sim
from hwmodel.timeline import write_timeline

__all__ = [
    "OPERATION_TABLE",
    "PREFETCHERS",
    "PRESETS",
    "UNWATCHED",
    "AccessTrace",
    "Bounds",
    "Buffer",
    "Cache",
    "Counters",
    "Datapath",
    "Dma",
    "Dram",
    "Energy",
    "EnergyChoice",
    "Machine",
    "MachineError",
    "Operation",
    "Placement",
    "Recording",
    "Replay",
    "Ring",
    "Scratchpad",
    "Sim",
    "Simulation",
    "SimulationError",
    "Trace",
    "Unit",
    "Watch",
    "Work",
    "WorkMeter",
    "bounds_of",
    "energy_of",
    "load_machine",
    "machine_from_values",
    "override",
    "preset",
    "replay_lru",
    "replay_optimal",
    "run_events",
    "source_digest",
    "step",
    "write_dram_trace",
    "write_timeline",
]
