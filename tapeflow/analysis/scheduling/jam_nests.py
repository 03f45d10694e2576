"""What becomes of a loop's body when some of its iterations run side by side.

Iterations of the outer loop are *copies*. The body falls into *parts*, which run one
after the other, each for all copies before the next: a *run* of operations, copy after
copy, or an inner loop whose iterations hold those of all copies, in parts likewise.

A value is *uniform* if it is the same in all copies. What computes one is shared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xdsl.dialects import cf, memref, scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS, PRICES
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref, regions_blocks
from tapeflow.analysis.scheduling.dependences import Memory, records_of
from tapeflow.dialects.field_access import FieldLoadOp, FieldStoreOp

_ACCESSES = (memref.LoadOp, memref.StoreOp, FieldLoadOp, FieldStoreOp)


@dataclass(frozen=True)
class Run:
    """Operations that each copy does in one go."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Nest:
    """A loop that all copies share, or the outer one itself."""

    loop: scf.ForOp
    parts: tuple["Run | Nest", ...]

    def innermost(self) -> Iterator["Nest"]:
        """The nests without nests inside."""
        inner = [part for part in self.parts if isinstance(part, Nest)]
        for nest in inner:
            yield from nest.innermost()
        if not inner:
            yield self

    def operations(self) -> Iterator[Operation]:
        """The operations of the runs that are directly inside."""
        for part in self.parts:
            if isinstance(part, Run):
                yield from part.operations


@dataclass(frozen=True)
class Access:
    """A read or write of memory, and where it is among the parts."""

    op: Operation
    memory: Memory
    writes: bool
    loops: tuple[scf.ForOp, ...]
    """The shared loops around it, outermost first."""
    place: tuple[int, ...]
    """The numbers of the parts around it: of the outer body, then of each loop's."""

    @property
    def buffer(self) -> SSAValue | None:
        """The memref, where it is one that is indexed."""
        op = self.op
        return op.memref if isinstance(op, memref.LoadOp | memref.StoreOp) else None

    @property
    def subscripts(self) -> tuple[SSAValue, ...]:
        """Of a memref."""
        op = self.op
        is_indexed = isinstance(op, memref.LoadOp | memref.StoreOp)
        return tuple(op.indices) if is_indexed else ()


@dataclass(frozen=True)
class Body:
    """The body of an outer loop, in parts."""

    nest: Nest
    accesses: tuple[Access, ...]
    uniform: dict[SSAValue, frozenset[scf.ForOp]]
    """Uniform values of the body, each with the shared loops that change it."""
    inside: frozenset[SSAValue]
    """All values of the body."""
    apart: frozenset[int] = frozenset()
    """Numbers of the carried sums of which each copy has its own."""

    def is_uniform(self, value: SSAValue) -> bool:
        """Whether a value is the same in all copies."""
        return value in self.uniform or value not in self.inside

    def is_shared(self, op: Operation) -> bool:
        """Whether one execution of an operation serves all copies."""
        return bool(op.results) and all(value in self.uniform for value in op.results)


@dataclass(frozen=True)
class Problem:
    """Why iterations cannot run side by side, and where that shows."""

    reason: str
    op: Operation
    other: Operation | None = None


def find_body(
    loop: scf.ForOp, buffers: Buffers, *, is_flat: bool = False
) -> Body | Problem:
    """The parts of a loop's body, or why they are not known or not worth it.

    Args:
        is_flat: a loop without loops inside, of which each operation is a part.
    """
    return _Search(loop, buffers, is_flat).body()


