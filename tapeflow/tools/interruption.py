"""Signals that ask a command to end: raised, put off for a moment, as exit codes.

SIGTERM and SIGHUP raise a `Stopped`, which is a `KeyboardInterrupt`: whatever tidies up
or keeps what it has at Ctrl-C does so at these, too.
"""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """Another signal than Ctrl-C asks the command to end."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def exit_code_of(interrupt: KeyboardInterrupt) -> int:
    """128 and the number of the signal, as a shell has it: 130 for Ctrl-C."""
    is_other = isinstance(interrupt, Stopped)
    return 128 + (interrupt.number if is_other else signal.SIGINT)


@contextmanager
def signals_raised() -> Generator[None]:
    """Within, signals that would end the process raise `Stopped`.

    One that is ignored (as by nohup) or handled by somebody else stays so.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    ours = [one for one in _ENDING if signal.getsignal(one) == signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours.clear()  # only the main thread may say what a signal does
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def signals_put_off() -> Generator[None]:
    """Within, nothing ends the process that can be put off; afterwards it does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    known = {number: signal.getsignal(number) for number in _ENDING}
    for number in known:
        signal.signal(number, lambda number, _frame: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in known.items():
            signal.signal(number, handler)
        for number in arrived:
            signal.raise_signal(number)
