"""A run as a timeline in the Trace Event Format, which Perfetto and Chrome show.

Format: "Trace Event Format", Google, 2016 (the JSON object format with complete,
counter, instant and metadata events). One microsecond of the timeline is one cycle.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from hwmodel.engine.event_log import ENDS
from hwmodel.results.run_log import RunLog
from hwmodel.results.timeline_counters import counters
from hwmodel.results.timeline_tracks import lanes, tracks

Entry = Mapping[str, Any]

_PROCESS = 1


def write_timeline(log: RunLog, file: BinaryIO, *, zipped: bool) -> None:
    """Write the timeline as JSON, compressed by gzip if so wished."""
    if not zipped:
        _write(log, file)
        return
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as inner:
        _write(log, inner)


def _write(log: RunLog, file: BinaryIO | gzip.GzipFile) -> None:
    header = json.dumps(metadata(log))
    file.write(b'{"otherData":' + header.encode() + b',\n"traceEvents":[')
    separator = b"\n"
    for entry in timeline(log):
        file.write(separator + json.dumps(entry, separators=(",", ":")).encode())
        separator = b",\n"
    file.write(b"\n]}\n")


def metadata(log: RunLog) -> Entry:
    """What the timeline shows and what it leaves out."""
    watch = log.watch
    return {
        "machine": log.machine.name,
        "clock_hz": log.machine.clock_hz,
        "cycles_per_microsecond": 1,
        "cycles": log.cycles,
        "logged_from_cycle": watch.first_cycle,
        "logged_to_cycle": watch.end_cycle,
        "events": len(log.events),
        "events_left_out": log.events_left_out,
        "dram_requests": len(log.dram_requests),
        "dram_requests_left_out": log.dram_requests_left_out,
        "activity_bucket_cycles": log.bucket_cycles,
        "rings": [asdict(ring) for ring in log.rings],
    }


def timeline(log: RunLog) -> Iterator[Entry]:
    """The entries of the timeline, in no particular order."""
    yield _about(0, "process_name", name=f"machine {log.machine.name}")
    yield from _left_out(log)
    thread = 1
    for name, slices in tracks(log):
        for number, lane in enumerate(lanes(slices)):
            lane_name = f"{name} ({number + 1})" if number else name
            yield _about(thread, "thread_name", name=lane_name)
            yield _about(thread, "thread_sort_index", sort_index=thread)
            for piece in lane:
                yield {
                    "ph": "X",
                    "pid": _PROCESS,
                    "tid": thread,
                    "ts": piece.begins,
                    "dur": piece.ends - piece.begins,
                    "name": piece.name,
                    "args": piece.details,
                }
            thread += 1
    for name, levels in counters(log):
        for cycle, level in levels:
            values = {"ts": cycle, "name": name, "args": level}
            yield {"ph": "C", "pid": _PROCESS, **values}


def _about(thread: int, kind: str, **arguments: str | int) -> Entry:
    return {
        "ph": "M",
        "pid": _PROCESS,
        "tid": thread,
        "name": kind,
        "args": arguments,
    }


def _left_out(log: RunLog) -> Iterator[Entry]:
    """A mark where a log was full."""
    for rows, count, name in (
        (log.events, log.events_left_out, "events"),
        (log.dram_requests, log.dram_requests_left_out, "DRAM requests"),
    ):
        if count:
            yield {
                "ph": "i",
                "s": "g",
                "pid": _PROCESS,
                "tid": 0,
                "ts": int(rows[:, ENDS].max()),
                "name": f"the log is full: {count} {name} are left out",
            }
