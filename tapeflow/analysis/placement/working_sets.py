"""How many lines of its own data a program fetches, by the size of its cache.

A model of loop levels: an access touches as many lines in a run of a loop as the loops
inside that move it have iterations, a dense walk sharing lines, at most its buffer. If
all that a loop touches fits the cache, it is fetched once; else if what one iteration
touches fits, likewise, for nothing waits longer than an iteration for its reuse; else
every iteration fetches anew what its inner loops fetch.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import prod
from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

from tapeflow.analysis.integers.estimates import IndexEstimates, Loop
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.dialects.record import LINE_BYTES, field_bytes
from tapeflow.dialects.tape import PopOp, PushOp
from tapeflow.dialects.tape_types import TapeRegionType

USABLE = (1.0, 0.75)
"""Shares of a cache that data may fill before its sets overflow; the mean counts."""


@dataclass(frozen=True)
class _Access:
    """What a load or store touches."""

    buffer: SSAValue
    buffer_lines: float
    steps: tuple[tuple[frozenset[Loop], float], ...]
    """For each index, the last first: the loops that move it, the bytes of its step."""
    row: tuple[SSAValue, ...]
    """The indices but the last."""

    def kind(self, inside: frozenset[Loop]) -> object:
        """What accesses of one buffer have in common that touch the same lines.

        Where loops inside move an index, neighbours come by each other's lines.
        """
        moved = tuple(loops & inside for loops, _ in self.steps)
        fixed = (
            i for i, loops in zip(self.row, moved[:0:-1], strict=True) if not loops
        )
        return moved, tuple(fixed)


@dataclass
class _Scope:
    """What a function or a loop holds."""

    op: Operation
    trips: float
    runs: float
    """How often it is entered."""
    accesses: list[_Access] = field(default_factory=list[_Access])
    direct: list[_Access] = field(default_factory=list[_Access])
    """Those that are in none of its loops."""
    inner: list["_Scope"] = field(default_factory=list["_Scope"])
    loops: set[Loop] = field(default_factory=set[Loop])
    """The loops inside, itself included."""
    tapes: dict[SSAValue, float] = field(default_factory=dict[SSAValue, float])
    """Lines of each tape that are pushed and popped in the whole program."""
    whole: float = 0.0
    """Lines touched in a run."""
    once: float = 0.0
    """Lines touched in an iteration."""
    alone: float = 0.0
    """Lines touched in an iteration outside of its loops."""


class WorkingSets:
    """The data of one function whose tape consists of regions."""

    def __init__(self, function: FuncOp, estimates: IndexEstimates):
        self._estimates = estimates
        self._buffers = find_buffers(function)
        self.accesses = 0.0
        """Words of its own data that the program loads and stores."""
        self._root = _Scope(function, 1.0, 1.0)
        self._fill(function, [self._root])
        self._measure(self._root)

    def fetched_lines(
        self, cache_bytes: int, cached: Collection[SSAValue] = ()
    ) -> float:
        """Lines of its own data that the program fetches in all.

        Args:
            cached: tape regions whose records pass through the cache, too.
        """
        if cache_bytes < LINE_BYTES:
            return self.accesses
        estimates = (
            self._fetched(self._root, share * cache_bytes / LINE_BYTES, cached)
            for share in USABLE
        )
        return sum(estimates) / len(USABLE)

    def _fill(self, parent: Operation, scopes: list[_Scope]) -> None:
        """Note what an operation holds in all scopes around it."""
        for region in parent.regions:
            for op in (op for block in region.blocks for op in block.ops):
                if isinstance(op, Loop):
                    trips = self._estimates.trips(op)
                    scope = _Scope(op, trips, self._estimates.runs(op.parent))
                    scopes[-1].inner.append(scope)
                    for around in (*scopes, scope):
                        around.loops.add(op)
                    self._fill(op, [*scopes, scope])
                elif op.regions:
                    self._fill(op, scopes)
                elif isinstance(op, memref.LoadOp | memref.StoreOp):
                    self._note_access(op, scopes)
                elif isinstance(op, PushOp | PopOp):
                    self._note_move(op, scopes)

    def _note_access(
        self, op: memref.LoadOp | memref.StoreOp, scopes: list[_Scope]
    ) -> None:
        access = self._access(op)
        self.accesses += self._estimates.runs(op.parent)
        scopes[-1].direct.append(access)
        for scope in scopes:
            scope.accesses.append(access)

    def _note_move(self, op: PushOp | PopOp, scopes: list[_Scope]) -> None:
        type_ = op.tape.type
        if not isinstance(type_, TapeRegionType):
            return
        moved_bytes = self._estimates.runs(op.parent) * type_.record_layout.stride_bytes
        for scope in scopes:
            lines = scope.tapes.get(op.tape, 0.0)
            scope.tapes[op.tape] = lines + moved_bytes / LINE_BYTES

    def _access(self, op: memref.LoadOp | memref.StoreOp) -> _Access:
        type_ = cast(MemRefType[Attribute], op.memref.type)
        stride = float(field_bytes(type_.element_type))
        steps: list[tuple[frozenset[Loop], float]] = []
        for axis, index in reversed([*enumerate(op.indices)]):
            # What is gathered shares no line with the next.
            step = LINE_BYTES if self._estimates.is_gathered(index) else stride
            steps.append((self._estimates.moving(index), max(step, stride)))
            extent = self._estimates.extent(op.memref, axis)
            stride *= LINE_BYTES if extent is None else max(1.0, extent)
        return _Access(
            self._buffers.of(op.memref),
            max(1.0, stride / LINE_BYTES),
            tuple(steps),
            tuple(op.indices[:-1]),
        )

    def _fetched(
        self, scope: _Scope, capacity: float, cached: Collection[SSAValue]
    ) -> float:
        """Lines fetched in one run of a scope."""
        if scope.whole + _tape(scope, cached, scope.runs) <= capacity:
            return scope.whole
        iterations = scope.runs * max(1.0, scope.trips)
        if scope.once + _tape(scope, cached, iterations) <= capacity:
            return scope.whole
        inner = sum(self._fetched(loop, capacity, cached) for loop in scope.inner)
        return scope.trips * (inner + scope.alone)

    def _measure(self, scope: _Scope) -> None:
        """Sum up what a scope and its loops touch; no capacity changes that."""
        inner_loops = frozenset(loop for loop in scope.loops if loop is not scope.op)
        scope.whole = self._touched(scope, frozenset(scope.loops))
        scope.once = self._touched(scope, inner_loops)
        none = frozenset[Loop]()
        scope.alone = len({(a.buffer, a.kind(none)) for a in scope.direct})
        scope.accesses.clear()
        for loop in scope.inner:
            self._measure(loop)

    def _touched(self, scope: _Scope, inside: frozenset[Loop]) -> float:
        """Lines that are touched while the loops inside run."""
        kinds: dict[SSAValue, dict[object, float]] = {}
        limits: dict[SSAValue, float] = {}
        for access in scope.accesses:
            lines = self._lines(access, inside)
            kinds.setdefault(access.buffer, {})[access.kind(inside)] = lines
            limits[access.buffer] = access.buffer_lines
        return sum(
            min(limits[buffer], sum(of_kind.values()))
            for buffer, of_kind in kinds.items()
        )

    def _lines(self, access: _Access, inside: frozenset[Loop]) -> float:
        moving: set[Loop] = set()
        shortest = float(LINE_BYTES)
        for loops, stride in access.steps:
            if loops & inside:
                moving |= loops & inside
                shortest = min(shortest, stride)
        elements = prod(self._estimates.trips(loop) for loop in moving)
        return min(access.buffer_lines, max(1.0, elements * shortest / LINE_BYTES))


def _tape(scope: _Scope, cached: Collection[SSAValue], times: float) -> float:
    """Lines of cached tape that pass in one of so many runs or iterations."""
    lines = sum(lines for tape, lines in scope.tapes.items() if tape in cached)
    return lines / max(1.0, times)
