"""A process that compares programs: what crashes or hangs there ends nothing here."""

import multiprocessing
import re
import resource
import signal
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from xdsl.utils.exceptions import DiagnosticException

from tapeflow.backend.execute import Engine

from .compare import Outcome, compare
from .generate import Case
from .levels import reason_of

_NUMBERS_AND_NAMES = re.compile(r"\d+(\.\d+)?(e[-+]\d+)?|\[.*?\]|'.*?'|%\w+")
MEMORY_BYTES = 8 << 30
"""Address space of a worker, so that a program cannot take the machine's memory."""
STARTING_SECONDS = 120.0


@dataclass(frozen=True)
class Failure:
    """What the product did wrong about a program."""

    title: str
    """`crash` or `hang` and more words, or an exception with its message."""

    @property
    def kind(self) -> str:
        """The title without what differs from program to program."""
        return re.sub(r"\d+(\.\d+)?(e[-+]\d+)?|\[.*?\]|'.*?'|%\w+", "_", self.title)[
            :80
        ]


Answered = Outcome | Failure


@dataclass
class Worker:
    """Compares one program at a time, in a process of its own."""

    engine: Engine
    seconds: float
    """How long a program may take."""
    _process: Any = None
    _pipe: Any = field(default=None, repr=False)

    def compare(self, case: Case, levels: bool) -> Answered:
        """What came of a case; a process that ended is replaced by the next call."""
        process = self._process or self._start()
        self._pipe.send((case, levels))
        try:
            if self._pipe.poll(self.seconds * (10 if levels else 1)):
                return self._pipe.recv()
            self.stop()
            return Failure(f"hang: no answer after {self.seconds:g} seconds")
        except (EOFError, ConnectionError):
            process.join()
            code = process.exitcode
            self.stop()
            return Failure(f"crash: the process ended with exit code {code}")

    def _start(self) -> Any:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_answer, args=(theirs, self.engine), daemon=True
        )
        self._process.start()
        theirs.close()
        if not self._pipe.poll(STARTING_SECONDS):
            raise TimeoutError("a worker process does not start")
        self._pipe.recv()
        return self._process

    def interrupt(self) -> None:
        """End the process while another thread waits for it."""
        process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = None


def _answer(pipe: Connection, engine: Engine) -> None:
    """The loop of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe.send("ready")
    while True:
        try:
            case, levels = pipe.recv()
            pipe.send(_outcome(case, levels, engine))
        except (EOFError, BrokenPipeError):
            return


def _outcome(case: Case, levels: bool, engine: Engine) -> Answered:
    try:
        return compare(case, levels=levels, engine=engine)
    except Exception as error:  # a crash of the product is a finding, too
        return Failure(f"{type(error).__name__}: {_message(error)}"[:300])


def _message(error: Exception) -> str:
    """A diagnostic's own line, else everything."""
    return reason_of(error) if isinstance(error, DiagnosticException) else str(error)
