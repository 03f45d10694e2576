"""How often a command looks for garbage."""

import gc

OBJECTS = 100_000
"""New objects between two searches, where Python's default is 700."""


def collect_rarely() -> None:
    """From now on, in this process, search for garbage rarely.

    Modules are large graphs that live long, and Python would walk them again and again:
    up to a quarter of the time of a module of 1,000 loops. Dead modules are cycles that
    only a search frees, so it goes on, at the price of some tens of megabytes.
    """
    gc.set_threshold(OBJECTS, 20, 20)
