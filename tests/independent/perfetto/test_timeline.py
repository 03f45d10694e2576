"""Perfetto reads what `write_timeline` and `tapeflow grad --trace` write."""

import json
from pathlib import Path

from click.testing import CliRunner

from hwmodel import Operation, Ring, Simulation, Watch, preset, write_timeline
from tapeflow.tools.main import main

from .trace_processor import query

SLICES = (
    "select slice.name as name, slice.ts as ts, slice.dur as dur, thread.name as track "
    "from slice join thread_track on slice.track_id = thread_track.id "
    "join thread using (utid) order by slice.ts, slice.name"
)
COUNTERS = (
    "select t.name as name, count(*) as changes, max(value) as most "
    "from counter c join counter_track t on c.track_id = t.id group by t.name"
)


def test_every_slice_arrives_with_its_cycles(tmp_path: Path) -> None:
    ring = Ring(tile_bytes=256, slots=2, pitch_bytes=256, scratchpad_address=0)
    simulation = Simulation(preset("fair"), (ring,), Watch(1000, 1000))
    for tile in range(6):
        done = simulation.step(Operation.LOAD, 0, 4096 * tile, 8)
        simulation.step(Operation.SPM_STORE, done, 256 * (tile % 2), 8)
        simulation.step(Operation.ENQUEUE, 0, 256 * (tile % 2), 0)
        simulation.step(Operation.ACQUIRE, 0, 256 * (1 - tile % 2), 0)
    simulation.finish()
    path = tmp_path / "trace.json"
    with path.open("wb") as file:
        write_timeline(simulation.log(), file, zipped=False)
    entries = json.loads(path.read_text())["traceEvents"]
    written = [e for e in entries if e["ph"] == "X"]

    slices, counters = query(path, SLICES, COUNTERS)

    # Perfetto counts nanoseconds, and a cycle is a microsecond.
    assert sorted((s["name"], s["ts"], s["dur"]) for s in slices) == sorted(
        (e["name"], 1000 * e["ts"], 1000 * e["dur"]) for e in written
    )
    names = {s["name"] for s in slices}
    assert {f"push tile {tile}" for tile in range(6)} <= names
    assert {s["track"] for s in slices if s["name"] == "load miss"} >= {"cache misses"}
    bytes_held = {c["name"]: c["most"] for c in counters}["scratchpad bytes held"]
    assert bytes_held == 2 * 256


def test_a_gradient_run(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("in.npz", "out.npz", "s.json")}
    trace = tmp_path / "trace.json.gz"
    runner = CliRunner()
    words = ["inputs", "mass_spring", "--size", "small", "-o", str(files["in.npz"])]
    assert runner.invoke(main, words).exit_code == 0
    program = Path(__file__).parents[3] / "tapeflow" / "programs" / "mass_spring.mlir"
    words = ["grad", str(program), "--wrt", "0", "--inputs", str(files["in.npz"])]
    words += ["--output", str(files["out.npz"]), "--json", str(files["s.json"])]
    words += ["--pipeline", "layers", "--trace", str(trace)]
    result = runner.invoke(main, words)
    assert result.exit_code == 0, result.output

    slices, counters = query(trace, SLICES, COUNTERS)

    statistics = json.loads(files["s.json"].read_text())
    moves = [s for s in slices if s["name"].startswith(("push tile", "pop tile"))]
    misses = [s for s in slices if s["track"].startswith("cache misses")]
    waits = [s["dur"] for s in slices if s["track"].startswith("stall: DMA")]
    assert len(moves) == statistics["dma_transfers"] > 0
    assert len(misses) == statistics["cache_misses"] > 0
    assert sum(waits) == 1000 * statistics["dma_stall_cycles"] > 0
    assert max(s["ts"] for s in misses) < 1000 * statistics["cycles"]
    names = {c["name"] for c in counters}
    assert {"operations a cycle float", "scratchpad bytes moving"} <= names
