"""A timing and energy model of an accelerator with cache, scratchpad and DMA engine.

Describe a `Machine` (or take a preset), make a `Simulation` of it, hand it
micro-operations in program order, and `finish()` gives `Counters`, from which
`energy_of` derives `Energy`. The model knows no compiler.
"""

from hwmodel.address_space import AddressSpace, Buffer
from hwmodel.description.config import (
    changes_of,
    load_machine,
    machine_from_values,
    override,
    override_all,
    preset,
    values_of,
)
from hwmodel.description.errors import MachineError, SimulationError
from hwmodel.description.machine import (
    PREFETCHERS,
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)
from hwmodel.description.operations import OPERATION_TABLE, Operation, Unit
from hwmodel.description.presets import PRESET_MEANINGS, PRESETS
from hwmodel.description.ring import Ring
from hwmodel.engine.counters import Counters
from hwmodel.engine.event_log import UNWATCHED, Watch
from hwmodel.engine.source_digest import source_digest
from hwmodel.engine.state import Sim
from hwmodel.results.access_trace import AccessTrace, Trace
from hwmodel.results.bounds import Bounds, Work, WorkMeter, bounds_of
from hwmodel.results.dram_trace import write_dram_trace
from hwmodel.results.energy import Energy, energy_of
from hwmodel.results.optimal_replacement import Replay, replay_lru, replay_optimal
from hwmodel.results.run_log import RunLog
from hwmodel.results.timeline import write_timeline
from hwmodel.simulate import run_all as run_events
from hwmodel.simulation import Simulation

__all__ = [
    "OPERATION_TABLE",
    "PREFETCHERS",
    "PRESETS",
    "PRESET_MEANINGS",
    "UNWATCHED",
    "AccessTrace",
    "AddressSpace",
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
    "Replay",
    "Ring",
    "RunLog",
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
    "changes_of",
    "energy_of",
    "load_machine",
    "machine_from_values",
    "override",
    "override_all",
    "preset",
    "replay_lru",
    "replay_optimal",
    "run_events",
    "source_digest",
    "values_of",
    "write_dram_trace",
    "write_timeline",
]
