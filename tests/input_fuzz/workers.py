"""Judges cases in processes of their own: a hang or a crash is one verdict, no more."""

import multiprocessing
import os
import resource
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from time import monotonic

from .judge import Report, Verdict, judge, make_case

MEMORY_BYTES = 6 * 2**30
_FORK = multiprocessing.get_context("fork")  # what is loaded is loaded once


def judge_seed(seed: int, report: Report) -> Verdict:
    """The verdict on the case of a seed."""
    return judge(make_case(seed), report)


def verdicts(
    seeds: Iterable[int],
    jobs: int,
    seconds: float,
    judge: Callable[[int, Report], Verdict] = judge_seed,
) -> Iterator[tuple[int, Verdict]]:
    """The verdict on each seed, as they come; a stage has some seconds."""
    todo = iter(seeds)
    workers = [_Worker(judge, seconds) for _ in range(jobs)]
    try:
        for worker in workers:
            worker.begin(next(todo, None))
        while busy := [worker for worker in workers if worker.seed is not None]:
            wait([worker.connection for worker in busy], timeout=0.5)
            for worker in busy:
                verdict = worker.verdict()
                if verdict is not None and worker.seed is not None:
                    yield worker.seed, verdict
                    worker.begin(next(todo, None))
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """One process, replaced when it dies or takes too long."""

    def __init__(self, judge: Callable[[int, Report], Verdict], seconds: float):
        self._judge = judge
        self._seconds = seconds
        self.seed: int | None = None
        self._start()

    def _start(self) -> None:
        self.connection, theirs = _FORK.Pipe()
        self._process = _FORK.Process(
            target=_serve, args=(theirs, self._judge), daemon=True
        )
        self._process.start()
        theirs.close()

    def begin(self, seed: int | None) -> None:
        """Judge the case of a seed; None for nothing more."""
        self.seed, self._stage = seed, "start"
        self._deadline = monotonic() + 60 + self._seconds  # until all is loaded
        if seed is not None:
            self.connection.send(seed)

    def verdict(self) -> Verdict | None:
        """The verdict, None where there is none yet."""
        try:
            while self.connection.poll():
                message = self.connection.recv()
                if isinstance(message, Verdict):
                    return message
                self._stage = message
                self._deadline = monotonic() + self._seconds
        except (EOFError, ConnectionResetError):
            self._process.join()
            code = self._process.exitcode
            self._start()
            return Verdict("crash", f"exit code {code} in stage {self._stage}", "crash")
        if monotonic() < self._deadline:
            return None
        self.stop()
        self._start()
        if self._stage == "run":  # its loops may be as long as they say
            return Verdict("long run")
        return Verdict("hang", f"in stage {self._stage}", "hang")

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, judge: Callable[[int, Report], Verdict]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for stream in (0, 1, 2):  # passes explain themselves
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    while True:
        try:
            seed = connection.recv()
        except EOFError:
            return
        connection.send(judge(seed, connection.send))
