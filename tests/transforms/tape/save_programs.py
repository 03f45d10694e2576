"""Random programs of pushes and pops, with the pops in order or nearly so."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

REGIONS = 4
REGION = "!tape.region<[f64], aos>"


@dataclass(frozen=True)
class Save:
    """A value that goes to a region."""

    region: int


@dataclass(frozen=True)
class Loop:
    """Saves repeated as often as an argument says, or the loop around has iterated."""

    trips: int | None
    body: "Saves"


@dataclass(frozen=True)
class Branch:
    """Saves on both sides of a condition."""

    condition: int
    true: "Saves"
    false: "Saves"


Saves: TypeAlias = tuple[Save | Loop | Branch, ...]


def random_saves(choose: random.Random, depth: int = 0) -> Saves:
    """A nest of saves, loops at most three deep."""
    found: list[Save | Loop | Branch] = []
    for _ in range(choose.randint(1, 3)):
        kind = choose.random()
        if depth == 3 or kind < 0.5:
            found.append(Save(choose.randrange(REGIONS)))
        elif kind < 0.8:
            trips = choose.choice((0, 1, 2, None if depth else 0))
            found.append(Loop(trips, random_saves(choose, depth + 1)))
        else:
            sides = (random_saves(choose, depth + 1) for _ in range(2))
            found.append(Branch(choose.randrange(2), *sides))
    return tuple(found)


def mirrored(saves: Saves, choose: random.Random, swaps: float) -> Saves:
    """The saves as their pops come, some neighbours in the wrong order."""
    found: list[Save | Loop | Branch] = []
    for one in reversed(saves):
        match one:
            case Loop():
                one = Loop(one.trips, mirrored(one.body, choose, swaps))
            case Branch():
                sides = (mirrored(s, choose, swaps) for s in (one.true, one.false))
                one = Branch(one.condition, *sides)
            case Save():
                pass
        found.append(one)
    for place in range(len(found) - 1):
        if choose.random() < swaps:
            found[place : place + 2] = found[place + 1], found[place]
    return tuple(found)


class ProgramText:
    """Writes @f(n0, n1, n2, p0, p1): pushes, pops, and a sum that tells their order."""

    def __init__(self):
        self._lines: list[str] = []
        self._names = 0

    def write(self, pushes: Saves, pops: Saves) -> str:
        """The module; all pushes come before the first pop."""
        self._put("%c0 = arith.constant 0 : index")
        self._put("%c1 = arith.constant 1 : index")
        self._put("%room = arith.constant 1000 : index")
        self._put("%one = arith.constant 1.0 : f64")
        self._put("%three = arith.constant 3.0 : f64")
        self._put("%state = memref.alloc(%c1) : memref<?xf64>")
        self._put("memref.store %one, %state[%c0] : memref<?xf64>")
        for number in range(REGIONS):
            self._put(f"%r{number} = tape.allocate %room : {REGION}")
        self._saves(pushes, [], is_push=True)
        self._saves(pops, [], is_push=False)
        self._put("%sum = memref.load %state[%c0] : memref<?xf64>")
        self._put("func.return %sum : f64")
        head = "func.func @f(%n0: index, %n1: index, %n2: index, %p0: i1, %p1: i1)"
        return "\n".join([f"{head} -> f64 {{", *self._lines, "}"])

    def _put(self, line: str) -> None:
        self._lines.append(f"  {line}")

    def _name(self, stem: str) -> str:
        self._names += 1
        return f"%{stem}_{self._names}"

    def _saves(self, saves: Saves, around: Sequence[str], *, is_push: bool) -> None:
        for one in saves:
            match one:
                case Save():
                    self._save(one, is_push)
                case Loop():
                    self._loop(one, around, is_push)
                case Branch():
                    self._put(f"scf.if %p{one.condition} {{")
                    self._saves(one.true, around, is_push=is_push)
                    self._put("} else {")
                    self._saves(one.false, around, is_push=is_push)
                    self._put("}")

    def _save(self, one: Save, is_push: bool) -> None:
        old, new, value = (self._name(stem) for stem in ("old", "new", "value"))
        self._put(f"{old} = memref.load %state[%c0] : memref<?xf64>")
        if is_push:
            self._put(f"tape.push %r{one.region}, {old} : {REGION}")
            self._put(f"{new} = arith.addf {old}, %one : f64")
        else:
            self._put(f"{value} = tape.pop %r{one.region} : {REGION}")
            tripled = self._name("tripled")
            self._put(f"{tripled} = arith.mulf {old}, %three : f64")
            self._put(f"{new} = arith.addf {tripled}, {value} : f64")
        self._put(f"memref.store {new}, %state[%c0] : memref<?xf64>")

    def _loop(self, one: Loop, around: Sequence[str], is_push: bool) -> None:
        trips = f"%n{one.trips or 0}"
        if one.trips is None and around:
            trips = around[-1]
        index = self._name("i")
        self._put(f"scf.for {index} = %c0 to {trips} step %c1 {{")
        inside = index
        if not is_push:
            last, inside = self._name("last"), self._name("back")
            self._put(f"{last} = arith.subi {trips}, %c1 : index")
            self._put(f"{inside} = arith.subi {last}, {index} : index")
        self._saves(one.body, (*around, inside), is_push=is_push)
        self._put("}")
