"""The level that a module is at, told from its operations alone.

A gradient keeps its `ad.turn` on all levels. So a module with one and no tape is at the
end of every way: its tape is empty, or nothing of it is left to lower.
"""

from collections.abc import Collection, Sequence
from enum import IntEnum

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.walking import operations_in
from tapeflow.dialects.ad import GradientOp, TurnOp
from tapeflow.dialects.spm import AllocateOp as RingOp
from tapeflow.dialects.tape import (
    AllocateArenaOp,
    AllocateOp,
    PushOp,
    StackOp,
    is_tiled,
)
from tapeflow.dialects.tape_attributes import TAPE_FIELD, TAPE_MOVED, TAPE_PLACE


class Level(IntEnum):
    """What there is of a gradient and its tape; parts of a tape may be at several."""

    REQUEST = 1
    ABSTRACT = 2
    REGIONS = 3
    CACHED = 4
    """Regions of which it is decided that they are not for the scratchpad."""
    LAYERS = 5
    SCRATCHPAD = 6
    """Rings, whatever moves their tiles."""
    MEMORY = 7
    """Behind the cache; comes from regions."""

    def down(self) -> tuple["Level", ...]:
        """This level and all that come behind it."""
        return tuple(level for level in Level if level >= self)


IN_WORDS = {
    Level.REQUEST: "a request for a gradient",
    Level.ABSTRACT: "an abstract tape",
    Level.REGIONS: "tape regions",
    Level.CACHED: "tape regions for the cache",
    Level.LAYERS: "tape that is cut into tiles",
    Level.SCRATCHPAD: "tape in the scratchpad",
    Level.MEMORY: "tape behind the cache",
}
_REACHED_BY = {
    Level.REQUEST: "request-gradient",
    Level.ABSTRACT: "differentiate",
    Level.REGIONS: "form-regions",
    Level.LAYERS: "form-layers",
    Level.SCRATCHPAD: "assign-scratchpad",
    Level.MEMORY: "lower-tape-to-memref",
}


_LEVELS: dict[type[Operation], Level] = {
    GradientOp: Level.REQUEST,
    StackOp: Level.ABSTRACT,
    RingOp: Level.SCRATCHPAD,
    AllocateArenaOp: Level.MEMORY,
}
_ACCESS_MARKS = {TAPE_FIELD, TAPE_MOVED}


def levels_of(module: ModuleOp) -> dict[Level, Operation]:
    """The levels at which a module has something, each with its first operation."""
    found: dict[Level, Operation] = {}
    for op in operations_in(module):
        level = _level_of(op)
        if level is not None:
            found.setdefault(level, op)
    return found


def _level_of(op: Operation) -> Level | None:
    # By exact class: most operations are none of these, and there are many.
    if type(op) in _LEVELS:
        return _LEVELS[type(op)]
    if type(op) is AllocateOp:
        is_cached = op.attributes.get(TAPE_PLACE) == StringAttr("cache")
        return Level.CACHED if is_cached else _region_level(op.tape)
    if type(op) is PushOp and isinstance(op.tape, BlockArgument):
        return _region_level(op.tape)
    is_access = not _ACCESS_MARKS.isdisjoint(op.attributes)
    return Level.MEMORY if is_access else None


def _region_level(tape: SSAValue) -> Level:
    return Level.LAYERS if is_tiled(tape) else Level.REGIONS


def misplaced(
    module: ModuleOp, name: str, levels: Collection[Level], *, takes_source: bool
) -> tuple[Operation, str] | None:
    """Why a pass has nothing to do that works on some levels, and where that shows.

    None where it has, or where that is in order: the tape is empty.
    """
    found = levels_of(module)
    first, last = min(levels), max(levels)
    main = next(iter(levels))
    works_on = f"{name} works on {IN_WORDS[main]}, and"
    request = found.pop(Level.REQUEST, None)
    if request is not None and first > Level.REQUEST:
        needed = _run(_passes(Level.REQUEST, main))
        return request, f"{works_on} this request is not answered yet: {needed}"
    if request is not None or not found.keys().isdisjoint(levels):
        return None
    if found:
        level = min(found)
        this = f"{works_on} this is {IN_WORDS[level]}"
        if level > last:
            return found[level], (
                f"{this} already: run {name} before {_passes(last, level)[0]}"
            )
        if main is Level.MEMORY and level > Level.CACHED:
            instead = "run lower-tape-to-memref in place of form-layers"
            return found[level], f"{this}: {instead}"
        return found[level], f"{this}: {_run(_passes(level, main))}"
    if takes_source or any(isinstance(op, TurnOp) for op in operations_in(module)):
        return None
    function = next(
        (op for op in operations_in(module) if isinstance(op, FuncOp)), module
    )
    needed = _run(_passes(None, main))
    if main is Level.REQUEST:
        named = "or give the named pipeline function= and wrt="
        return function, f"{works_on} there is none here: {needed}, {named}"
    return function, f"{works_on} nothing here is differentiated: {needed}"


def _passes(start: Level | None, end: Level) -> list[str]:
    """The passes that lead from one level to another."""
    passed = [level for level in _REACHED_BY if (start or 0) < level <= end]
    if end is Level.MEMORY:
        passed = [n for n in passed if n not in (Level.LAYERS, Level.SCRATCHPAD)]
    return [_REACHED_BY[level] for level in passed]


def _run(names: Sequence[str]) -> str:
    *before, last = names
    listed = f"{', '.join(before)} and {last}" if before else last
    return f"run {listed} first"
