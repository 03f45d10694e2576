"""Asks programs for their failures in a process of its own, which may crash or hang."""

import multiprocessing
import os
import shlex
import signal
import subprocess
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from tapeflow.tools.end_with_parent import end_with_parent
from tapeflow.tools.reduce.failure_kinds import Failure, Probe


class Prober(Protocol):
    """What tells the failure of a program in a file."""

    seconds: float
    """What one program may take."""

    def failure(self, path: Path) -> Failure | None:
        """What goes wrong; None if nothing does."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


class ProbeProcess:
    """A process that answers one program after the other, until one ends it."""

    def __init__(self, probe: Probe, seconds: float):
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._probe = probe
        self.seconds = seconds
        self._start()

    def _start(self) -> None:
        self._answers, other = self._context.Pipe()
        self._process = self._context.Process(
            target=_answer, args=(other, self._probe), daemon=True
        )
        self._process.start()
        other.close()

    def failure(self, path: Path) -> Failure | None:
        """What goes wrong with a program, a crash or too much time included."""
        try:
            self._answers.send(path)
            if self._answers.poll(self.seconds):
                return self._answers.recv()
        except (EOFError, OSError):
            self._process.join()
            failure = _crash(self._process.exitcode or 0)
        else:
            text = f"it does not end within {self.seconds:g} seconds"
            failure = Failure("does not end", text)
        self.close()
        self._start()
        return failure

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._answers.close()


def _crash(exit_code: int) -> Failure:
    name = f"exit code {exit_code}"
    with suppress(ValueError):
        name = signal.Signals(-exit_code).name
    text = f"the process crashes ({name})"
    return Failure(text, text)


def _answer(questions: Connection, probe: Probe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    end_with_parent()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    while True:
        try:
            path: Path = questions.recv()
        except EOFError:
            return
        questions.send(probe.failure(path))


class CommandProber:
    """A command that says by exit status 0 that a program is still of interest."""

    def __init__(self, command: str, seconds: float):
        self._words = shlex.split(command)
        self.seconds = seconds
        self._interesting = Failure(command, f"'{command} FILE' ends with status 0")

    def failure(self, path: Path) -> Failure | None:
        """The one failure that the command tells, or none."""
        with subprocess.Popen(
            [*self._words, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                status = process.wait(self.seconds)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    return None
                raise
        return self._interesting if status == 0 else None

    def close(self) -> None:
        """Nothing runs between programs."""
