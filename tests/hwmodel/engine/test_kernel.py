"""Kernels run alike compiled and as plain Python, and stale code is never loaded."""

import os
import pickle
import subprocess
import sys

import numba
import pytest

from hwmodel import source_digest, step
from hwmodel.engine.kernel import CacheFile, is_disabled

PROGRAM = """
from hwmodel import Operation, Ring, Simulation, preset
ring = Ring(tile_bytes=128, slots=2, pitch_bytes=128, scratchpad_address=0)
simulation = Simulation(preset("fair"), (ring,))
done = 0
for i in range(300):
    done = simulation.step(Operation.LOAD, 0, 72 * (i * i % 97), 8)
    done = simulation.step(Operation.FDIV_F64, done)
    simulation.step(Operation.STORE, done, 4096 * (i % 11), 8)
    simulation.step(Operation.SPM_STORE, done, 8 * (i % 32), 8)
    if i % 16 == 15:
        slot = i // 16 % 2
        simulation.step(Operation.ENQUEUE, 0, 128 * slot, 0)
        simulation.step(Operation.ACQUIRE, 0, 128 * (1 - slot), 0)
print(simulation.finish())
"""


def output_of_program(**environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout


def test_plain_python_counts_the_same():
    compiled = output_of_program(NUMBA_DISABLE_JIT="0")
    assert "cycles=" in compiled
    assert output_of_program(NUMBA_DISABLE_JIT="1") == compiled


@pytest.mark.skipif(is_disabled(), reason="plain Python has no cache")
def test_the_cache_is_stamped_with_all_sources():
    cache = getattr(step, "_cache")  # noqa: B009
    assert cache._cache_file._source_stamp == source_digest()


@pytest.mark.parametrize("rest", [b"cno_such_module\nName\n.", b"", b"\x80"])
def test_an_index_that_cannot_be_read_counts_as_none(tmp_path, rest):
    """Such as one that names a class where an older version had it."""
    index = tmp_path / "function.nbi"
    index.write_bytes(pickle.dumps(numba.__version__) + rest)
    file = CacheFile(str(tmp_path), "function", "stamp")
    assert file.load("key") is None
    file.save("key", "code")
    assert CacheFile(str(tmp_path), "function", "stamp").load("key") == "code"
    (tmp_path / "function.1.nbc").write_bytes(b"")
    assert file.load("key") is None