@dataclass
class _Search:
    loop: scf.ForOp
    buffers: Buffers
    is_flat: bool
    uniform: dict[SSAValue, frozenset[scf.ForOp]] = field(
        default_factory=dict[SSAValue, frozenset[scf.ForOp]]
    )
    accesses: list[Access] = field(default_factory=list[Access])
    inside: set[SSAValue] = field(default_factory=set[SSAValue])
    written: set[Memory] = field(default_factory=set[Memory])

    def body(self) -> Body | Problem:
        for op in self.loop.body.walk():
            if not _is_known(op) or any(map(is_memref, op.results)):
                return Problem(f"'{op.name}' may do more than compute", op)
            self.inside.update(op.results)
            for block in regions_blocks(op):
                self.inside.update(block.args)
            if isinstance(op, memref.StoreOp | FieldStoreOp):
                self.written.add(self.memory(op))
        self.inside.update(self.loop.body.block.args)
        if any(map(is_memref, self.loop.results)):
            return Problem("the loop carries buffers", self.loop)
        parts = self.parts(self.loop.body.block, (), ())
        if self.is_flat:
            inner = next((op for op in self.inside_loops()), None)
            if inner is not None:
                return Problem("it holds a loop", inner)
        elif not any(isinstance(part, Nest) for part in parts):
            return Problem(
                "no inner loop has equal bounds in all iterations", self.loop
            )
        nest, accesses = Nest(self.loop, parts), tuple(self.accesses)
        return Body(nest, accesses, self.uniform, frozenset(self.inside))

    def parts(
        self, block: Block, loops: tuple[scf.ForOp, ...], place: tuple[int, ...]
    ) -> tuple[Run | Nest, ...]:
        parts: list[Run | Nest] = []
        run: list[Operation] = []
        *operations, _ = block.ops
        for op in operations:
            if isinstance(op, scf.ForOp) and self.is_all_uniform(op.operands[:3]):
                if run:
                    parts.append(Run(tuple(run)))
                    run = []
                self.uniform[op.body.block.args[0]] = self.changing(op.operands[:3]) | {
                    op
                }
                inner = (*loops, op), (*place, len(parts))
                parts.append(Nest(op, self.parts(op.body.block, *inner)))
                continue
            run.append(op)
            self.note(op, loops, (*place, len(parts)))
            if self.is_flat:
                parts.append(Run((op,)))
                run = []
        if run:
            parts.append(Run(tuple(run)))
        return tuple(parts)

    def inside_loops(self) -> Iterator[scf.ForOp]:
        for op in self.loop.body.walk():
            if isinstance(op, scf.ForOp):
                yield op

    def note(
        self, op: Operation, loops: tuple[scf.ForOp, ...], place: tuple[int, ...]
    ) -> None:
        for inner in op.walk():
            if isinstance(inner, _ACCESSES):
                writes = isinstance(inner, memref.StoreOp | FieldStoreOp)
                memory = self.memory(inner)
                self.accesses.append(Access(inner, memory, writes, loops, place))
        if self.is_repeatable(op) and self.is_all_uniform(op.operands):
            changing = self.changing(op.operands)
            self.uniform |= dict.fromkeys(op.results, changing)

    def memory(self, op: Operation) -> Memory:
        if isinstance(op, FieldLoadOp | FieldStoreOp):
            return records_of(op.memory)
        assert isinstance(op, memref.LoadOp | memref.StoreOp)
        return self.buffers.of(op.memref)

    def is_repeatable(self, op: Operation) -> bool:
        """Whether an operation gives the same for the same operands."""
        if op.regions or isinstance(op, FieldLoadOp):
            return False
        if isinstance(op, memref.LoadOp):
            return self.memory(op) not in self.written
        return is_side_effect_free(op) or isinstance(op, INTEGER_DIVISIONS)

    def is_all_uniform(self, values: Iterable[SSAValue]) -> bool:
        return all(v in self.uniform or v not in self.inside for v in values)

    def changing(self, values: Iterable[SSAValue]) -> frozenset[scf.ForOp]:
        found = (self.uniform.get(value, frozenset()) for value in values)
        return frozenset[scf.ForOp]().union(*found)


def _is_known(op: Operation) -> bool:
    if isinstance(op, (*_ACCESSES, scf.ForOp, scf.IfOp, scf.YieldOp, cf.AssertOp)):
        return True
    if isinstance(op, INTEGER_DIVISIONS):
        return True
    return type(op) in PRICES and is_side_effect_free(op)
