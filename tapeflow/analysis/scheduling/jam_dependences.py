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
from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.ir import BlockArgument, Operation, SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.dependences import Memory, carried_number
from tapeflow.analysis.scheduling.jam_nests import Access, Body, Nest, Problem
from tapeflow.analysis.scheduling.subscripts import SubscriptForms

MOST_ACCESSES = 48
"""Accesses of one memory in a nest that are compared with each other."""
_SMALL = 1 << 20
"""Factors up to this do not make subscripts wrap in a run that ends."""


def find_problem(body: Body, buffers: Buffers, copies: int) -> Problem | None:
    """What keeps so many iterations from running side by side; None if nothing does."""
    return _carried_problem(body, copies) or _Accesses(body, buffers, copies).problem()


def _carried_problem(body: Body, copies: int) -> Problem | None:
    """A carried value that an iteration takes before the one before has it."""
    loop = body.nest.loop
    places = _places(body.nest)
    values = yielded(loop.body.block)
    _, *arguments = loop.body.block.args
    known = [0] * len(arguments)
    """By argument, the part behind which all iterations but the first have it."""
    for _ in range(1, copies):
        for number, value in enumerate(values):
            at = carried_number(value, loop)
            part = known[at] if at is not None else _place_of(value, places)
            known[number] = max(known[number], part)
    for argument, part in zip(arguments, known, strict=True):
        for use in argument.uses:
            top = loop.body.block.find_ancestor_op_in_block(use.operation)
            at, is_run = places.get(top, (part, True))
            if at < part or (at == part and not is_run):
                reason = "a carried value is taken before the iteration before has it"
                return Problem(reason, use.operation)
    return None


def _places(nest: Nest) -> dict[Operation | None, tuple[int, bool]]:
    """By operation of the body but its end, the part it is in, and if that is a run."""
    found: dict[Operation | None, tuple[int, bool]] = {}
    for number, part in enumerate(nest.parts):
        if isinstance(part, Nest):
            found[part.loop] = number, False
        else:
            found |= dict.fromkeys(part.operations, (number, True))
    return found


def _place_of(value: SSAValue, places: dict[Operation | None, tuple[int, bool]]) -> int:
    """The part that computes a value, the first one for what comes from outside."""
    owner = value.owner
    return places.get(owner, (0, True))[0] if isinstance(owner, Operation) else 0


@dataclass
class _Accesses:
    """Compares the accesses of a body."""

    body: Body
    buffers: Buffers
    copies: int
    forms: SubscriptForms = field(default_factory=SubscriptForms)

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
        buffer = earlier.buffer
        if buffer is None or later.buffer is not buffer or buffer in self.body.inside:
            return False
        if self.buffers.overlaps_itself(buffer):
            return False
        return all(
            _Case(self, earlier, copies, shared, is_before).differ(earlier, later)
            for copies in range(1, self.copies)
        )


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
    copies: int
    """Iterations of the outer loop between the two."""
    shared: int
    is_before: bool
    back: int | None = None
    """Numbers from the later access' iteration of the loop to that of the earlier, < 0,
    where a dimension has decided on it."""

    def differ(self, earlier: Access, later: Access) -> bool:
        """Whether the subscripts of some dimension differ."""
        pairs = zip(earlier.subscripts, later.subscripts, strict=True)
        return any(self.differ_in(one, other) for one, other in pairs)

    def differ_in(self, one: SSAValue, other: SSAValue) -> bool:
        forms = self.all.forms
        moved = self.later_form(forms.form(other))
        distance = poly.add(moved, forms.form(one), -1)
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
        forms, body = self.all.forms, self.all.body
        value = forms.value_of(atom)
        if value is None or value not in body.inside:
            return None
        same: Polynomial = frozenset({((atom,), 1)})
        loop = body.nest.loop
        if isinstance(value, BlockArgument) and value.block is loop.body.block:
            step = self.counted(value)
            if step is not None:
                return poly.add(same, poly.constant(step * self.copies))
        loops = self.earlier.loops
        same_loops = loops[: self.shared]
        if value in body.uniform and body.uniform[value] <= {*same_loops}:
            return None
        if self.is_before and value is loops[self.shared].body.block.args[0]:
            return poly.add(same, forms.fresh("back", self.shared))
        return forms.fresh("later", value)

    def counted(self, argument: BlockArgument) -> int | None:
        """By how much an argument of the outer loop grows from copy to copy."""
        loop = self.all.body.nest.loop
        if argument.index == 0:
            return constant_of(loop.step)
        forms = self.all.forms
        following = yielded(loop.body.block)[argument.index - 1]
        grown = poly.add(forms.form(following), forms.form(argument), -1)
        step = poly.number_of(grown)
        return step if step is not None and abs(step) <= _SMALL else None

    def step_of(self, loop: scf.ForOp) -> int:
        """What divides the way between two iterations of a loop."""
        step = constant_of(loop.step)
        return step if step is not None and 0 < step <= _SMALL else 1
