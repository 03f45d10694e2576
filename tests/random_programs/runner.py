"""Compare many programs on all cores."""

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import Engine
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.reduce.smaller_programs import Reducer, text_of

from .generate import FUNCTION, Case, generate
from .levels import CONTEXT
from .worker import Answered, Failure, Worker


@dataclass(frozen=True)
class Finding:
    """One program and what came of it."""

    seed: int
    answered: Answered
    constructs: frozenset[str]
    reduced: str | None = None
    """The program, shrunk, where it failed and was reduced."""

    @property
    def failure(self) -> Failure | None:
        return self.answered if isinstance(self.answered, Failure) else None


@dataclass
class Runner:
    """What to run, and how."""

    first: int
    count: int
    jobs: int
    engine: Engine = "reference"
    levels_every: int = 0
    """One program in so many is run after every pass; 0: none."""
    seconds: float = 60.0
    """How long a program may take; ten times as long after every pass."""
    reduce_tries: int = 400
    """How many smaller programs are tried for each failure; 0: none."""
    generate: Callable[[int], Case] = generate
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Generator[Finding, None, None]:
        """Findings as they come; workers end when this is closed."""
        seeds = iter(range(self.first, self.first + self.count))
        lock = threading.Lock()
        found: queue.Queue[Finding | BaseException] = queue.Queue()
        workers = [Worker(self.engine, self.seconds) for _ in range(self.jobs)]

        def work(worker: Worker) -> None:
            try:
                while not self._stopped.is_set():
                    with lock:
                        seed = next(seeds, None)
                    if seed is None:
                        return
                    found.put(self._one(worker, seed))
            except BaseException as error:
                found.put(error)
            finally:
                worker.stop()

        threads = [threading.Thread(target=work, args=(w,)) for w in workers]
        for thread in threads:
            thread.start()
        try:
            for _ in range(self.count):
                finding = found.get()
                if isinstance(finding, BaseException):
                    raise finding
                yield finding
        finally:
            self._stopped.set()
            for worker in workers:
                worker.interrupt()
            for thread in threads:
                thread.join()

    def _one(self, worker: Worker, seed: int) -> Finding:
        levels = self.levels_every > 0 and seed % self.levels_every == 0
        case = self.generate(seed)
        answered = worker.compare(case, levels)
        finding = Finding(seed, answered, frozenset(case.constructs))
        if isinstance(answered, Failure) and self.reduce_tries:
            text = self._reduced(worker, case, answered, levels)
            return replace(finding, reduced=text)
        return finding

    def _reduced(
        self, worker: Worker, case: Case, failure: Failure, levels: bool
    ) -> str:
        tries = iter(range(self.reduce_tries))

        def fails(candidate: ModuleOp) -> bool:
            if self._stopped.is_set() or next(tries, None) is None:
                return False
            smaller = replace(case, text=text_of(candidate))
            answered = worker.compare(smaller, levels)
            return isinstance(answered, Failure) and answered.kind == failure.kind

        module = parse_module(case.text, "program.mlir", CONTEXT)
        return text_of(Reducer(module, fails, (FUNCTION,)).run())
