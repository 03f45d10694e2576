"""What the subscripts of a copy nest tell: its iterations, and what it reaches."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.copies.copy_nests import Access, Copy, loops_within
from tapeflow.analysis.copies.index_bounds import IndexBounds
from tapeflow.analysis.copies.kept_order import KeptOrder
from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.ir.operation_costs import is_function_of_operands


class Needed(Exception):
    """A copy cannot be spared; the message says why."""


@dataclass(frozen=True)
class Redirected:
    """An access to the needless buffer, and the iteration of the copy that it means."""

    access: Access
    counters: dict[SSAValue, Polynomial]
    """By counter of the nest, its value there."""
    copied: tuple[Operation, ...]
    """What computes the kept access's subscripts and is not known there yet."""


@dataclass(frozen=True)
class CopyNest:
    """A copy with its loops inside of the block that holds all who take part."""

    copy: Copy
    block: Block
    op: Operation
    """What of the block holds the copy."""
    loops: tuple[scf.ForOp, ...]
    bounds: IndexBounds
    order: KeptOrder

    def check(self, own: Access, kept: Access, others: Sequence[Access]) -> None:
        """See that the nest is a box, and that no error of a subscript is lost.

        The copy's accesses either stay inside of their buffers, or, where it goes to
        the buffer that stays, another one like it meets the same elements.

        Raises:
            Needed: it is not so.
        """
        if self._has_changing_ends(self.loops):
            raise Needed("the bounds of its loops change")
        if not self._is_inside_buffer(own):
            raise Needed(f"{name_of(own.memref)} is not shown to be large enough")
        box = self._box(own)
        is_met = box is not None and any(self._box(op) == box for op in others)
        if not is_met and not self._is_inside_buffer(kept):
            raise Needed(f"{name_of(kept.memref)} is not shown to be large enough")

    def redirect(
        self, own: Access, kept: Access, others: Sequence[Access]
    ) -> tuple[Redirected, ...]:
        """The iteration of the nest that each other access to a buffer means.

        Args:
            own: the copy's access to that buffer.
            kept: the one that others are to be like.
            others: all others.

        Raises:
            Needed: not all of them are shown to mean one.
        """
        meant = self._inverse(own)
        found: list[Redirected] = []
        for op in others:
            counters = self._counters(op, own, meant)
            found.append(Redirected(op, counters, self._missing(op, kept, counters)))
        return tuple(found)

    def tells_apart(self, own: Access) -> bool:
        """Whether different iterations access different elements.

        A subscript tells counters apart if each of them steps over all that those with
        smaller steps reach together.
        """
        left = self._counter_atoms()
        for value in own.indices:
            form = self.bounds.forms.form(value)
            reach = poly.ONE
            # By growing steps: 1 first, then what is a product.
            for atom in sorted(
                self._used(form, left),
                key=lambda atom: _degree(self.bounds.slope(form, atom)),
            ):
                if self.bounds.slope(form, atom) != reach:
                    return False
                lower, upper = self._ends(left.pop(atom))
                reach = poly.multiply(reach, poly.add(upper, lower, -1))
        return not left

    def full_producer(self, own: Access, others: Sequence[Access]) -> Operation | None:
        """What first accesses the buffer, if it just writes all that `own` reads."""
        if not others:
            return None
        first = min(others, key=lambda op: self.order.position(op, self.block))
        place = self.order.position(first, self.block)
        beginning = [
            op for op in others if self.order.position(op, self.block) == place
        ]
        if not all(isinstance(op, memref.StoreOp) for op in beginning):
            return None
        box = self._box(own)
        if box is None or all(self._box(op) != box for op in beginning):
            return None
        return self.block.find_ancestor_op_in_block(first)

    def _is_inside_buffer(self, access: Access) -> bool:
        return all(
            self._is_inside(value, access.memref, axis)
            for axis, value in enumerate(access.indices)
        )

    def _is_inside(self, value: SSAValue, buffer: SSAValue, axis: int) -> bool:
        bounds = self.bounds
        form, around = bounds.forms.form(value), _loops_around(self.op)
        least, most = bounds.least(form, self.loops), bounds.most(form, self.loops)
        # Counters of the loops around the nest are left.
        end = None if most is None else bounds.most(most, around)
        if least is None or end is None or not bounds.is_natural(least):
            return False
        past = poly.add(end, poly.ONE)
        return any(
            bounds.is_at_most(past, extent) for extent in bounds.extents(buffer, axis)
        )

    def _inverse(self, own: Access) -> dict[int, tuple[scf.ForOp, Polynomial]]:
        """By axis, the loop whose counter its subscript is, and what is added."""
        counters = self._counter_atoms()
        meant: dict[int, tuple[scf.ForOp, Polynomial]] = {}
        for axis, value in enumerate(own.indices):
            form = self.bounds.forms.form(value)
            used = self._used(form, counters)
            if not used:
                continue
            if len(used) > 1 or self.bounds.slope(form, used[0]) != poly.ONE:
                raise Needed(f"subscripts of {name_of(own.memref)} do not tell where")
            offset = poly.add(form, frozenset({((used[0],), 1)}), -1)
            meant[axis] = counters[used[0]], offset
        loops = {loop for loop, _ in meant.values()}
        if not len(meant) == len(loops) == len(self.loops):
            raise Needed(f"subscripts of {name_of(own.memref)} do not tell where")
        return meant

    def _counters(
        self,
        op: Access,
        own: Access,
        meant: dict[int, tuple[scf.ForOp, Polynomial]],
    ) -> dict[SSAValue, Polynomial]:
        around = loops_within(self.block, op)
        if around is None:
            raise Needed(
                f"{name_of(op.memref)} is accessed in a branch, or in a loop whose "
                "step is not 1"
            )
        if self.block.find_ancestor_op_in_block(op) is self.op:
            raise Needed(f"{name_of(op.memref)} is accessed in its own loops, too")
        forms = self.bounds.forms
        counters: dict[SSAValue, Polynomial] = {}
        pairs = zip(op.indices, own.indices, strict=True)
        for axis, (value, of_copy) in enumerate(pairs):
            form = forms.form(value)
            if axis not in meant:
                if form != forms.form(of_copy):
                    raise Needed(f"another part of {name_of(op.memref)} is accessed")
                continue
            loop, offset = meant[axis]
            counter = poly.add(form, offset, -1)
            if not self._is_among(counter, loop, around):
                raise Needed(
                    f"an access to {name_of(op.memref)} is not shown to stay inside of "
                    "what is copied"
                )
            counters[loop.body.block.args[0]] = counter
        return counters

    def _is_among(
        self, counter: Polynomial, loop: scf.ForOp, around: Sequence[scf.ForOp]
    ) -> bool:
        """Whether a number is one that a loop counts."""
        bounds = self.bounds
        least, most = bounds.least(counter, around), bounds.most(counter, around)
        if least is None or most is None:
            return False
        lower, upper = self._ends(loop)
        past = poly.add(most, poly.ONE)
        return bounds.is_at_most(lower, least) and bounds.is_at_most(past, upper)

    def _missing(
        self, op: Access, kept: Access, counters: dict[SSAValue, Polynomial]
    ) -> tuple[Operation, ...]:
        """What computes the subscripts of `kept` and is not known at `op`."""
        place = self.order.position(op, self.block)
        found: dict[Operation, None] = {}

        def visit(value: SSAValue) -> None:
            home = value.owner
            if value in counters or (isinstance(home, Operation) and home in found):
                return
            at = home if isinstance(home, Operation) else home.parent_op()
            is_inside = self.op.is_ancestor(at) if at else False
            if at is None or (
                not is_inside and self.order.position(at, self.block) < place
            ):
                return
            if not (isinstance(home, Operation) and _can_be_repeated(home)):
                raise Needed(
                    "its subscripts come from memory, or from a loop's results"
                )
            for operand in home.operands:
                visit(operand)
            found[home] = None

        for value in kept.indices:
            visit(value)
        for counter in counters.values():
            for atom in self.bounds.forms.atoms.parts(counter):
                sources = self.bounds.forms.sources(atom)
                if len(sources) != 1:
                    raise Needed("its subscripts come from a loop's results")
                self._require_known(sources[0], op)
        return tuple(found)

    def _require_known(self, value: SSAValue, op: Access) -> None:
        home = value.owner
        at = home if isinstance(home, Operation) else home.parent_op()
        holder = at and self.block.find_ancestor_op_in_block(at)
        same = holder is self.block.find_ancestor_op_in_block(op)
        place = self.order.position(op, self.block)
        if at and not same and self.order.position(at, self.block) >= place:
            raise Needed("its subscripts come from what is computed later")

    def _box(self, op: Access) -> list[object] | None:
        """By axis, the least and the most subscript; None if there are gaps."""
        loops = loops_within(self.block, op)
        if loops is None or self._has_changing_ends(loops):
            return None
        forms, spans = self.bounds.forms, list[object]()
        counters = {forms.atom(loop.body.block.args[0]): loop for loop in loops}
        met = list[int]()
        for value in op.indices:
            form = forms.form(value)
            used = self._used(form, counters)
            if len(used) > 1 or any(
                self.bounds.slope(form, atom) != poly.ONE for atom in used
            ):
                return None
            met += used
            span = self.bounds.least(form, loops), self.bounds.most(form, loops)
            spans.append(span)
        # Each counter once: twice is a diagonal, and a loop that no subscript counts
        # may have no iteration.
        return spans if sorted(met) == sorted(counters) else None

    def _has_changing_ends(self, loops: Sequence[scf.ForOp]) -> bool:
        forms = self.bounds.forms
        return any(
            is_defined_inside(value, loops[0])
            for loop in loops
            for end in self._ends(loop)
            for atom in forms.atoms.parts(end)
            for value in forms.sources(atom)
        )

    def _counter_atoms(self) -> dict[int, scf.ForOp]:
        forms = self.bounds.forms
        return {forms.atom(loop.body.block.args[0]): loop for loop in self.loops}

    def _used(self, form: Polynomial, atoms: dict[int, scf.ForOp]) -> list[int]:
        parts = self.bounds.forms.atoms.parts(form)
        return [atom for atom in atoms if atom in parts]

    def _ends(self, loop: scf.ForOp) -> tuple[Polynomial, Polynomial]:
        return self.bounds.forms.form(loop.lb), self.bounds.forms.form(loop.ub)


def name_of(buffer: SSAValue) -> str:
    """What a message calls a buffer."""
    return f"'%{buffer.name_hint}'" if buffer.name_hint else "a buffer"


def _degree(one: Polynomial | None) -> int:
    return max((len(atoms) for atoms, _ in one or ()), default=0)


def _can_be_repeated(op: Operation) -> bool:
    return is_function_of_operands(op) and not op.regions


def _loops_around(op: Operation) -> list[scf.ForOp]:
    loops: list[scf.ForOp] = []
    around = op.parent_op()
    while around is not None:
        if isinstance(around, scf.ForOp):
            loops.append(around)
        around = around.parent_op()
    return loops[::-1]
