"""Random reads and writes of buffers, local buffers and views."""

from dataclasses import dataclass, replace

from .scalars import Scalars
from .writer import STORED_BOUND, Buffer, Float, Integer, Scope, Value, stored_range


@dataclass
class Memory:
    """Writes random memory operations."""

    scalars: Scalars

    def __post_init__(self) -> None:
        self.writer = self.scalars.writer

    def extent(self, buffer: Buffer, axis: int) -> str:
        """The extent along an axis as an index."""
        static = buffer.shape[axis]
        if static is not None:
            return self.writer.constant(static, "index")
        axis_name = self.writer.constant(axis, "index")
        return self.writer.emit(
            f"memref.dim {buffer.name}, {axis_name} : {buffer.type}"
        )

    def place(self, scope: Scope, buffer: Buffer) -> str:
        """A random element: indices in brackets, repeated ones likely."""
        return f"{buffer.name}[{', '.join(self._indices(scope, buffer))}]"

    def _indices(self, scope: Scope, buffer: Buffer) -> list[str]:
        return [self.index(scope, buffer, k) for k in range(len(buffer.shape))]

    def index(self, scope: Scope, buffer: Buffer, axis: int) -> str:
        """A random index along an axis that is not empty."""
        writer, static = self.writer, buffer.shape[axis]
        if writer.chance(0.15):
            return writer.constant(0, "index")
        if static is not None and writer.chance(0.15):
            return writer.constant(writer.random.randrange(static), "index")
        value = self.scalars.some_integer(scope, "index", -(10**6), 10**6)
        if static is not None and value.low >= 0 and value.high < static:
            return value.name
        extent = self.extent(buffer, axis)
        return writer.emit(f"arith.remui {value.name}, {extent} : index")

    def load(self, scope: Scope, buffer: Buffer, place: str) -> Value:
        """Read an element."""
        name = self.writer.emit(f"memref.load {place} : {buffer.type}")
        if buffer.is_float:
            return Float(name, buffer.element, STORED_BOUND)
        return Integer(name, buffer.element, *stored_range(buffer.element))

    def store(self, scope: Scope, buffer: Buffer, place: str) -> None:
        """Write something to an element."""
        value = self.storable(scope, buffer.element)
        self.writer.line(f"memref.store {value.name}, {place} : {buffer.type}")

    def storable(self, scope: Scope, element: str) -> Float | Integer:
        """A value that fits the promise of what buffers hold."""
        if element in ("f32", "f64"):
            return self.scalars.some_float(scope, element, STORED_BOUND)
        return self.scalars.some_integer(scope, element, *stored_range(element))

    def update(self, scope: Scope, buffer: Buffer, place: str) -> None:
        """Read an element and write back what depends on it."""
        value = self.load(scope, buffer, place)
        inner = scope.inside()
        if isinstance(value, Float):
            scope.add(value)
            product = self.scalars.product(scope, value)
            scope.add(product)
            new = self.scalars.below(product, STORED_BOUND)
        else:
            inner.integers = [*scope.integers[-2:]]
            inner.add(value)
            integer = self.scalars.cast(self.scalars.new_integer(inner), buffer.element)
            new = self.scalars.folded(integer, *stored_range(buffer.element))
        self.writer.line(f"memref.store {new.name}, {place} : {buffer.type}")

    def fill(self, scope: Scope, buffer: Buffer) -> None:
        """Give every element the same value."""
        value = self.storable(scope, buffer.element)
        zero, one = (self.writer.constant(k, "index") for k in (0, 1))
        extents = [self.extent(buffer, axis) for axis in range(len(buffer.shape))]
        ivs = [self.writer.name() for _ in extents]
        for iv, extent in zip(ivs, extents, strict=True):
            self.writer.line(f"scf.for {iv} = {zero} to {extent} step {one} {{")
        place = f"{buffer.name}[{', '.join(ivs)}]"
        self.writer.line(f"memref.store {value.name}, {place} : {buffer.type}")
        self.writer.lines += ["}"] * len(ivs)

    def copy(self, scope: Scope, source: Buffer) -> None:
        """Copy a buffer to another of its shape, if there is one."""
        targets = [
            b
            for b in scope.buffers
            if b.extents is not None
            and (b.extents, b.type) == (source.extents, source.type)
            and b.name != source.name
            and not b.layout
        ]
        if targets:
            target = self.writer.random.choice(targets)
            self.copy_to(source, target)

    def copy_to(self, source: Buffer, target: Buffer) -> None:
        """Copy a buffer to one of its shape."""
        self.writer.line(
            f'"memref.copy"({source.name}, {target.name}) : '
            f"({source.type}, {target.type}) -> ()"
        )

    def allocate(self, scope: Scope) -> Buffer | None:
        """A local buffer with defined contents, not yet visible."""
        like = [b for b in scope.buffers if not b.layout]
        if not like:
            return None
        model = self.writer.random.choice(like)
        sizes = ", ".join(
            self.extent(model, axis)
            for axis, static in enumerate(model.shape)
            if static is None
        )
        operation = "alloca" if self.writer.chance(0.2) else "alloc"
        name = self.writer.emit(f"memref.{operation}({sizes}) : {model.type}")
        buffer = replace(model, name=name)
        if self.writer.chance(0.5):
            self.copy_to(model, buffer)
        else:
            self.fill(scope, buffer)
        self.can_free = operation == "alloc"
        return buffer

    def view(self, scope: Scope, source: Buffer) -> Buffer | None:
        """Another name for (part of) a buffer."""
        if source.layout or not source.shape:
            return None
        if self.writer.chance(0.4):
            return self._cast(source)
        if len(source.shape) > 2:
            return None
        if len(source.shape) == 2:
            return self._row(scope, source)
        return self._tail(scope, source)

    def _cast(self, source: Buffer) -> Buffer:
        shape = tuple(None for _ in source.shape)
        cast = replace(source, shape=shape)
        name = self.writer.emit(
            f'"memref.cast"({source.name}) : ({source.type}) -> {cast.type}'
        )
        return replace(cast, name=name)

    def _row(self, scope: Scope, source: Buffer) -> Buffer | None:
        columns = source.shape[1]
        if columns is None:
            return None
        row = Buffer(
            "", source.element, (columns,), ", strided<[1], offset: ?>", (columns,)
        )
        which = self.index(scope, source, 0)
        return self._subview(source, f"[{which}, 0] [1, {columns}] [1, 1]", row)

    def _tail(self, scope: Scope, source: Buffer) -> Buffer:
        first = self.index(scope, source, 0)
        extent = self.extent(source, 0)
        size = self.writer.emit(f"arith.subi {extent}, {first} : index")
        tail = Buffer("", source.element, (None,), ", strided<[1], offset: ?>")
        return self._subview(source, f"[{first}] [{size}] [1]", tail)

    def _subview(self, source: Buffer, where: str, view: Buffer) -> Buffer:
        text = f"memref.subview {source.name}{where} : {source.type} to {view.type}"
        return replace(view, name=self.writer.emit(text))

    def some_buffer(self, scope: Scope) -> Buffer:
        """A buffer, more often one of floats."""
        floats = [buffer for buffer in scope.buffers if buffer.is_float]
        if floats and self.writer.chance(0.75):
            return self.writer.random.choice(floats)
        return self.writer.random.choice(scope.buffers)

    def visit(self, scope: Scope, buffer: Buffer, iv: Integer) -> None:
        """Read, and perhaps write, the element at the induction variable."""
        place = self.place(scope, buffer)
        first, _, rest = place.partition("[")
        _, comma, others = rest.partition(",")
        place = f"{first}[{iv.name}{comma}{others}" if comma else f"{first}[{iv.name}]"
        if self.writer.chance(0.6):
            self.update(scope, buffer, place)
            return
        self.recall(scope, buffer, place)

    def recall(self, scope: Scope, buffer: Buffer, place: str) -> None:
        """Read an element and, perhaps, write what has to remember it."""
        value = self.load(scope, buffer, place)
        scope.add(value)
        if isinstance(value, Float) and self.writer.chance(0.3):
            scope.add(self.scalars.clamped(scope, value))
        elif isinstance(value, Float) and self.writer.chance(0.6):
            product = self.scalars.product(scope, value)
            scope.add(product)
            if self.writer.chance(0.4):
                self.keep(scope, product)

    def keep(self, scope: Scope, value: Float) -> None:
        """Store a value in some buffer, so that it outlives its block."""
        fitting = [b for b in scope.buffers if b.element == value.type]
        if fitting:
            buffer = self.writer.random.choice(fitting)
            place = self.place(scope, buffer)
            stored = self.scalars.below(value, STORED_BOUND)
            self.writer.line(f"memref.store {stored.name}, {place} : {buffer.type}")
