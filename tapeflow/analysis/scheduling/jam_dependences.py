"""Whether iterations of a loop may run side by side, part by part of its body.

Of two accesses to one memory, at least one a write, X is in an earlier iteration of the
outer loop than Y. Side by side Y comes first where a shared loop around both is at an
earlier iteration for Y, all loops around it at the same, or where all are at the same
and Y's part stands before that of X. For each such case the subscripts of some
dimension have to differ. What is not decided counts as the same element.

    d_x[j] = d_x[j] + a[i, j]     i jammed, j shared: j is the same for the same element
    x[i + j] = ...                Y at j - 1 and i + 1 is where X is at j and i: refused
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import BlockArgument, SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.swapped_buffers import are_different_buffers
from tapeflow.analysis.scheduling.dependences import Memory
from tapeflow.analysis.scheduling.jam_carried import Ahead, carried_ahead
from tapeflow.analysis.scheduling.jam_nests import Access, Body, Problem

MOST_ACCESSES = 48
"""Accesses of one memory in a nest that are compared with each other."""
_SMALL = 1 << 20
"""Factors up to this do not make subscripts wrap in a run that ends."""


def find_ahead(
    body: Body, buffers: Buffers, copies: int, forms: SubscriptForms
) -> Ahead | Problem:
    """What lets so many iterations run side by side, or what keeps them from it."""
    ahead = carried_ahead(body, copies, forms)
    if isinstance(ahead, Problem):
        return ahead
    return _Accesses(body, buffers, copies, forms).problem() or ahead


@dataclass
class _Accesses:
    """Compares the accesses of a body."""

    body: Body
    buffers: Buffers
    copies: int
    forms: SubscriptForms

    def problem(self) -> Problem | None:
        by_memory: dict[Memory, list[Access]] = defaultdict(list)
        for access in self.body.accesses:
            by_memory[access.memory].append(access)
        for accesses in by_memory.values():
            if not any(access.writes for access in accesses):
                continue
            if len(accesses) > MOST_ACCESSES:
                return Problem("too many accesses to one buffer", accesses[0].op)
            for earlier in accesses:
                for later in accesses:
                    if not (earlier.writes or later.writes):
                        continue
                    for shared, is_before in _cases(earlier, later):
                        if not self.are_apart(earlier, later, shared, is_before):
                            return _dependence(earlier, later)
        return None

    def are_apart(
        self, earlier: Access, later: Access, shared: int, is_before: bool
    ) -> bool:
        """Whether two accesses never meet in a case.

        Args:
            shared: outermost loops around both that are at the same iteration.
            is_before: whether the loop inside these is at an earlier one for `later`.
        """
        buffer, other = earlier.buffer, later.buffer
        if buffer is None or other is None:
            return False
        if are_different_buffers(buffer, other, self.buffers):
            return True
        if buffer is not other or self.buffers.overlaps_itself(buffer):
            return False
        differ = all(
            _Case(self, earlier, later, copies, shared, is_before).differ()
            for copies in range(1, self.copies)
        )
        return differ or self.is_walk(earlier, later)

    def is_walk(self, one: Access, other: Access) -> bool:
        """Whether accesses meet in the same iteration only, as pushes to a tape do.

        They walk through the buffer: what the subscript grows by in an iteration of a
        loop is not less than the way of all iterations of the loop inside.
        """
        if one.loops != other.loops:
            return False
        loops = (self.body.nest.loop, *one.loops)
        block = loops[-1].body.block
        if one.op.parent is not block or other.op.parent is not block:
            return False
        pairs = zip(one.subscripts, other.subscripts, strict=True)
        walks = [
            self.forms.closed(a, one.loops)
            for a, b in pairs
            if self.forms.form(a) == self.forms.form(b)
        ]
        return any(self.grows_steadily(walk, loops) for walk in walks)

    def grows_steadily(self, one: Polynomial, loops: Sequence[scf.ForOp]) -> bool:
        forms = self.forms
        growths = [self.growth_in(one, loop) for loop in loops]
        last = poly.number_of(growths[-1])
        if not last or any(constant_of(loop.step) != 1 for loop in loops):
            return False
        sign = 1 if last > 0 else -1
        for loop, wide, narrow in zip(loops[1:], growths, growths[1:], strict=False):
            trips = forms.trips(loop)
            if trips is None:
                return False
            room = poly.add(wide, poly.multiply(narrow, trips), -1)
            if not forms.atoms.is_natural(poly.multiply(poly.constant(sign), room)):
                return False
        parts = frozenset[int]().union(*map(forms.atoms.parts, growths))
        sources = (value for part in parts for value in forms.sources(part))
        return not any(value in self.body.inside for value in sources)

    def growth_in(self, one: Polynomial, loop: scf.ForOp) -> Polynomial:
        """What a closed form grows by in an iteration of a loop of step 1."""
        forms = self.forms
        grown = {forms.atom(loop.body.block.args[0]): poly.ONE}
        if loop is self.body.nest.loop:
            for number, argument in enumerate(loop.body.block.args[1:]):
                growth = forms.growth(loop, number)
                if growth is not None:
                    grown[forms.atom(argument)] = growth
        parts = forms.atoms.parts(one)
        next_one = forms.atoms.substitute(
            one,
            {
                atom: poly.add(frozenset({((atom,), 1)}), growth)
                for atom, growth in grown.items()
                if atom in parts
            },
        )
        return poly.add(next_one, one, -1)


def _cases(earlier: Access, later: Access) -> Iterator[tuple[int, bool]]:
    pairs = zip(earlier.loops, later.loops, strict=False)
    common = 0
    for one, other in pairs:
        if one is not other:
            break
        yield common, True
        common += 1
    if later.place[common] < earlier.place[common]:
        yield common, False


def _dependence(earlier: Access, later: Access) -> Problem:
    kinds = {(True, False): "flow", (False, True): "anti", (True, True): "output"}
    kind = kinds[earlier.writes, later.writes]
    reason = f"{kind} dependence on an iteration before"
    return Problem(reason, later.op, earlier.op)


@dataclass
class _Case:
    """How the iterations of two accesses lie, and what subscripts are there."""

    all: _Accesses
    earlier: Access
    later: Access
    copies: int
    """Iterations of the outer loop between the two."""
    shared: int
    is_before: bool
    back: int | None = None
    """Numbers from the later access' iteration of the loop to that of the earlier, < 0,
    where a dimension has decided on it."""

    def differ(self) -> bool:
        """Whether the subscripts of some dimension differ."""
        pairs = zip(self.earlier.subscripts, self.later.subscripts, strict=True)
        return any(self.differ_in(one, other) for one, other in pairs)

    def differ_in(self, one: SSAValue, other: SSAValue) -> bool:
        forms = self.all.forms
        moved = self.later_form(forms.closed(other, self.later.loops))
        distance = poly.add(moved, forms.closed(one, self.earlier.loops), -1)
        terms = dict(distance)
        number = terms.pop((), 0)
        step = terms.get((self.unknown,), 0)
        if not terms:
            return number != 0
        if terms.keys() == {(self.unknown,)} and abs(step) <= _SMALL:
            return self.excludes(-number, step)
        common = math.gcd(*terms.values())
        # Other factors need not divide what wraps around.
        return number % (common & -common) != 0

    def excludes(self, distance: int, step: int) -> bool:
        """Whether no way back by which `step` times that is a distance is allowed."""
        back, rest = divmod(distance, step)
        known, self.back = self.back, back
        wide = self.step_of(self.earlier.loops[self.shared])
        is_possible = back < 0 and not rest and back % wide == 0
        return not is_possible or (known is not None and known != back)

    @property
    def unknown(self) -> int:
        """The atom of the way back."""
        ((atoms, _),) = self.all.forms.fresh("back", self.shared)
        return atoms[0]

    def later_form(self, one: Polynomial) -> Polynomial:
        """A subscript as the later access has it."""
        parts = self.all.forms.atoms.parts(one)
        replaced = {atom: self.later_value(atom) for atom in parts}
        return self.all.forms.atoms.substitute(
            one, {atom: new for atom, new in replaced.items() if new is not None}
        )

    def later_value(self, atom: int) -> Polynomial | None:
        """What an atom is for the later access; None if the same."""
        forms, loop = self.all.forms, self.all.body.nest.loop
        if all(map(self.is_same, forms.sources(atom))):
            return None
        same: Polynomial = frozenset({((atom,), 1)})
        value, *others = forms.sources(atom)
        if others:
            return forms.fresh("later", *forms.sources(atom))
        if isinstance(value, BlockArgument) and value.block is loop.body.block:
            growth = self.growth(value)
            if growth is not None:
                return poly.add(same, growth, self.copies)
        loops = self.earlier.loops
        if self.is_before and value is loops[self.shared].body.block.args[0]:
            return poly.add(same, forms.fresh("back", self.shared))
        return forms.fresh("later", value)

    def is_same(self, value: SSAValue) -> bool:
        """Whether a value is the same in both iterations."""
        body, same_loops = self.all.body, self.earlier.loops[: self.shared]
        if value in body.uniform:
            return body.uniform[value] <= {*same_loops}
        return value not in body.inside

    def growth(self, argument: BlockArgument) -> Polynomial | None:
        """By how much an argument of the outer loop grows from copy to copy."""
        loop = self.all.body.nest.loop
        if argument.index == 0:
            return poly.constant(constant_of(loop.step) or 0)
        return self.all.forms.growth(loop, argument.index - 1)

    def step_of(self, loop: scf.ForOp) -> int:
        """What divides the way between two iterations of a loop."""
        step = constant_of(loop.step)
        return step if step is not None and 0 < step <= _SMALL else 1
