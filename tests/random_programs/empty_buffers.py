"""Random uses of buffers without elements."""

from dataclasses import dataclass, replace

from .nests import Nests
from .writer import STORED_BOUND, Buffer, Float, Scope

SHAPES: tuple[tuple[int | None, ...], ...] = ((0,), (None,), (2, None), (0, 3))
"""An extent that is not known is 0."""


@dataclass
class EmptyBuffers:
    """Writes loops, copies, views and sums of buffers in which nothing is."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer

    def write(self, scope: Scope) -> None:
        """Use an argument or a new buffer."""
        buffer = self._some(scope)
        self.writer.drew("empty buffer")
        use = self.writer.random.choice(["fill", "copy", "sum", "visit", "view"])
        match use:
            case "fill":
                self.memory.fill(scope, buffer)
            case "copy":
                self.memory.copy_to(buffer, self._new(scope, buffer))
            case "view":
                offsets = ", ".join("0" for _ in buffer.shape)
                sizes = ", ".join(
                    self.memory.extent(buffer, k) for k in range(len(buffer.shape))
                )
                ones = ", ".join("1" for _ in buffer.shape)
                view = replace(buffer, shape=tuple(None for _ in buffer.shape))
                view = self._with_layout(buffer, view)
                name = self.writer.emit(
                    f"memref.subview {buffer.name}[{offsets}] [{sizes}] [{ones}] : "
                    f"{buffer.type} to {view.type}"
                )
                self.memory.fill(scope, replace(view, name=name))
            case _:
                self._loop(scope, buffer, use)

    def _with_layout(self, buffer: Buffer, view: Buffer) -> Buffer:
        columns = buffer.shape[-1]
        stride = "?" if columns is None else str(columns)
        strides = ", ".join([stride, "1"][-len(buffer.shape) :])
        return replace(view, layout=f", strided<[{strides}]>")

    def _some(self, scope: Scope) -> Buffer:
        if scope.empty and self.writer.chance(0.6):
            return self.writer.random.choice(scope.empty)
        shape = self.writer.random.choice(SHAPES)
        return self._new(scope, Buffer("", "f64", shape))

    def _new(self, scope: Scope, like: Buffer) -> Buffer:
        sizes = ", ".join(self._zero(scope) for n in like.shape if n is None)
        text = f"memref.alloc({sizes}) : {like.type}"
        if like.name:
            sizes = ", ".join(
                self.memory.extent(like, k)
                for k, n in enumerate(like.shape)
                if n is None
            )
            text = f"memref.alloc({sizes}) : {like.type}"
        return replace(like, name=self.writer.emit(text))

    def _zero(self, scope: Scope) -> str:
        """An index that is 0, which the compiler may not see."""
        if self.writer.chance(0.3):
            return self.nests.number(0)
        value = self.nests.scalars.some_integer(scope, "index", 0, 4)
        return self.nests.index("minsi", value.name, self.nests.number(0))

    def _loop(self, scope: Scope, buffer: Buffer, use: str) -> None:
        """Loops over all elements; a sum is what it was before."""
        inner = scope
        start = self.nests.scalars.some_float(scope, "f64", STORED_BOUND)
        with self.nests.over(inner, buffer, 0) as outer:
            bounds = (
                self.nests.number(0),
                self.memory.extent(buffer, len(buffer.shape) - 1),
            )
            with self.nests.loop(outer.scope, bounds, 5, [start]) as loop:
                ivs = [outer.iv.name, loop.iv.name][-len(buffer.shape) :]
                place = f"{buffer.name}[{', '.join(ivs)}]"
                if use == "visit":
                    self.memory.update(loop.scope, buffer, place)
                value = self.nests.loaded(loop.scope, buffer, place)
                values = [value, Float(loop.args[0], "f64", STORED_BOUND)]
                loop.yielded.append(self.nests.function(loop.scope, values).name)
