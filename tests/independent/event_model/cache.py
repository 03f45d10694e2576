"""The cache in order of time: what is in it changes when accesses happen."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from hwmodel import Machine

from .agenda import Agenda, Phase
from .dram import Dram
from .ports import Ports

Done = Callable[[], None]


def _nothing() -> None:
    """What happens when a store that is done already finds its line."""


@dataclass
class Line:
    """A line in the cache, on its way to it, or waiting for room."""

    number: int
    is_dirty: bool = False
    has_room: bool = False
    is_requested: bool = False
    has_arrived: bool = False
    loads: list[Done] = field(default_factory=list[Done])
    """What waits for its arrival."""
    stores: list[Done] = field(default_factory=list[Done])
    """What waits until it has a miss register."""


class Cache:
    """Set-associative, write-back, write-allocate, least recently used goes first.

    A line that is on its way is not evicted: a miss that finds only such lines in its
    set waits for one to arrive. A line that arrives takes a port for a cycle, and so
    does a dirty one that is read out; they come before words.
    """

    def __init__(
        self, machine: Machine, agenda: Agenda, dram: Dram, ports: Ports
    ) -> None:
        self._cache, self._agenda, self._dram = machine.cache, agenda, dram
        self._ports = ports
        self._sets: list[OrderedDict[int, Line]] = [
            OrderedDict() for _ in range(machine.cache.sets)
        ]
        self._without_room: dict[int, Line] = {}
        self._without_register: deque[tuple[Line, Line | None]] = deque()
        self._registers = machine.cache.mshrs
        """Free miss registers."""
        self.counts: Counter[str] = Counter()

    def access(self, address: int, is_store: bool, done: Done) -> None:
        """Load or store a word now, the port being taken.

        A store is done in the next cycle unless misses wait for registers already.
        """
        self.counts["cache_writes" if is_store else "cache_reads"] += 1
        now, answer = self._agenda.now, done
        if is_store and not self._without_register:
            self._agenda.at(now + 1, Phase.ARRIVE, done)
            answer = _nothing
        number = address // self._cache.line_bytes
        found = now + self._cache.hit_latency_cycles
        look_up = partial(self._look_up, number, is_store, answer)
        self._agenda.at(found, Phase.MEMORY, look_up)

    def _look_up(self, number: int, is_store: bool, done: Done) -> None:
        """Find the line, or send for it."""
        lines = self._set_of(number)
        line = lines.get(number) or self._without_room.get(number)
        if line is None:
            self.counts["cache_misses"] += 1
            line = Line(number)
            self._without_room[number] = line
            self._make_room(line)
        if number in lines:
            lines.move_to_end(number)
        line.is_dirty |= is_store
        if line.has_arrived or (is_store and line.is_requested):
            self._agenda.at(self._agenda.now, Phase.ARRIVE, done)
        else:
            (line.stores if is_store else line.loads).append(done)

    def dirty_lines(self) -> int:
        """Lines still to be written back."""
        return sum(line.is_dirty for lines in self._sets for line in lines.values())

    def _set_of(self, number: int) -> OrderedDict[int, Line]:
        return self._sets[number % len(self._sets)]

    def _make_room(self, line: Line) -> None:
        """Evict the line of the set not used for longest, of those that are there."""
        lines, victim = self._set_of(line.number), None
        if len(lines) == self._cache.ways:
            victim = next((old for old in lines.values() if old.has_arrived), None)
            if victim is None:
                return
            del lines[victim.number]
        del self._without_room[line.number]
        lines[line.number] = line
        self._request(line, victim)

    def _request(self, line: Line, victim: Line | None) -> None:
        """Ask DRAM for the line, once a register is free, and write back the other."""
        if not self._registers:
            self._without_register.append((line, victim))
            return
        self._registers -= 1
        line.is_requested = True
        for done in line.stores:
            self._agenda.at(self._agenda.now, Phase.ARRIVE, done)
        line_bytes = self._cache.line_bytes
        self._dram.read(line.number * line_bytes, lambda: self._arrive(line))
        if victim is not None and victim.is_dirty:
            self.counts["write_backs"] += 1
            address = victim.number * line_bytes
            self._ports.request(lambda: self._write_back(address))

    def _write_back(self, address: int) -> None:
        """Hand DRAM a line that is being read out in this cycle."""
        following = self._agenda.now + 1
        self._agenda.at(following, Phase.MEMORY, lambda: self._dram.write(address))

    def _arrive(self, line: Line) -> None:
        line.has_arrived = True
        self._ports.request(lambda: None)
        for done in line.loads:
            self._agenda.at(self._agenda.now, Phase.ARRIVE, done)
        self._registers += 1
        if self._without_register:
            self._request(*self._without_register.popleft())
        for homeless in list(self._without_room.values()):
            if self._set_of(homeless.number) is self._set_of(line.number):
                self._make_room(homeless)
