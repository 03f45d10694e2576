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
from queue import Empty, SimpleQueue

INTERRUPTED = 130
"""Exit code of a process that Ctrl-C has ended: 128 + SIGINT."""

_SECONDS_TO_STOP = 0.5
"""What machine code has to ask the host for something, and be told to leave."""


class _Worker:
    """A thread that makes one call after the other; to start one takes longer."""

    def __init__(self) -> None:
        self.calls = SimpleQueue[Callable[[], None]]()
        self.thread = threading.Thread(
            target=self._work, name="machine code", daemon=True
        )
        self.thread.start()

    def _work(self) -> None:
        while True:
            self.calls.get()()


_workers: list[_Worker] = []
"""Those that wait for a call: one, or none yet."""
_left_behind: list[_Worker] = []

# A fork has its parent's lists but none of its threads.
os.register_at_fork(after_in_child=_workers.clear)


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
    returned = SimpleQueue[int]()
    worker = _workers.pop() if _workers else _Worker()
    worker.calls.put(lambda: returned.put(call()))
    try:
        status = returned.get()
    except BaseException:
        stop()
        _end_or_leave_behind(worker, returned)
        raise
    _workers.append(worker)
    return status


def _end_or_leave_behind(worker: _Worker, returned: "SimpleQueue[int]") -> None:
    try:
        returned.get(timeout=_SECONDS_TO_STOP)
    except Empty:
        _leave_behind(worker)
    else:
        _workers.append(worker)


def _leave_behind(worker: _Worker) -> None:
    if not _left_behind:
        atexit.register(_end_process)
    worker.calls.put(lambda: _left_behind.remove(worker))
    _left_behind.append(worker)


def _end_process() -> None:
    """End without freeing the memory that code which still runs works on."""
    if _left_behind:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
