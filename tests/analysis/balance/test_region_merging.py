"""Which regions are one tape: by how they pop, by type and by where they are used."""

from collections.abc import Iterable

import pytest

from tapeflow.analysis.balance.region_merging import (
    merge_candidates,
    mirrored_groups,
    moved_before,
)
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.dialects.tape import AllocateOp

from .checked_tapes import REGION, branch, loop

KINDS = {
    "plain": "%c8",
    "growing": "%c8 growing",
    "placed": '%c8 {tape.place = "cache"}',
}


def push(region: str, value: str = "%n") -> str:
    return f"tape.push %{region}, {value} : {REGION}\n"


def pop(region: str, result: str | None = None) -> str:
    return f"{result or '%of_' + region} = tape.pop %{region} : {REGION}\n"


def program_of(parse, body: str, **kinds: str):
    """A program of regions %r, %s, %t; those named in `kinds` are not plain."""
    capacities = {name: KINDS[kinds.get(name, "plain")] for name in "rst"}
    lines = [f"%{r} = tape.allocate {c} : {REGION}\n" for r, c in capacities.items()]
    return parse("".join([*lines, body]))


def groups_of(program) -> list[str]:
    """The regions in use that are one tape, together, whatever their types."""
    walk = program.function.walk()
    regions = [op for op in walk if isinstance(op, AllocateOp) and op.tape.first_use]
    return told(program, mirrored_groups(program.function, [regions]))


def told(program, groups: Iterable[Iterable[AllocateOp]]) -> list[str]:
    return ["".join(program.names(r.tape for r in group)) for group in groups]


R, S, T = push("r"), push("s"), push("t")
P, Q, U = pop("r"), pop("s"), pop("t")
MIRRORED = {
    "the last first": (R + S + T + U + Q + P, ["rst"]),
    "one crosses, as the culprit alone leaves": (R + S + T + P + U + Q, ["st"]),
    "one in the middle": (R + S + T + Q + U + P, ["rt"]),
    "all cross": (R + S + T + P + Q + U, []),
    "one is wrong itself": (R + S + T + U + Q, ["st"]),
    "in loops of other lengths": (
        loop(R) + loop(S, ("%c0", "%m", "%c1")) + T + U
        + loop(Q, ("%c0", "%m", "%c1")) + loop(P),
        ["rst"],
    ),
    "loops that cross": (loop(R) + loop(S) + loop(P) + loop(Q), []),
    "two in an iteration": (loop(R + S) + loop(Q + P), ["rs"]),
    "two that cross in an iteration": (loop(R + S) + loop(P + Q), []),
    "one loop that is popped by two": (loop(R + S) + loop(Q) + loop(P), []),
    "sides of a branch": (branch(R, S) + T + U + branch(P, Q), ["rst"]),
    "sides taken the other way": (branch(R, S) + branch(Q, P), []),
}  # fmt: skip


@pytest.mark.parametrize("case", MIRRORED)
def test_regions_that_are_one_tape(parse, case):
    body, expected = MIRRORED[case]
    assert groups_of(program_of(parse, body)) == expected


IN_A_ROW = R + S + T + U + Q + P
# By body and what is not plain: the candidates, and those if gain does not matter.
CANDIDATES = {
    "of one kind": (IN_A_ROW, {}, ["rst"], ["rst"]),
    "a growing one is copied": (IN_A_ROW, {"s": "growing"}, ["rt"], ["rst"]),
    "in another place": (IN_A_ROW, {"s": "placed"}, ["rt"], ["rt"]),
    "one that nobody uses": (R + S + Q + P, {}, ["rs"], ["rs"]),
    "two in an iteration": (loop(R + S) + loop(Q + P), {}, [], ["rs"]),
    "loops of their own": (loop(R) + loop(S) + loop(Q) + loop(P), {}, ["rs"], ["rs"]),
    "one around the other's loop": (
        loop(R + loop(S, index="%j")) + loop(loop(Q, index="%j") + P),
        {},
        ["rs"],
        ["rs"],
    ),
    "one in a branch beside the other": (
        loop(R + branch(S)) + loop(branch(Q) + P),
        {},
        [],
        ["rs"],
    ),
    "both in branches": (
        loop(branch(R) + branch(S)) + loop(branch(Q) + branch(P)),
        {},
        ["rs"],
        ["rs"],
    ),
}


def order_of(program):
    return ProgramOrder(program.function).of_op


@pytest.mark.parametrize("case", CANDIDATES)
def test_regions_that_could_be_one(parse, case):
    body, kinds, by_default, everywhere = CANDIDATES[case]
    program = program_of(parse, body, **kinds)
    for is_everywhere, expected in ((False, by_default), (True, everywhere)):
        found = merge_candidates(program.function, is_everywhere, order_of(program))
        assert told(program, (one.regions for one in found)) == expected


LATE = {
    "arithmetic": ("arith.addi %m, %n : index", ["late"]),
    "a load": ("memref.load %stop[%c0] : memref<1xindex>", None),
    "arithmetic on a load": ("arith.addi %loaded, %n : index", None),
    "what is known before": ("arith.addi %early, %n : index", ["late"]),
    "a chain": ("arith.addi %between, %n : index", ["between", "late"]),
}


@pytest.mark.parametrize("case", LATE)
def test_what_a_capacity_needs_moves_with_it(parse, case):
    late, expected = LATE[case]
    body = f"""%early = memref.load %stop[%c0] : memref<1xindex>
      %r = tape.allocate %c8 : {REGION}
      {R}
      %loaded = memref.load %stop[%c0] : memref<1xindex>
      %between = arith.muli %m, %n : index
      %late = {late}"""
    program = parse(body, arguments="%m: index, %n: index, %stop: memref<1xindex>")
    place = program.op("r").next_op
    moved = moved_before(program["late"], place, order_of(program))
    names = None if moved is None else program.names(op.results[0] for op in moved)
    assert names == expected
