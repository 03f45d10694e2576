"""Runs every case at every arm on all cores and shows how far it has got."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Lock
from typing import cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from hwmodel import Work
from tapeflow.backend.execute import Engine
from tapeflow.tools.bench.arms import Arm
from tapeflow.tools.bench.cases import CaseSource
from tapeflow.tools.bench.compare import bounds_key, compare
from tapeflow.tools.bench.kept_runs import KeptRuns
from tapeflow.tools.bench.shared_passes import Passes, forks_of
from tapeflow.tools.bench.tasks import Answer, Task, Timed, run_task
from tapeflow.tools.command_error import CommandError
from tapeflow.tools.compilation_notice import tell_compilation
from tapeflow.tools.end_with_parent import end_with_parent
from tapeflow.tools.garbage import collect_rarely
from tapeflow.tools.pipelines.on_machine import Target
from tapeflow.tools.result_row import Row

MEASURED_SECONDS = 0.1
"""Runs are repeated until this much time has passed."""


@dataclass(frozen=True)
class Measured:
    """The rows of a comparison, or of as much of it as was finished."""

    rows: list[Row]
    asked: int
    """How many rows there are if nothing ends it early."""
    stopped: KeyboardInterrupt | CommandError | None = None
    """What ended it early."""


def available_cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def measure_all(
    sources: Sequence[CaseSource],
    arms: Sequence[Arm],
    engine: Engine,
    *,
    jobs: int,
    kept: KeptRuns,
    with_optimal: bool = False,
) -> Measured:
    """A row for each case and arm, in order; a refused run has its reason.

    Progress goes to standard error: a bar on a terminal, a line a run elsewhere. At
    Ctrl-C, and where a process is ended from outside, the rows that are finished stay.

    Args:
        jobs: processes that run at a time.
        kept: where finished runs are taken from, and go; told on standard error.

    Raises:
        CommandError: not a single run was possible; it tells each reason once.
    """
    keys = [bounds_key(arm.machine) for arm in arms]
    bounded = {bounds_key(arm.machine): Target(arm.machine) for arm in arms}
    jobs_of_case: list[tuple[Arm | None, Target]] = [
        *((None, target) for target in bounded.values()),
        *((arm, Target(arm.machine)) for arm in arms),
    ]
    tasks = [
        Task(source, arm, target, engine, MEASURED_SECONDS, with_optimal)
        for source in sources
        for arm, target in jobs_of_case
    ]
    for sentence in kept.about(tasks):
        click.echo(sentence, err=True)
    answers: list[Answer | None] = [None] * len(tasks)
    stopped: KeyboardInterrupt | CommandError | None = None
    try:
        with closing(answered(tasks, jobs, kept)) as results:
            for number, answer in results:
                answers[number] = answer
    except (KeyboardInterrupt, CommandError) as error:
        stopped = error
    rows: list[Row] = []
    for first in range(0, len(tasks), len(jobs_of_case)):
        mine = answers[first : first + len(jobs_of_case)]
        works = dict(zip(bounded, cast(list[Work | None], mine), strict=False))
        own = cast(list[Row | None], mine[len(bounded) :])
        rows += compare(own, [a.machine for a in arms], [works[key] for key in keys])
    if stopped is None and all(row["error"] is not None for row in rows):
        reasons = dict.fromkeys(row["error"] for row in rows)
        raise CommandError("\n".join(reasons))
    return Measured(rows, len(sources) * len(arms), stopped)


def run_all(tasks: Sequence[Task], jobs: int, kept: KeptRuns) -> list[Answer | None]:
    """The answers in the order of the tasks; progress as `measure_all` shows it.

    Args:
        jobs: processes that run at a time.
        kept: where finished runs are taken from, and go.
    """
    answers = dict(answered(tasks, jobs, kept))
    return [answers[number] for number in range(len(tasks))]


def answered(
    tasks: Sequence[Task], jobs: int, kept: KeptRuns
) -> Generator[tuple[int, Answer | None]]:
    """Numbers and answers of the tasks: those that are kept, then others as they come.

    No process of it is left when it ends, or is closed.
    """
    found = [kept.find(task) for task in tasks]
    yield from ((n, answer) for n, answer in enumerate(found) if answer is not None)
    missing = [number for number, answer in enumerate(found) if answer is None]
    with closing(_run([tasks[number] for number in missing], jobs)) as results:
        for index, answer in results:
            number = missing[index]
            kept.keep(tasks[number], answer)
            yield number, answer


def _run(tasks: Sequence[Task], jobs: int) -> Generator[tuple[int, Answer | None]]:
    """Numbers and answers of the tasks, as they come."""
    jobs = min(jobs, len(tasks))
    forks = forks_of(pipeline for task in tasks for pipeline in task.pipelines)
    with _progress(len(tasks)) as tell:
        if jobs <= 1:
            for number, task in enumerate(tasks):
                answer, seconds = run_task(task, forks)
                tell(task.label, seconds)
                yield number, answer
            return
        numbers = list(range(len(tasks)))
        with _pool(jobs) as pool:
            # The first two alone, so that each kernel of the machine model is compiled
            # once where none is kept on disk.
            for part in (numbers[:2], numbers[2:]):
                for number, (answer, seconds) in _finished(pool, tasks, part, forks):
                    tell(tasks[number].label, seconds)
                    yield number, answer


def _finished(
    pool: ProcessPoolExecutor,
    tasks: Sequence[Task],
    numbers: Sequence[int],
    forks: Set[Passes],
) -> Iterator[tuple[int, Timed]]:
    """Numbers and answers of some tasks, as they come."""
    futures: dict[Future[Timed], int] = {
        pool.submit(run_task, tasks[number], forks): number for number in numbers
    }
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        raise CommandError(
            "tapeflow: error: a process of the comparison was ended from outside, "
            "perhaps for want of memory; try --jobs 1"
        ) from None


@contextmanager
def _pool(jobs: int) -> Generator[ProcessPoolExecutor]:
    """Processes that share what one of them has imported, where the system can.

    Where their work is not wanted any more, they are killed in the midst of it.
    """
    methods = multiprocessing.get_all_start_methods()
    method = "forkserver" if "forkserver" in methods else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([__name__])
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(jobs, context, _begin, (context.Lock(),)) as pool:
        try:
            yield pool
        except BaseException:
            for process in multiprocessing.active_children():
                if process not in others:
                    process.kill()
            pool.shutdown(cancel_futures=True)
            raise


def _begin(untold: Lock) -> None:
    """Prepare a process of the pool; the first to take the lock tells a compilation."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    end_with_parent()
    tell_compilation(lambda: untold.acquire(block=False))


@contextmanager
def _progress(total: int) -> Generator[Callable[[str, float], None]]:
    """Gives what is to be told the label and the seconds of each finished task."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        bar = progress.add_task("", total=total)

        def tell(label: str, seconds: float) -> None:
            progress.update(bar, description=label)
            progress.advance(bar)
            if not console.is_terminal:
                line = f"{label}: {seconds:.1f} s"
                console.print(line, highlight=False, markup=False, soft_wrap=True)

        yield tell
