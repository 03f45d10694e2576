"""What happens when: actions in order of cycle, phase and entry."""

import heapq
from collections.abc import Callable
from enum import IntEnum
from itertools import count


class Phase(IntEnum):
    """Order within one cycle."""

    ARRIVE = 0
    """Data arrives, operations complete and retire."""
    MEMORY = 1
    """Memories take up requests."""
    ISSUE = 2
    """The datapath starts operations in what is free."""


class Agenda:
    """A queue of actions; `now` is the cycle being worked on."""

    def __init__(self) -> None:
        self.now = 0
        self._entries: list[tuple[int, Phase, int, Callable[[], None]]] = []
        self._number = count()

    def at(self, cycle: int, phase: Phase, action: Callable[[], None]) -> None:
        """Carry out `action` at `cycle`, which must not be past."""
        assert cycle >= self.now
        heapq.heappush(self._entries, (cycle, phase, next(self._number), action))

    def run(self) -> None:
        """Work until nothing is left to do."""
        while self._entries:
            self.now, _, _, action = heapq.heappop(self._entries)
            action()
