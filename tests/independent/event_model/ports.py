"""Ports: so many words a cycle, for whoever asks first; banks: each a word a cycle.

Rows that the DMA engine moves take a port here, but no banks: the difference shows in
the comparison.
"""

from collections import deque
from collections.abc import Callable

from .agenda import Agenda, Phase


class Ports:
    """The ports of one memory."""

    def __init__(self, count: int, agenda: Agenda) -> None:
        self._count, self._agenda = count, agenda
        self._cycle, self._used = -1, 0
        self._queue: deque[Callable[[], None]] = deque()

    def is_free(self) -> bool:
        """Whether a port is free in this cycle."""
        return self._cycle < self._agenda.now or self._used < self._count

    def take(self) -> None:
        """Use a port that is free in this cycle."""
        if self._cycle < self._agenda.now:
            self._cycle, self._used = self._agenda.now, 0
        self._used += 1

    def request(self, action: Callable[[], None]) -> None:
        """Carry out `action` in the first cycle that has a port for it."""
        self._queue.append(action)
        if len(self._queue) == 1:
            self._agenda.at(self._agenda.now, Phase.MEMORY, self._serve)

    def _serve(self) -> None:
        while self._queue and self.is_free():
            self.take()
            self._queue.popleft()()
        if self._queue:
            self._agenda.at(self._agenda.now + 1, Phase.MEMORY, self._serve)


class Banks:
    """The banks of the scratchpad; words are interleaved over them."""

    def __init__(self, count: int, agenda: Agenda) -> None:
        self._banks = [Ports(1, agenda) for _ in range(count)]

    def use(self, address: int, action: Callable[[], None]) -> None:
        """Carry out `action` in the first cycle that the word's bank is free."""
        if self._banks:
            self._banks[address // 8 % len(self._banks)].request(action)
        else:
            action()
