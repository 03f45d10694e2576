"""Random views: of views, with steps, of lower rank, and copies from and to them."""

import re
from dataclasses import dataclass, replace

from .nests import Nests, longest_extent
from .writer import Buffer, Scope

Number = int | str
"""A number known to the compiler, or the name of one that is not."""


def strides_of(buffer: Buffer) -> tuple[list[int | None], int | None]:
    """Strides and offset as the type tells them, None where it does not."""
    if buffer.layout:
        found = re.fullmatch(r", strided<\[(.*?)\](?:, offset: (.+))?>", buffer.layout)
        assert found is not None
        strides = [n.strip() for n in found[1].split(",") if n.strip()]
        offset = found[2] or "0"
        return [_known(n) for n in strides], _known(offset)
    strides_: list[int | None] = []
    stride: int | None = 1
    for extent in reversed(buffer.shape):
        strides_.insert(0, stride)
        stride = None if stride is None or extent is None else stride * extent
    return strides_, 0


def _known(text: str) -> int | None:
    return None if text == "?" else int(text)


def layout(strides: list[int | None], offset: int | None) -> str:
    """The part of a type that `strides_of` reads."""
    names = ["?" if n is None else str(n) for n in strides]
    end = f", offset: {'?' if offset is None else offset}"
    return f", strided<[{', '.join(names)}]{'' if offset == 0 else end}>"


@dataclass(frozen=True)
class Slice:
    """Which elements of an axis a view takes."""

    offset: Number
    size: Number
    step: Number
    dropped: bool = False
    """Whether the view has no such axis."""


def _static(number: Number) -> int | None:
    return number if isinstance(number, int) else None


