"""What is on a tape, as a tree: records, loops that pushed and branches that pushed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Atoms, Polynomial, Substitution


@dataclass(frozen=True)
class Record:
    """One push: the values of its fields, in the iterations that substitutions say."""

    op: Operation
    values: Mapping[int, SSAValue]
    origin: SSAValue | None = None
    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True)
class Repeated:
    """A loop's pushes: `body` for each iteration that atom `index` counts."""

    op: Operation
    index: int
    trips: Polynomial
    body: tuple["Node", ...]
    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True)
class Branched:
    """A branch's pushes."""

    op: Operation
    condition: Polynomial
    true: tuple["Node", ...]
    false: tuple["Node", ...]
    substitutions: tuple[Substitution, ...] = ()


Node: TypeAlias = Record | Repeated | Branched


@dataclass
class Frame:
    """The top of a tape inside one loop or branch; below it lies what was there before.

    `taken` is what was taken from below and opened, `nodes` what is left of it and what
    was pushed since.
    """

    op: Operation | None
    nodes: list[Node] = field(default_factory=list[Node])
    taken: Node | None = None
    is_true: bool = True
    """Of a branch, which one."""
    has_popped: bool = False


def within(
    nodes: Sequence[Node], substitutions: tuple[Substitution, ...]
) -> list[Node]:
    """Nodes as they are under more substitutions."""
    if not substitutions:
        return list(nodes)
    return [_within(node, substitutions) for node in nodes]


def _within(node: Node, substitutions: tuple[Substitution, ...]) -> Node:
    every = node.substitutions + substitutions
    match node:
        case Record():
            return Record(node.op, node.values, node.origin, every)
        case Repeated():
            return Repeated(node.op, node.index, node.trips, node.body, every)
        case Branched():
            return Branched(node.op, node.condition, node.true, node.false, every)


def substituted(
    atoms: Atoms, one: Polynomial, substitutions: Sequence[Substitution]
) -> Polynomial:
    """A polynomial after substitutions, the first first."""
    for replaced in substitutions:
        one = atoms.substitute(one, replaced)
    return one


def count(atoms: Atoms, nodes: Sequence[Node]) -> Polynomial:
    """How many records there are at most: both branches count."""
    total = poly.ZERO
    for node in nodes:
        match node:
            case Record():
                found = poly.ONE
            case Repeated():
                found = atoms.sum(node.index, node.trips, count(atoms, node.body))
            case Branched():
                found = poly.add(count(atoms, node.true), count(atoms, node.false))
        total = poly.add(total, substituted(atoms, found, node.substitutions))
    return total
