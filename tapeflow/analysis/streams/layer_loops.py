"""Where layers begin: the loops to strip-mine, and the pushes and pops left alone.

A loop can run as many iterations in one go as its tiles have records for, if each
iteration moves exactly one record of a region and does nothing else with it. Everything
else that moves a record needs a layer boundary of its own.
"""

from collections import Counter
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.dialects.tape import PopOp, PushOp, is_tiled


@dataclass(frozen=True)
class LayerLoop:
    """A loop whose every iteration moves one record of each of these tapes."""

    loop: scf.ForOp
    pushed: tuple[SSAValue, ...]
    popped: tuple[SSAValue, ...]


@dataclass(frozen=True)
class Layers:
    """The layer boundaries a function needs."""

    loops: tuple[LayerLoop, ...]
    alone: tuple[PushOp | PopOp, ...]
    """What moves a record but is not directly in one of these loops."""


def find_layers(function: FuncOp) -> Layers:
    """Find the layer boundaries of a function's tiled regions, in program order."""
    moves = [
        op
        for op in function.walk()
        if isinstance(op, PushOp | PopOp) and is_tiled(op.tape)
    ]
    held = Counter[tuple[Operation, SSAValue]]()
    """How many moves of a tape an op holds."""
    for move in moves:
        around = move.parent_op()
        while around is not None:
            held[around, move.tape] += 1
            around = around.parent_op()
    direct: dict[scf.ForOp, list[PushOp | PopOp]] = {}
    alone: list[PushOp | PopOp] = []
    for move in moves:
        parent = cast(Operation, move.parent_op())
        if isinstance(parent, scf.ForOp) and held[parent, move.tape] == 1:
            direct.setdefault(parent, []).append(move)
        else:
            alone.append(move)
    loops = (
        LayerLoop(
            loop,
            tuple(move.tape for move in ops if isinstance(move, PushOp)),
            tuple(move.tape for move in ops if isinstance(move, PopOp)),
        )
        for loop, ops in direct.items()
    )
    return Layers(tuple(loops), tuple(alone))