@dataclass
class Views:
    """Writes views and uses them."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer

    def write(self, scope: Scope) -> None:
        """Write a view and, perhaps, something that uses it at once."""
        found = [b for b in scope.buffers if b.shape]
        views = [b for b in found if b.layout]
        if views and self.writer.chance(0.4):
            found = views
        if not found:
            return
        source = self.writer.random.choice(found)
        if self.writer.chance(0.15):
            self._halves(scope, source)
            return
        view = self.view(scope, source)
        scope.add(view)
        use = self.writer.pick({"copy": 2, "fill": 1, "visit": 2, "nothing": 2})
        if use == "copy":
            self._copy_to_view(scope, view)
            self._copy_through(scope, view)
        elif use == "fill":
            self.memory.fill(scope, view)
        elif (
            use == "visit"
            and view.shape
            and self.nests.fits(scope, longest_extent(view, 0))
        ):
            with self.nests.over(scope, view, 0) as loop:
                self.memory.visit(loop.scope, view, loop.iv)

    def view(self, scope: Scope, source: Buffer) -> Buffer:
        """A random view of a buffer."""
        slices = [self._slice(scope, source, k) for k in range(len(source.shape))]
        if all(s.dropped for s in slices) and self.writer.chance(0.7):
            slices[0] = replace(slices[0], dropped=False)
        self.writer.drew("view of view" if source.layout else "strided view")
        if any(s.dropped for s in slices):
            self.writer.drew("view of lower rank")
        return self.subview(source, slices)

    def subview(self, source: Buffer, slices: list[Slice]) -> Buffer:
        """The view that takes these elements."""
        strides, offset = strides_of(source)
        for stride, part in zip(strides, slices, strict=True):
            start = _static(part.offset)
            if start == 0:
                continue
            if offset is None or stride is None or start is None:
                offset = None
            else:
                offset += stride * start
        kept = [k for k, part in enumerate(slices) if not part.dropped]
        steps = [_static(part.step) for part in slices]
        new = [
            None if stride is None or step is None else stride * step
            for stride, step in zip(strides, steps, strict=True)
        ]
        sizes = [_static(part.size) for part in slices]
        shape = tuple(sizes[k] for k in kept)
        extents = tuple(size for size in shape if size is not None)
        view = Buffer(
            "",
            source.element,
            shape,
            layout([new[k] for k in kept], offset),
            extents if len(extents) == len(shape) else None,
        )
        columns = ([s.offset for s in slices], [s.size for s in slices])
        where = " ".join(
            f"[{', '.join(map(str, column))}]"
            for column in (*columns, [s.step for s in slices])
        )
        name = self.writer.emit(
            f"memref.subview {source.name}{where} : {source.type} to {view.type}"
        )
        return replace(view, name=name)

    def _slice(self, scope: Scope, source: Buffer, axis: int) -> Slice:
        """A part that is not empty of an axis that is not."""
        kind = self.writer.pick({"all": 2, "one": 2, "rest": 2, "step": 3, "few": 2})
        extent = source.shape[axis]
        if extent is not None and self.writer.chance(0.6):
            return self._static_slice(kind, extent)
        n = self.memory.extent(source, axis)
        if kind == "all":
            return Slice(0, extent or n, 1)
        start = self.memory.index(scope, source, axis)
        if kind == "one":
            return Slice(start, 1, 1, self.writer.chance(0.6))
        rest = self.nests.index("subi", n, start)
        if kind == "rest":
            return Slice(start, rest, 1)
        if kind == "few":
            size = self.nests.index("minsi", rest, self.nests.number(2))
            return Slice(start, size, 1)
        step: Number = self.writer.random.choice([2, 2, 3])
        rounded = self.nests.shifted(rest, step - 1)
        size = self.nests.index("divui", rounded, self.nests.number(step))
        return Slice(start, size, self._perhaps_dynamic(step))

    def _static_slice(self, kind: str, extent: int) -> Slice:
        random = self.writer.random
        start = 0 if kind == "all" else random.randrange(extent)
        step = random.choice([2, 3]) if kind == "step" else 1
        most = (extent - start + step - 1) // step
        if kind == "one":
            return Slice(self._perhaps_dynamic(start), 1, 1, self.writer.chance(0.6))
        size = random.randint(1, most) if kind == "few" else most
        dynamic = self._perhaps_dynamic
        return Slice(dynamic(start), dynamic(size), dynamic(step))

    def _perhaps_dynamic(self, value: int) -> Number:
        return self.nests.number(value) if self.writer.chance(0.25) else value

    def like(self, view: Buffer) -> Buffer:
        """A new buffer of a view's shape, without contents."""
        sizes = [
            self.memory.extent(view, axis)
            for axis, static in enumerate(view.shape)
            if static is None
        ]
        compact = replace(view, layout="")
        operation = "alloca" if self.writer.chance(0.2) else "alloc"
        name = self.writer.emit(
            f"memref.{operation}({', '.join(sizes)}) : {compact.type}"
        )
        return replace(compact, name=name)

    def _copy_through(self, scope: Scope, view: Buffer) -> None:
        """Copy a view to a new buffer, change that, and perhaps copy it back."""
        self.writer.drew("copy from a view")
        work = self.like(view)
        self.memory.copy_to(view, work)
        scope.add(work)
        for _ in range(self.writer.random.randint(0, 2)):
            self.memory.update(scope, work, self.memory.place(scope, work))
        others = [b for b in scope.buffers if b.type == view.type]
        others = [b for b in others if b.extents is not None or b is view]
        others = [b for b in others if b.extents == view.extents or b is view]
        if self.writer.chance(0.6):
            self.writer.drew("copy to a view")
            self.memory.copy_to(work, self.writer.random.choice(others))

    def _copy_to_view(self, scope: Scope, view: Buffer) -> None:
        """Copy a view, at once, to every second element of a new buffer."""
        extents = view.extents
        if not extents or extents != view.shape:
            return
        self.writer.drew("copy from view to view")
        shape = (*extents[:-1], 2 * extents[-1])
        large = Buffer("", view.element, shape, "", shape)
        name = self.writer.emit(f"memref.alloc() : {large.type}")
        large = replace(large, name=name)
        self.memory.fill(scope, large)
        slices = [Slice(0, n, 1) for n in extents]
        slices[-1] = Slice(self.writer.random.choice([0, 1]), extents[-1], 2)
        part = self.subview(large, slices)
        self.memory.copy_to(view, part)
        scope.add(large)
        scope.add(part)

    def _halves(self, scope: Scope, source: Buffer) -> None:
        """Copy between two parts of one buffer that have no element in common."""
        axis = self.writer.random.randrange(len(source.shape))
        if longest_extent(source, axis) < 2:
            return
        self.writer.drew("copy within a buffer")
        n, two = self.memory.extent(source, axis), self.nests.number(2)
        half = self.nests.index("divui", n, two)
        starts: list[Number] = [0, half]
        steps = self.writer.random.choice([1, 2])
        if steps == 2:
            starts[1] = 1
        views: list[Buffer] = []
        for start in self.writer.random.sample(starts, 2):
            slices = [
                Slice(0, e or self.memory.extent(source, k), 1)
                for k, e in enumerate(source.shape)
            ]
            slices[axis] = Slice(start, half, steps)
            views.append(self.subview(source, slices))
        self.memory.copy_to(*views)
