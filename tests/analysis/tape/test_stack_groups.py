"""Which stacks move together, so that they can share one region."""

import pytest

from tapeflow.analysis.tape.stack_groups import (
    find_stacks,
    group_stacks,
    misused_stacks,
)

TYPES = {"r": "f64", "s": "f64", "t": "i1"}
STACKS = "\n".join(f"%{n} = tape.stack : !tape.stack<{t}>" for n, t in TYPES.items())
VALUES = {"f64": "%a", "i1": "%p"}


def push(*names: str) -> str:
    return "\n".join(
        f"tape.push %{n}, {VALUES[TYPES[n]]} : !tape.stack<{TYPES[n]}>" for n in names
    )


def pop(*names: str) -> str:
    return "\n".join(
        f"%of_{n} = tape.pop %{n} : !tape.stack<{TYPES[n]}>" for n in names
    )


def loop(body: str) -> str:
    return f"scf.for %i = %c0 to %n step %c1 {{\n{body}\n}}\n"


GROUPED = {
    "pushed and popped in the same blocks": (
        loop(push("r", "s")) + loop(pop("s", "r")),
        "rs",
    ),
    "wide fields first": (loop(push("t", "r")) + loop(pop("r", "t")), "rt"),
    "in loops of their own": (
        loop(push("r")) + loop(push("s")) + loop(pop("s")) + loop(pop("r")),
        "r s",
    ),
    "popped in other loops": (
        loop(push("r", "s")) + loop(pop("s")) + loop(pop("r")),
        "r s",
    ),
    "a push between another's push and pop": (
        loop(f"{push('r')}\n{pop('r')}\n{push('s')}\n{pop('s')}"),
        "r s",
    ),
    "pops in the wrong order do not matter": (
        loop(push("r", "s")) + loop(pop("r", "s")),
        "rs",
    ),
    "two pushes in one block": (
        loop(push("r", "r")) + loop(push("s", "s")),
        "r s",
    ),
    "those that do not move apart from those that do": (
        loop(push("r", "s")) + loop(push("t")) + loop(pop("t")) + loop(pop("s", "r")),
        "rs t",
    ),
}


@pytest.mark.parametrize("case", GROUPED)
def test_groups(parse, case):
    body, expected = GROUPED[case]
    program = parse(f"{STACKS}\n{body}")
    groups = group_stacks(program.function)
    told = [
        "".join(program.names(member.stack.tape for member in group.members))
        for group in groups
    ]
    assert sorted(name for name in told if name in expected.split()) == expected.split()
    assert sorted("".join(told)) == ["r", "s", "t"]


def test_sites_are_told_field_by_field(parse):
    body = loop(push("t", "r")) + loop(pop("r", "t"))
    program = parse(f"{STACKS}\n{body}")
    (group,) = [g for g in group_stacks(program.function) if len(g.members) == 2]
    ((wide, narrow),) = group.push_sites
    assert program.names([wide.tape, narrow.tape]) == ["r", "t"]
    ((wide, narrow),) = group.pop_sites
    assert program.names([wide.tape, narrow.tape]) == ["r", "t"]


def test_what_else_uses_a_stack_takes_it_out(parse):
    use = '"test.op"(%s) {label = "use"} : (!tape.stack<f64>) -> ()'
    program = parse(f"{STACKS}\n{push('r', 's')}\n{use}\n{pop('s', 'r')}")
    stacks = [member.stack.tape for member in find_stacks(program.function)]
    assert program.names(stacks) == ["r", "t"]
    ((op, reason),) = misused_stacks(program.function)
    assert op is program.op("use") and reason.startswith("test.op takes a tape.stack")
