"""A place to insert operations, with location and names of what they derive from."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    LocationAttr,
    MemRefType,
    UnknownLoc,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tapeflow.analysis.integers.number_attributes import integer_attribute


def hint_of(value: SSAValue, prefix: str = "") -> str | None:
    """A name for something derived from a named value."""
    return None if value.name_hint is None else prefix + value.name_hint


def _constant_name(value: FloatAttr | IntegerAttr) -> str:
    if isinstance(value, IntegerAttr):
        return f"c{value.value.data}".replace("-", "m")
    return "zero" if value.value.data == 0 else "constant"


@dataclass
class AdjointBuilder:
    """Appends operations to the end of a block; constants go to the entry block."""

    entry: Block
    block: Block
    location: LocationAttr = field(default_factory=UnknownLoc)
    constants: dict[Attribute, SSAValue] = field(
        default_factory=dict[Attribute, SSAValue]
    )

    def add(self, op: Operation) -> Operation:
        """Append an operation."""
        op.location = self.location
        self.block.add_op(op)
        return op

    def value(self, op: Operation, hint: str | None = None) -> SSAValue:
        """Append an operation and return its first result."""
        result = self.add(op).results[0]
        if hint is not None and result.name_hint is None:
            result.name_hint = hint
        return result

    def constant(self, value: FloatAttr | IntegerAttr) -> SSAValue:
        """A constant, defined once at the top of the function."""
        if value not in self.constants:
            op = arith.ConstantOp(value)
            op.location = self.location
            op.result.name_hint = _constant_name(value)
            self.prepend(op)
            self.constants[value] = op.result
        return self.constants[value]

    def prepend(self, op: Operation) -> None:
        """Insert an operation without operands at the top of the function."""
        first = self.entry.first_op
        if first is None:
            self.entry.add_op(op)
        else:
            self.entry.insert_op_before(op, first)

    def zero(self, type_: AnyFloat) -> SSAValue:
        """The constant 0.0 of a type."""
        return self.constant(FloatAttr(0.0, type_))

    def index(self, value: int) -> SSAValue:
        """An index constant, of the number's lowest 64 bits."""
        return self.constant(integer_attribute(value, IndexType()))

    @contextmanager
    def inside(self, block: Block) -> Generator[Block]:
        """Append to another block for a while."""
        outer, self.block = self.block, block
        yield block
        self.block = outer

    @contextmanager
    def before(self, op: Operation) -> Generator[None]:
        """Insert in front of an operation for a while."""
        with self.inside(Block()) as gathered:
            yield
        place = op.parent
        assert place is not None
        for new in tuple(gathered.ops):
            new.detach()
            place.insert_op_before(new, op)

    def loop(
        self,
        bounds: tuple[SSAValue, SSAValue, SSAValue],
        inits: Sequence[SSAValue],
        body: Callable[[SSAValue, tuple[SSAValue, ...]], Sequence[SSAValue]],
    ) -> tuple[SSAValue, ...]:
        """Append an scf.for; `body` gets induction variable and carried values."""
        block = Block(arg_types=[bounds[0].type, *(init.type for init in inits)])
        for arg, init in zip(block.args[1:], inits, strict=True):
            arg.name_hint = init.name_hint
        location = self.location
        with self.inside(block):
            yielded = body(block.args[0], tuple(block.args[1:]))
            self.add(scf.YieldOp(*yielded))
        self.location = location
        return tuple(self.add(scf.ForOp(*bounds, inits, block)).results)

    def branch(
        self,
        condition: SSAValue,
        types: Sequence[Attribute],
        yes: Callable[[], Sequence[SSAValue]],
        no: Callable[[], Sequence[SSAValue]],
    ) -> tuple[SSAValue, ...]:
        """Append an scf.if whose branches yield values of the given types."""
        location = self.location
        with self.inside(Block()) as taken:
            self.add(scf.YieldOp(*yes()))
        self.location = location
        with self.inside(Block()) as otherwise:
            self.add(scf.YieldOp(*no()))
        self.location = location
        if not types and len(otherwise.ops) == 1:
            op = scf.IfOp(condition, types, Region(taken))
        else:
            op = scf.IfOp(condition, types, Region(taken), Region(otherwise))
        return tuple(self.add(op).results)

    def extents(
        self, type_: MemRefType, sizes: Sequence[SSAValue]
    ) -> tuple[SSAValue, ...]:
        """All extents of a memref, given its dynamic ones in order."""
        dynamic = iter(sizes)
        return tuple(
            next(dynamic) if extent == DYNAMIC_INDEX else self.index(extent)
            for extent in type_.get_shape()
        )

    def dynamic_sizes(self, buffer: SSAValue) -> list[SSAValue]:
        """The dynamic extents of a buffer, by memref.dim."""
        type_ = cast("MemRefType[Attribute]", buffer.type)
        return [
            self.value(memref.DimOp(buffer, self.index(axis)))
            for axis, extent in enumerate(type_.get_shape())
            if extent == DYNAMIC_INDEX
        ]

    def for_each_index(
        self,
        extents: tuple[SSAValue, ...],
        visit: Callable[[tuple[SSAValue, ...]], None],
        indices: tuple[SSAValue, ...] = (),
    ) -> None:
        """Append a loop nest over all index tuples below the extents."""
        if not extents:
            visit(indices)
            return

        def body(iv: SSAValue, _: tuple[SSAValue, ...]) -> Sequence[SSAValue]:
            self.for_each_index(extents[1:], visit, (*indices, iv))
            return ()

        self.loop((self.index(0), extents[0], self.index(1)), (), body)

    def for_each_index_backwards(
        self,
        extents: tuple[SSAValue, ...],
        visit: Callable[[tuple[SSAValue, ...]], None],
    ) -> None:
        """The same, from the last index tuple to the first."""
        one = self.index(1)
        last = [self.value(arith.SubiOp(extent, one), "last") for extent in extents]

        def visit_mirrored(indices: tuple[SSAValue, ...]) -> None:
            pairs = zip(last, indices, strict=True)
            visit(tuple(self.value(arith.SubiOp(end, iv)) for end, iv in pairs))

        self.for_each_index(extents, visit_mirrored)
