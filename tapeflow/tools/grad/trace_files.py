"""`--trace` and `--dram-trace`: what a run of the machine looked like, in files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from hwmodel import RunLog, Watch, write_dram_trace, write_timeline
from tapeflow.tools.options import OUTPUT
from tapeflow.tools.output_files import Writer

Function = TypeVar("Function", bound=Callable[..., Any])

MOST_EVENTS = 2**18
"""By default; a timeline of as many is some 30 MB of text."""


# Generic from click 8.4 on.
class CycleRange(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """`FROM:TO` in cycles; without `FROM` from 0, without `TO` to the end."""

    name = "FROM:TO"

    def convert(
        self,
        value: str | tuple[int, int | None],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, int | None]:
        """`"100:200"` becomes `(100, 200)`; fails on an empty range."""
        if isinstance(value, tuple):
            return value
        first, colon, end = (part.strip() for part in value.partition(":"))
        numbers = [part for part in (first, end) if part]
        if not colon or not all(n.isascii() and n.isdigit() for n in numbers):
            self.fail(f"'{value}' is not a range such as 0:20000", param, ctx)
        start, stop = int(first or 0), int(end) if end else None
        if stop is not None and stop <= start:
            self.fail(f"'{value}' holds no cycle: TO must be after FROM", param, ctx)
        return start, stop


@dataclass(frozen=True)
class TraceRequest:
    """The files asked for, and what of a run they shall hold."""

    timeline: Path | None
    dram_trace: Path | None
    cycles: tuple[int, int | None]
    most_events: int

    @property
    def outputs(self) -> dict[str, Path | None]:
        """The files by option."""
        return {"--trace": self.timeline, "--dram-trace": self.dram_trace}

    @property
    def watch(self) -> Watch:
        """What the machine has to log."""
        wants_requests = self.timeline is not None or self.dram_trace is not None
        return Watch(
            events=self.most_events if self.timeline is not None else 0,
            dram_requests=self.most_events if wants_requests else 0,
            first_cycle=self.cycles[0],
            end_cycle=self.cycles[1],
        )

    def writers(self, log: RunLog | None) -> dict[Path, Writer]:
        """How to write the files."""
        writers: dict[Path, Writer] = {}
        if log is None:
            return writers
        if (path := self.timeline) is not None:
            zipped = path.suffix == ".gz"
            writers[path] = lambda out: write_timeline(log, out, zipped=zipped)
        if self.dram_trace is not None:
            writers[self.dram_trace] = lambda out: write_dram_trace(log, out)
        return writers

    def warnings(self, log: RunLog | None) -> Iterator[str]:
        """What had no room in the files."""
        if log is None:
            return
        advice = "raise --trace-events, or choose cycles by --trace-cycles"
        if left_out := log.events_left_out:
            yield f"{self.timeline} leaves out {left_out} events: {advice}"
        if left_out := log.dram_requests_left_out:
            path = self.dram_trace or self.timeline
            yield f"{path} leaves out {left_out} DRAM requests: {advice}"


def trace_options(command: Function) -> Function:
    """The options of a `TraceRequest`, under the names of its fields."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--trace",
        "timeline",
        type=OUTPUT,
        metavar="FILE.json",
        help="Write a timeline of the machine here, for ui.perfetto.dev; compressed "
        "if the name ends in .gz. A microsecond is a cycle.",
    ),
    click.option(
        "--dram-trace",
        type=OUTPUT,
        metavar="FILE",
        help="Write the DRAM requests here, as DRAMsim3 reads them.",
    ),
    click.option(
        "--trace-cycles",
        type=CycleRange(),
        default=":",
        show_default="all",
        help="Cycles that both hold; the timeline's activity is always of the whole "
        "run.",
    ),
    click.option(
        "--trace-events",
        type=click.IntRange(min=1, max=2**26),
        default=MOST_EVENTS,
        show_default=True,
        help="Most events, and most DRAM requests, that they hold; what is left out "
        "is said.",
    ),
)
