"""The whole numbers of a function as polynomials: what is equal in two places.

A value inside loops is a function of their iteration numbers, so what one place of the
program computes in iteration i can be compared with what another computes in iteration
n - 1 - i. Pure operations on equal operands are equal, and loads of an element that
nothing writes afterwards; a value popped from a tape is the one that was pushed.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType, IntegerType
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.balance.facts import Chunks, Staged
from tapeflow.analysis.balance.uses_inside import is_used_inside
from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.carried_numbers import (
    WIDE,
    increment_of,
    passed_on,
    width_of,
)
from tapeflow.analysis.integers.intervals import (
    Interval,
    signed_interval,
    unsigned_interval,
)
from tapeflow.analysis.integers.polynomials import Atoms, Polynomial
from tapeflow.analysis.integers.ranges import IntegerRanges, find_integer_ranges
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import LOOPS, sources_of
from tapeflow.analysis.ir.operation_costs import is_function_of_operands
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.extents import extent_of
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.analysis.memory.shared_arguments import may_share_arguments
from tapeflow.dialects import address

_EXTENSIONS = (arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp)
# In a narrow type a sum may wrap around, so that it is not the sum of the numbers. One
# in 64 bits is believed not to, unless numbers in it are great.
_WRAPPING = (arith.AddiOp, arith.SubiOp, arith.MuliOp)


class WholeNumbers:
    """The polynomials of one function's values."""

    def __init__(
        self,
        function: FuncOp,
        chunks: Mapping[scf.WhileOp, Chunks],
        original: FuncOp | None = None,
        staged: Mapping[scf.ForOp, Staged] | None = None,
    ):
        """Ask for the numbers of a function, maybe a copy of one that others call."""
        self._staged = staged or {}
        self.atoms = Atoms()
        self._chunks = chunks
        self._inner = {c.inner: outer for outer, c in chunks.items()}
        self._body = function.body.block
        self._function = function
        self._called = original or function
        self._known: dict[SSAValue, Polynomial | Callable[[], Polynomial]] = {}

    def tell(self, value: SSAValue, polynomial: Callable[[], Polynomial]) -> None:
        """Say what a value is; it is asked for only if needed."""
        self._known[value] = polynomial

    def of(self, value: SSAValue) -> Polynomial:
        """The polynomial of a value."""
        known = self._known.get(value)
        if callable(known):
            known = known()
        elif known is None:
            self._known[value] = self._opaque(value)
            known = self._find(value)
        self._known[value] = known
        return known

    def iteration(self, loop: Operation) -> int:
        """The atom that counts a loop's iterations from 0."""
        if isinstance(loop, scf.ForOp):
            loop = self._inner.get(loop, loop)
        return self.atoms.number(poly.Atom("iteration", loop))

    def trips(self, loop: Operation) -> Polynomial:
        """How often a loop runs its body; it may be negative, which means 0."""
        bounds = self._bounds_of(loop)
        if bounds is None:
            return self.atoms.make("trips", loop, *self._iterations_around(loop))
        lower, upper, step = map(self.of, bounds)
        self.atoms.believe_positive(step)
        count = self.atoms.quotient_up(poly.add(upper, lower, -1), step)
        atom = self.atoms.only(count)
        return atom.of[0] if atom is not None and atom.name == "natural" else count

    def _bounds_of(self, loop: Operation) -> tuple[SSAValue, SSAValue, SSAValue] | None:
        """Lower bound, upper bound and step of a loop that has them."""
        if isinstance(loop, scf.ForOp):
            return self._lower(loop), loop.ub, loop.step
        chunks = self._chunks.get(loop) if isinstance(loop, scf.WhileOp) else None
        if chunks is None:
            return None
        return chunks.lower, chunks.upper, chunks.inner.step

    def _lower(self, loop: scf.ForOp) -> SSAValue:
        """Where a loop begins; one that is cut in stages, with its first half."""
        staged = self._staged.get(loop)
        return loop.lb if staged is None else staged.lower

    def _divides(self, divisor: SSAValue) -> bool:
        """Whether a divisor is positive, as is the step of a loop that runs."""
        number = self.of(divisor)
        uses = (use.operation for use in divisor.uses)
        if any(isinstance(op, scf.ForOp) and op.step is divisor for op in uses):
            self.atoms.believe_positive(number)
        return self.atoms.is_positive(number)

    def _is_distance(self, op: arith.CeilDivUIOp) -> bool:
        """Whether a dividend is not negative wherever the quotient plays a part.

        The distance of the bounds of a loop is not where the loop runs.
        """
        span = self.of(op.lhs)

        def has_span(loop: Operation) -> bool:
            bounds = None if loop in self._inner else self._bounds_of(loop)
            if bounds is None:
                return False
            return poly.add(self.of(bounds[1]), self.of(bounds[0]), -1) == span

        return self.atoms.is_natural(span) or is_used_inside(op.result, has_span)

    def _iterations_around(self, op: Operation) -> list[Polynomial]:
        found: list[Polynomial] = []
        holder = op.parent_op()
        while holder is not None:
            if type(holder) in LOOPS and holder not in self._inner:
                found.append(frozenset({((self.iteration(holder),), 1)}))
            holder = holder.parent_op()
        return found

    def _opaque(self, value: SSAValue) -> Polynomial:
        owner = value.owner
        around: list[Polynomial] = []
        if isinstance(owner, Operation):
            around = self._iterations_around(owner)
        elif owner is not self._body and owner.first_op is not None:
            around = self._iterations_around(owner.first_op)
        return self.atoms.make("value", value, *around)

    def _find(self, value: SSAValue) -> Polynomial:
        if isinstance(value, BlockArgument):
            return self._argument(value)
        assert isinstance(value, OpResult)
        op = value.op
        number = constant_of(value)
        if number is not None:
            return poly.constant(number)
        width = width_of(value.type)
        match op:
            case _ if isinstance(op, _WRAPPING) and width < WIDE:
                return self._applied(op.name, op, value)
            case memref.DimOp():
                return self._extent(op)
            case arith.AddiOp() | arith.SubiOp() | arith.MuliOp():
                found = _combined(op, self.of(op.lhs), self.of(op.rhs))
                if not poly.is_in_range(found):
                    return self._applied(op.name, op, value)
                return found
            case arith.CeilDivSIOp() if self._divides(op.rhs) or width == WIDE:
                return self.atoms.quotient_up(self.of(op.lhs), self.of(op.rhs))
            case arith.CeilDivUIOp() if self._divides(op.rhs) and self._is_distance(op):
                return self.atoms.quotient_up(self.of(op.lhs), self.of(op.rhs))
            case arith.MaxSIOp() if constant_of(op.lhs) == 0:
                return self.atoms.larger(self.of(op.rhs), self.of(op.lhs))
            case arith.MaxSIOp():
                return self.atoms.larger(self.of(op.lhs), self.of(op.rhs))
            case memref.LoadOp() | address.LoadOp() if self._later.unchanged_after(
                op, self._body
            ):
                # What the address is computed from plays no part.
                element = op.memref, *op.indices
                return self.atoms.make("load", value.type, *map(self.of, element))
            case scf.ForOp():
                return self._total(op, value.index)
            case scf.WhileOp() if op not in self._chunks:
                return self._counted(op, value.index, self.trips(op)) or self._opaque(
                    value
                )
            case _ if isinstance(op, _EXTENSIONS):
                return self._converted(op, value)
            case _ if not op.regions and is_function_of_operands(op):
                return self._applied(op.name, op, value)
            case _:
                return self._opaque(value)

    def _extent(self, op: memref.DimOp) -> Polynomial:
        axis = constant_of(op.index)
        extent = None if axis is None else extent_of(op.source, axis)
        if isinstance(extent, int):
            return poly.constant(extent)
        if extent is not None:
            return self.of(extent)
        parts = self.of(op.source), self.of(op.index)
        return self.atoms.make("extent", None, *parts)

    def _applied(self, name: str, op: Operation, value: OpResult) -> Polynomial:
        attributes = tuple(sorted((key, str(of)) for key, of in op.properties.items()))
        # A number that is taken for an unsigned one is another one in each width.
        operands = tuple(operand.type for operand in op.operands)
        key = (name, attributes, operands, value.type, value.index)
        return self.atoms.make("applied", key, *map(self.of, op.operands))

    def _converted(self, op: Operation, value: OpResult) -> Polynomial:
        """The same number, if the new type holds it; numbers have their type's sign."""
        source = op.operands[0]
        width = width_of(value.type)
        if width < width_of(source.type):
            interval = self._interval(source)
            if interval is not None and interval in signed_interval(width):
                return self.of(source)
            if interval is not None and interval in unsigned_interval(width):
                return self.atoms.make("cut", width, self.of(source))
            return self._applied(op.name, op, value)
        number = self.of(source)
        if not isinstance(op, arith.ExtUIOp):
            return number
        atom = self.atoms.only(number)
        if atom is not None and atom.name == "cut":
            return atom.of[0]
        return self._applied(op.name, op, value)

    def _interval(self, value: SSAValue) -> Interval | None:
        """Bounds of a value, also of one that counts the iterations of chunks."""
        return self._bounds(self.of(value)) or self._ranges.of(value)

    def _bounds(self, one: Polynomial) -> Interval | None:
        """Bounds of a number and multiples of iterations whose count is a number."""
        low = high = 0
        for atoms, factor in one:
            last = self._last_iteration(atoms) if atoms else 1
            if last is None:
                return None
            ends = factor * last, 0 if atoms else factor
            low, high = low + min(ends), high + max(ends)
        return Interval(low, high)

    def _last_iteration(self, atoms: tuple[int, ...]) -> int | None:
        first, *others = (self.atoms.atoms[atom] for atom in atoms)
        if others or first.name != "iteration":
            return None
        trips = poly.number_of(self.trips(cast(Operation, first.key)))
        return trips - 1 if trips is not None and trips > 0 else None

    @cached_property
    def _later(self) -> LaterWrites:
        may_share = may_share_arguments(self._called)
        return LaterWrites(find_buffers(self._function, may_share=may_share))

    @cached_property
    def _ranges(self) -> IntegerRanges:
        return find_integer_ranges(self._function)

    def _argument(self, value: BlockArgument) -> Polynomial:
        loop = value.block.parent_op()
        if isinstance(loop, scf.ForOp):
            iteration = frozenset({((self.iteration(loop),), 1)})
            if value.index == 0:
                chunks = self._chunks.get(self._inner.get(loop))  # pyright: ignore
                lower = self.of(self._lower(loop) if chunks is None else chunks.lower)
                return poly.add(lower, poly.multiply(iteration, self.of(loop.step)))
            found = self._carried(value)
            if found is not None and not self._is_part(loop):
                first, change = found
                return poly.add(first, poly.multiply(iteration, poly.constant(change)))
        if isinstance(loop, scf.WhileOp) and loop not in self._chunks:
            iteration = frozenset({((self.iteration(loop),), 1)})
            position: int | None = value.index
            if value.block is loop.before_region.block:
                position = passed_on(loop, value)
            if position is not None:
                return self._counted(loop, position, iteration) or self._opaque(value)
        return self._opaque(value)

    def _counted(
        self, loop: scf.WhileOp, position: int, times: Polynomial
    ) -> Polynomial | None:
        """What an scf.while carries if an iteration adds a constant to it."""
        argument = loop.after_region.block.args[position]
        (source,) = sources_of(argument)
        if source not in loop.before_region.block.args:
            return None
        first, following = sources_of(source)
        change = increment_of(following, argument)
        if change is None:
            return None
        return poly.add(self.of(first), poly.multiply(times, poly.constant(change)))

    def _carried(self, argument: SSAValue) -> tuple[Polynomial, int] | None:
        """What an scf.for carries at first, and the constant that it adds to it."""
        first, following = sources_of(argument)
        change = increment_of(following, argument)
        return None if change is None else (self.of(first), change)

    def _total(self, loop: scf.ForOp, position: int) -> Polynomial:
        """What a loop carries in the end if an iteration adds to it."""
        result = loop.results[position]
        is_whole = isinstance(result.type, IndexType | IntegerType)
        if self._is_part(loop) or not is_whole:
            return self._opaque(result)
        argument = loop.body.block.args[position + 1]
        iteration = self.iteration(loop)
        trips = self.trips(loop)
        found = self._carried(argument)
        if found is not None:
            change = poly.constant(found[1])
            return poly.add(found[0], self.atoms.sum(iteration, trips, change))
        if width_of(argument.type) < WIDE:
            return self._opaque(result)
        carried = self.of(argument)
        first, following = sources_of(argument)
        change = poly.add(self.of(following), carried, -1)
        if self.atoms.parts(change) & self.atoms.parts(carried) - self._own(carried):
            return self._opaque(result)
        return poly.add(self.of(first), self.atoms.sum(iteration, trips, change))

    def _is_part(self, loop: scf.ForOp) -> bool:
        """Whether other operations run some of the iterations that are counted."""
        return loop in self._inner or loop in self._staged

    def _own(self, carried: Polynomial) -> frozenset[int]:
        """The iteration numbers a carried value depends on, as others may, too."""
        return frozenset(
            part
            for part in self.atoms.parts(carried)
            if self.atoms.atoms[part].name == "iteration"
        )


def _combined(
    op: arith.AddiOp | arith.SubiOp | arith.MuliOp, one: Polynomial, other: Polynomial
) -> Polynomial:
    match op:
        case arith.MuliOp():
            return poly.multiply(one, other)
        case arith.SubiOp():
            return poly.add(one, other, -1)
        case _:
            return poly.add(one, other)
