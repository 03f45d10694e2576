"""What is on a tape, as a tree: records, loops that pushed and branches that pushed."""

from collections.abc import Iterator, Mapping, Sequence
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


def at_most(atoms: Atoms, nodes: Sequence[Node]) -> Polynomial:
    """A number of records that there are at most.

    Of a branch it is that of the larger side; of both, where they cannot be compared.
    """
    total = poly.ZERO
    for node in nodes:
        match node:
            case Record():
                found = poly.ONE
            case Repeated():
                found = atoms.sum(node.index, node.trips, at_most(atoms, node.body))
            case Branched():
                sides = at_most(atoms, node.true), at_most(atoms, node.false)
                ordered = _ordered(atoms, *sides)
                found = poly.add(*sides) if ordered is None else ordered[1]
        total = poly.add(total, substituted(atoms, found, node.substitutions))
    return total


Known: TypeAlias = Mapping[Polynomial, bool]
"""Which conditions hold, and which do not."""


def at_least(atoms: Atoms, nodes: Sequence[Node], known: Known) -> Polynomial:
    """A number of records that there are at least, where some conditions are known.

    They say nothing inside of loops, where each iteration may have its own.
    """
    total = poly.ZERO
    for node in nodes:
        match node:
            case Record():
                found = poly.ONE
            case Repeated():
                body = at_least(atoms, node.body, {})
                found = atoms.sum(node.index, node.trips, body)
                found = substituted(atoms, found, node.substitutions)
            case Branched():
                sides = [at_least(atoms, side, known) for side in _sides(node)]
                is_true = known.get(_condition(atoms, node))
                if is_true is not None:
                    found = sides[0 if is_true else 1]
                else:
                    found = (_ordered(atoms, *sides) or [poly.ZERO])[0]
        total = poly.add(total, found)
    return total


def ways(atoms: Atoms, nodes: Sequence[Node]) -> Iterator[Known]:
    """Conditions that may hold, or not, one at a time.

    Two of them may exclude each other, so they are not chosen together.
    """
    yield {}
    for condition in set(_conditions(atoms, nodes)):
        if poly.number_of(condition) is None:
            yield {condition: True}
            yield {condition: False}


def _conditions(atoms: Atoms, nodes: Sequence[Node]) -> Iterator[Polynomial]:
    for node in nodes:
        if isinstance(node, Branched):
            yield _condition(atoms, node)
            for side in _sides(node):
                yield from _conditions(atoms, side)


def _condition(atoms: Atoms, node: Branched) -> Polynomial:
    return substituted(atoms, node.condition, node.substitutions)


def _sides(node: Branched) -> list[list[Node]]:
    return [within(side, node.substitutions) for side in (node.true, node.false)]


def _ordered(
    atoms: Atoms, one: Polynomial, other: Polynomial
) -> tuple[Polynomial, Polynomial] | None:
    """The smaller and the larger of two numbers; None where neither is known to be."""
    if atoms.is_natural(poly.add(other, one, -1)):
        return one, other
    return (other, one) if atoms.is_natural(poly.add(one, other, -1)) else None
