"""Random views in which an element has several names, and copies between them.

A copy between buffers that overlap reads all before it writes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

from .nests import Nests, longest_extent
from .views import Slice, Views, layout
from .writer import Buffer, Scope

ARGUMENT = "%a"
"""What names of arguments of the main function begin with."""


@dataclass
class Overlaps:
    """Writes overlapping copies, views of stride 0 and views of another shape."""

    nests: Nests
    views: Views

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a random construct, if a buffer fits it."""
        found = [b for b in scope.buffers if b.shape]
        if not found:
            return
        source = self.random.choice(found)
        constructs: dict[str, Callable[[Scope, Buffer], bool]] = {
            "overlapping copy": self._shift,
            "view of stride 0": self._still,
            "reinterpreted view": self._reinterpret,
            "collapsed view": self._collapse,
            "expanded view": self._expand,
            "transposed view": self._transpose,
        }
        name = self.random.choice([*constructs])
        if constructs[name](scope, source):
            self.writer.drew(name)

    def _shift(self, scope: Scope, source: Buffer) -> bool:
        """A buffer's elements one or two places on, or back."""
        axis = self.random.randrange(len(source.shape))
        by = self.random.choice([1, 1, 2])
        extents = source.extents or source.shape
        extent = extents[axis]
        if extent is None or extent <= by or longest_extent(source, axis) <= by:
            return False
        parts: list[Buffer] = []
        for start in self.random.sample([0, by], 2):
            slices = [
                Slice(0, e or self.memory.extent(source, k), 1)
                for k, e in enumerate(source.shape)
            ]
            slices[axis] = Slice(start, extent - by, 1)
            parts.append(self.views.subview(source, slices))
        self.memory.copy_to(*parts)
        return True

    def _still(self, scope: Scope, source: Buffer) -> bool:
        """A view whose elements along an axis are all one."""
        axis = self.random.randrange(len(source.shape))
        slices = [
            Slice(0, e or self.memory.extent(source, k), 1)
            for k, e in enumerate(source.shape)
        ]
        start = self.memory.index(scope, source, axis)
        slices[axis] = Slice(start, self.random.choice([2, 3]), 0)
        scope.add(self.views.subview(source, slices))
        return True

    def _whole(self, source: Buffer) -> int | None:
        """The number of elements of a buffer of static shape that is no view."""
        extents = [n for n in source.shape if n is not None]
        if source.layout or len(extents) < len(source.shape):
            return None
        return prod(extents)

    def _reinterpret(self, scope: Scope, source: Buffer) -> bool:
        """The same memory with any offset, sizes and strides that stay inside."""
        count = self._whole(source)
        if count is None or not source.name.startswith(ARGUMENT):
            return False  # it has to be known which buffer that is
        rank = self.random.choice([1, 2])
        strides = [self.random.choice([0, 1, 1, 2, 3]) for _ in range(rank)]
        offset = self.random.randrange(count)
        sizes: list[int] = []
        room = count - 1 - offset
        for stride in strides:
            most = 3 if stride == 0 else min(4, 1 + room // stride)
            sizes.append(self.random.randint(1, most))
            room -= stride * (sizes[-1] - 1)
        shape = tuple(sizes)
        known: list[int | None] = [*strides]
        view = Buffer("", source.element, shape, layout(known, offset), shape)
        name = self.writer.emit(
            f"memref.reinterpret_cast {source.name} to offset: [{offset}], "
            f"sizes: {sizes}, strides: {strides} : {source.type} to {view.type}"
        )
        scope.add(replace(view, name=name))
        return True

    def _collapse(self, scope: Scope, source: Buffer) -> bool:
        """All elements along one axis."""
        count = self._whole(source)
        if count is None or len(source.shape) < 2:
            return False
        view = Buffer("", source.element, (count,), "", (count,))
        axes = ", ".join(str(k) for k in range(len(source.shape)))
        name = self.writer.emit(
            f"memref.collapse_shape {source.name} [[{axes}]] : "
            f"{source.type} into {view.type}"
        )
        scope.add(replace(view, name=name))
        return True

    def _expand(self, scope: Scope, source: Buffer) -> bool:
        """One axis as two."""
        count = self._whole(source)
        if count is None or len(source.shape) != 1:
            return False
        rows = self.random.choice([n for n in (1, 2, count) if count % n == 0])
        shape = (rows, count // rows)
        view = Buffer("", source.element, shape, "", shape)
        name = self.writer.emit(
            f"memref.expand_shape {source.name} [[0, 1]] output_shape {[*shape]} : "
            f"{source.type} into {view.type}"
        )
        scope.add(replace(view, name=name))
        return True

    def _transpose(self, scope: Scope, source: Buffer) -> bool:
        """The axes in another order."""
        if self._whole(source) is None or len(source.shape) < 2:
            return False
        rank = len(source.shape)
        axes = self.random.sample(range(rank), rank)
        strides: list[int | None] = [
            prod(n for n in source.shape[axis + 1 :] if n is not None) for axis in axes
        ]
        shape = tuple(source.shape[axis] for axis in axes)
        extents = tuple(n for n in shape if n is not None)
        view = Buffer("", source.element, shape, layout(strides, 0), extents)
        before = ", ".join(f"i{k}" for k in range(rank))
        after = ", ".join(f"i{axis}" for axis in axes)
        name = self.writer.emit(
            f"memref.transpose {source.name} ({before}) -> ({after}) : "
            f"{source.type} to {view.type}"
        )
        scope.add(replace(view, name=name))
        return True
