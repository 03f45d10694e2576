"""Kernels run alike compiled and as plain Python, and stale code is never loaded."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from hwmodel import (
    PREFETCHERS,
    PRESETS,
    Counters,
    Machine,
    Operation,
    Ring,
    Sim,
    Simulation,
    Watch,
    override,
    preset,
    simulate,
    source_digest,
)
from hwmodel.engine import kernel
from hwmodel.engine.compiled import CacheFile
from hwmodel.engine.kernel import MOST_PLAIN_WORK, is_disabled, machine_code

PROGRAM = """
import sys
from hwmodel import Operation, Simulation, preset
simulation = Simulation(preset("fair"))
for i in range(int(sys.argv[1])):
    simulation.step(Operation.FADD_F64, 0)
print(simulation.finish().operations, "numba" in sys.modules)
"""
COMPILED = -1
PLAIN = 1 << 60
HALF = 900


def counted(machine: Machine, most_plain: int) -> tuple[Counters, Sim, str]:
    """The counters and arrays behind operations of all units."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "MOST_PLAIN_WORK", most_plain)
        patch.setattr(kernel.Done, "work", 0)
        return _counted(machine)


def _counted(machine: Machine) -> tuple[Counters, Sim, str]:
    size = machine.cache.line_bytes * 2
    ring = Ring(tile_bytes=size, slots=2, pitch_bytes=size, scratchpad_address=0)
    simulation = Simulation(machine, (ring,), Watch(100, 100))
    for i in range(300):
        done = simulation.step(Operation.LOAD, 0, 72 * (i * i % 97), 8)
        done = simulation.step(Operation.FDIV_F64, done)
        simulation.step(Operation.STORE, done, 4096 * (i % 11), 8)
        simulation.step(Operation.LOAD, 0, 64 * i, 8)
        simulation.step(Operation.SPM_STORE, done, 8 * (i % (size // 8)), 8)
        if i % 16 == 15:
            slot = i // 16 % 2
            simulation.step(Operation.ENQUEUE, 0, size * slot, 0)
            simulation.step(Operation.ACQUIRE, 0, size * (1 - slot), 0)
    counters, log = simulation.finish(), simulation.log()
    # What nothing was logged in was never written.
    shown = (log.events, log.dram_requests, log.activity)
    logged = str([rows.tolist() for rows in shown])
    return counters, simulation.arrays._replace(log=np.zeros(1)), logged


MACHINES = {
    **{name: preset(name) for name in PRESETS},
    **{
        f"prefetcher {name}": override(preset("fair"), f"cache.prefetcher={name}")
        for name in PREFETCHERS
    },
    "banks": override(preset("fair"), "scratchpad.banks=4"),
    "no cache": override(preset("fair"), "cache.capacity_bytes=0"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("most_plain", [PLAIN, HALF])
@pytest.mark.parametrize("name", MACHINES)
def test_plain_python_leaves_the_same(name: str, most_plain: int):
    compiled, arrays, compiled_log = counted(MACHINES[name], COMPILED)
    plain, others, plain_log = counted(MACHINES[name], most_plain)
    assert plain == compiled
    assert plain_log == compiled_log
    for one, other in zip(arrays, others, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("operations", "disabled"), [(100, "0"), (MOST_PLAIN_WORK + 100, "1")]
)
def test_little_work_is_done_without_numba(operations: int, disabled: str):
    """Nor is all work where it is disabled."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(operations)],
        env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.split() == [str(operations), "False"]


@pytest.mark.skipif(is_disabled(), reason="plain Python has no cache")
def test_the_cache_is_stamped_with_all_sources():
    cache = machine_code(simulate.step)._cache
    assert cache._cache_file._source_stamp == source_digest()


@pytest.mark.parametrize("rest", [b"cno_such_module\nName\n.", b"", b"\x80"])
def test_an_index_that_cannot_be_read_counts_as_none(tmp_path: Path, rest: bytes):
    """Such as one that names a class where an older version had it."""
    index = tmp_path / "function.nbi"
    index.write_bytes(pickle.dumps(numba.__version__) + rest)
    file = CacheFile(str(tmp_path), "function", "stamp")
    assert file.load("key") is None
    file.save("key", "code")
    assert CacheFile(str(tmp_path), "function", "stamp").load("key") == "code"
    (tmp_path / "function.1.nbc").write_bytes(b"")
    assert file.load("key") is None
