"""Lets a helper process end with the one that started it, whatever ends that."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """From now on this process ends when its parent does, in the midst of its work.

    A process that is killed or terminated ends no other, and a helper at work would not
    look for its next task before it is done with this one.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="watch the parent", daemon=True).start()
