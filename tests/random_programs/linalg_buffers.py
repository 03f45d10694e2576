"""Buffers that linalg operations need: of the right extents, with contents."""

from collections.abc import Sequence
from dataclasses import dataclass

from .nests import Nests
from .writer import STORED_BOUND, Buffer, Float, Scope

Size = tuple[int | None, str]
"""An extent: a number, or None and the name of a value."""


@dataclass
class LinalgBuffers:
    """Writes allocations and fills them by linalg operations."""

    nests: Nests

    def __post_init__(self) -> None:
        self.writer = self.nests.writer

    def sizes(self, buffer: Buffer) -> list[Size]:
        """The extents of a buffer."""
        return [
            (extent, "")
            if extent is not None
            else (None, self.nests.memory.extent(buffer, axis))
            for axis, extent in enumerate(buffer.shape)
        ]

    def new(self, scope: Scope, element: str, sizes: Sequence[Size]) -> Buffer:
        """A buffer of these extents, without contents."""
        buffer = Buffer("", element, tuple(extent for extent, _ in sizes))
        names = ", ".join(name for extent, name in sizes if extent is None)
        name = self.writer.emit(f"memref.alloc({names}) : {buffer.type}")
        return Buffer(name, element, buffer.shape)

    def filled(self, scope: Scope, model: Buffer, axes: Sequence[int]) -> Buffer:
        """A new buffer with some of a buffer's extents, and with contents."""
        sizes = self.sizes(model)
        buffer = self.new(scope, model.element, [sizes[axis] for axis in axes])
        if model.extents is not None:
            extents = tuple(model.extents[axis] for axis in axes)
            buffer = Buffer(buffer.name, model.element, buffer.shape, "", extents)
        self.give_contents(scope, buffer)
        return buffer

    def alike(self, scope: Scope, model: Buffer) -> Buffer:
        """A buffer of the same extents: one that there is, or a new one."""
        found = [
            b
            for b in scope.buffers
            if b.element == model.element
            and b.extents is not None
            and b.extents == model.extents
        ]
        if found and self.writer.chance(0.7):
            return self.writer.random.choice(found)
        return self.filled(scope, model, [*range(len(model.shape))])

    def give_contents(self, scope: Scope, buffer: Buffer) -> None:
        """Fill a buffer with numbers that differ from element to element."""
        writer, element = self.writer, buffer.element
        value = self.nests.scalars.some_float(scope, element, STORED_BOUND)
        rank = len(buffer.shape)
        dims = ", ".join(f"d{axis}" for axis in range(rank))
        kinds = ", ".join('"parallel"' for _ in range(rank))
        out = writer.name()
        writer.line(
            f"linalg.generic {{indexing_maps = [affine_map<({dims}) -> ({dims})>], "
            f"iterator_types = [{kinds}]}} outs({buffer.name} : {buffer.type}) {{"
        )
        writer.line(f"^bb0({out}: {element}):")
        for axis in range(rank):
            index = writer.emit(f"linalg.index {axis} : index")
            number = writer.emit(f"arith.index_cast {index} : index to i32")
            float_ = writer.emit(f"arith.sitofp {number} : i32 to {element}")
            weight = writer.constant(round(0.37 + 0.11 * axis, 2), element)
            text = f"arith.mulf {float_}, {weight} : {element}"
            scaled = writer.emit(text)
            text = f"arith.addf {value.name}, {scaled} : {element}"
            value = Float(writer.emit(text), element, value.bound + 4)
        result = writer.emit(f"math.sin {value.name} : {element}")
        writer.line(f"linalg.yield {result} : {element}")
        writer.line("}")

    def reduce(
        self, source: Buffer, target: Buffer, axes: Sequence[int], operation: str
    ) -> None:
        """A linalg.reduce by an operation of arith."""
        writer, element = self.writer, source.element
        value, so_far = writer.name(), writer.name()
        writer.line(
            f"linalg.reduce ins({source.name} : {source.type}) "
            f"outs({target.name} : {target.type}) dimensions = {[*axes]}"
        )
        writer.line(f"({value}: {element}, {so_far}: {element}) {{")
        names = ", ".join(writer.random.sample([value, so_far], 2))
        reduced = writer.emit(f"arith.{operation} {names} : {element}")
        writer.line(f"linalg.yield {reduced} : {element}")
        writer.line("}")

    def total(self, scope: Scope, buffer: Buffer) -> Float:
        """The sum of all elements, bounded; there may be none."""
        element = buffer.element
        single = self.new(scope, element, [])
        zero = self.nests.scalars.writer.float_constant(0, element)
        self.writer.line(
            f"linalg.fill ins({zero.name} : {element}) "
            f"outs({single.name} : {single.type})"
        )
        if buffer.shape:
            self.reduce(buffer, single, range(len(buffer.shape)), "addf")
        else:
            self.writer.line(
                f"linalg.copy ins({buffer.name} : {buffer.type}) "
                f"outs({single.name} : {single.type})"
            )
        name = self.writer.emit(f"memref.load {single.name}[] : {single.type}")
        return self.nests.scalars.below(Float(name, element, 1e3), STORED_BOUND)
