"""Calls of machine code that Ctrl-C can leave.

Python raises KeyboardInterrupt between its own instructions, and machine code has none,
so a thread of its own runs it while the main thread waits for a signal. A loop that
asks the host for nothing cannot be stopped: it is left behind, and ends with the
process.
"""

import atexit
import os
import sys
import threading
from collections.abc import Callable

INTERRUPTED = 130
"""Exit code of a process that Ctrl-C has ended: 128 + SIGINT."""

_SECONDS_TO_STOP = 0.5
"""What machine code has to ask the host for something, and be told to leave."""

_left_behind: list[threading.Thread] = []


def call_interruptibly(call: Callable[[], int], stop: Callable[[], None]) -> int:
    """What a call of machine code returns.

    Args:
        call: the call; it keeps alive all memory that the code works on.
        stop: lets the code leave the next time it asks the host for something.

    Raises:
        KeyboardInterrupt: the user wants no result any more.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    returned: list[int] = []
    done = threading.Event()

    def work() -> None:
        returned.append(call())
        done.set()

    worker = threading.Thread(target=work, name="machine code", daemon=True)
    worker.start()
    try:
        done.wait()
    except BaseException:
        stop()
        if not done.wait(_SECONDS_TO_STOP):
            _leave_behind(worker)
        raise
    return returned[0]


def _leave_behind(worker: threading.Thread) -> None:
    if not _left_behind:
        atexit.register(_end_process)
    _left_behind.append(worker)


def _end_process() -> None:
    """End without freeing the memory that code which still runs works on."""
    if any(worker.is_alive() for worker in _left_behind):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
