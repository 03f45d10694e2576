"""Operations booked one after the other on a datapath, as the machine takes them.

Each starts when what it waits for is done, when the window has come so far, and in the
first cycle with a free issue slot and a free unit. Loads hit the cache.
"""

from collections import deque
from typing import Literal, TypeAlias

from tapeflow.analysis.machine.datapath import Datapath

Unit: TypeAlias = Literal["integer", "float", "memory"]


class _Calendar:
    """How many users each cycle has, of a resource that serves so many; 0 for all."""

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._users: dict[int, int] = {}
        self._later: dict[int, int] = {}
        """From a full cycle to a later one that may be free."""

    def free(self, cycle: int) -> int:
        """The first cycle from this one on that has room."""
        later = self._later
        if cycle not in later:
            return cycle
        passed = [cycle]
        while (cycle := later[cycle]) in later:
            passed.append(cycle)
        for earlier in passed:
            later[earlier] = cycle
        return cycle

    def take(self, cycle: int) -> None:
        """Use a cycle that has room."""
        if self._capacity:
            users = self._users.get(cycle, 0) + 1
            self._users[cycle] = users
            if users == self._capacity:
                self._later[cycle] = cycle + 1


class Bookings:
    """What a datapath has been given so far."""

    def __init__(self, datapath: Datapath):
        self._issue = _Calendar(datapath.issue_width)
        self._units = {
            "integer": _Calendar(datapath.integer_units),
            "float": _Calendar(datapath.float_units),
            "memory": _Calendar(datapath.ports),
        }
        self._window = deque([0] * datapath.window, datapath.window)
        """When each operation of the window retires, the oldest first."""
        self.retired = 0
        """The cycle at which all that is booked has retired."""
        self.operations = 0
        """How many are booked."""

    def book(self, unit: Unit, ready: int, cycles: int, interval: int = 1) -> int:
        """One operation; the cycle at which it is done.

        Args:
            ready: when what it waits for is done.
            cycles: until its result is there.
            interval: cycles for which it takes its unit.
        """
        issue, units = self._issue, self._units[unit]
        start = max(ready, self._window[0])
        while (free := units.free(issue.free(start))) != start:
            start = free
        issue.take(start)
        units.take(start)
        last = start
        for _ in range(interval - 1):
            last = units.free(last + 1)
            units.take(last)
        done = last + 1 - interval + cycles
        self.retired = max(self.retired, done)
        self._window.append(self.retired)
        self.operations += 1
        return done
