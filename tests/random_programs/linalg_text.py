"""Random linalg operations on buffers: generic ones and named ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .linalg_buffers import LinalgBuffers
from .nests import Nests, longest_extent
from .writer import STORED_BOUND, Buffer, Float, Scope

BINARY = ("add", "sub", "mul", "max", "min")


@dataclass
class LinalgText:
    """Writes operations of linalg; named ones go to a new buffer, then are bounded."""

    nests: Nests

    def __post_init__(self) -> None:
        self.writer = self.nests.writer
        self.random = self.writer.random
        self.buffers = LinalgBuffers(self.nests)

    def write(self, scope: Scope) -> None:
        """Write a random operation, unless it would run too often here."""
        rank = self.random.choice([0, 1, 1, 2, 2, 2])
        target = self.nests.float_buffer(scope, rank) or self._matrix(scope)
        elements = 1
        for axis in range(len(target.shape)):
            elements *= longest_extent(target, axis)
        if not self.nests.fits(scope, elements * 3):
            return
        constructs: dict[str, Callable[[Scope, Buffer], None]] = {
            "linalg.generic": self._generic,
            "linalg.reduce": self._reduce,
            "linalg.add...": self._elementwise,
            "linalg.fill": self._fill,
            "linalg.copy": self._copy,
            "linalg.broadcast": self._broadcast,
        }
        if target.shape:
            constructs["linalg.generic window"] = self._window
        if len(target.shape) == 2:
            constructs["linalg.matmul"] = self._matmul
        if len(target.shape) >= 2:
            constructs["linalg.transpose"] = self._transpose
        rare = [name for name in ("linalg.matmul",) if name in constructs]
        name = self.random.choice([*constructs, "linalg.generic", *rare, *rare])
        self.writer.drew(name)
        constructs[name](scope, target)

    def _matrix(self, scope: Scope) -> Buffer:
        """A new buffer of two axes."""
        element = self.nests.scalars.float_type()
        shape = self.random.choice([(2, 3), (3, 2), (2, 2)])
        matrix = self.buffers.new(scope, element, [(n, "") for n in shape])
        matrix = replace(matrix, extents=shape)
        self.buffers.give_contents(scope, matrix)
        scope.add(matrix)
        return matrix

    def _generic(self, scope: Scope, target: Buffer) -> None:
        """Elementwise, with transposed, broadcast and scalar operands."""
        rank = len(target.shape)
        loops = self.random.sample(range(rank), rank)
        inputs: list[tuple[str, str, list[int]]] = []
        for _ in range(self.random.randint(0, 3)):
            inputs.append(self._input(scope, target, loops))
        outputs = [target]
        if self.writer.chance(0.25):
            self.writer.drew("linalg.generic of two results")
            outputs.append(self.buffers.filled(scope, target, [*range(rank)]))
        maps = [axes for *_, axes in inputs] + [loops for _ in outputs]
        pairs = [(name, type_) for name, type_, _ in inputs]
        self._write_generic(scope, rank, [], pairs, outputs, maps)
        if outputs[-1] is not target:
            scope.add(self.buffers.total(scope, outputs[-1]))

    def _input(
        self, scope: Scope, target: Buffer, loops: list[int]
    ) -> tuple[str, str, list[int]]:
        """An operand with its type and the loops that index it."""
        kind = self.random.choice(["same", "scalar", "part", "permuted", "self"])
        if kind == "scalar" or not loops:
            value = self.nests.scalars.some_float(scope, target.element, STORED_BOUND)
            return value.name, value.type, []
        if kind == "self":
            return target.name, target.type, loops
        if kind == "same":
            other = self.buffers.alike(scope, target)
            return other.name, other.type, loops
        axes = [*range(len(loops))]
        self.random.shuffle(axes)
        if kind == "part":
            axes = axes[:1]
        other = self.buffers.filled(scope, target, axes)
        return other.name, other.type, [loops[axis] for axis in axes]

    def _write_generic(
        self,
        scope: Scope,
        loops: int,
        reduced: Sequence[int],
        inputs: Sequence[tuple[str, str]],
        outputs: Sequence[Buffer],
        maps: Sequence[Sequence[int] | str],
    ) -> None:
        """A generic whose body is a bounded function of its elements."""
        writer = self.writer
        dims = ", ".join(f"d{k}" for k in range(loops))
        results = [
            axes if isinstance(axes, str) else ", ".join(f"d{axis}" for axis in axes)
            for axes in maps
        ]
        texts = ", ".join(f"affine_map<({dims}) -> ({result})>" for result in results)
        kinds = ", ".join(
            f'"{"reduction" if k in reduced else "parallel"}"' for k in range(loops)
        )
        names = ", ".join(name for name, _ in inputs)
        types = ", ".join(type_ for _, type_ in inputs)
        ins = f" ins({names} : {types})" if inputs else ""
        outs = ", ".join(b.name for b in outputs)
        out_types = ", ".join(b.type for b in outputs)
        writer.line(
            f"linalg.generic {{indexing_maps = [{texts}], "
            f"iterator_types = [{kinds}]}}{ins} outs({outs} : {out_types}) {{"
        )
        element = outputs[0].element
        args = [writer.name() for _ in (*inputs, *outputs)]
        head = ", ".join(f"{arg}: {element}" for arg in args)
        writer.line(f"^bb0({head}):")
        inner = scope.inside(2)
        values = [Float(arg, element, STORED_BOUND) for arg in args]
        if not reduced and self.writer.chance(0.5):
            values = values[: len(inputs)] or values
        if loops and self.writer.chance(0.3):
            values.append(self._of_index(self.random.randrange(loops), element))
        inner.floats += values
        for _ in range(self.random.randint(0, 2)):
            inner.floats.append(self.nests.scalars.new_float(inner))
        results = [self.nests.function(inner, values) for _ in outputs]
        given = ", ".join(value.name for value in results)
        writer.line(f"linalg.yield {given} : {', '.join(element for _ in outputs)}")
        writer.line("}")

    def _of_index(self, loop: int, element: str) -> Float:
        """The index of a loop as a float."""
        index = self.writer.emit(f"linalg.index {loop} : index")
        number = self.writer.emit(f"arith.index_cast {index} : index to i32")
        text = f"arith.sitofp {number} : i32 to {element}"
        return Float(self.writer.emit(text), element, 4.0)

    def _window(self, scope: Scope, target: Buffer) -> None:
        """A window that slides along an axis: subscripts d0 + d1 or 2 * d0 + d1."""
        count = self.random.choice([1, 2])
        step = self.random.choice([1, 1, 2])
        n = self.nests.memory.extent(target, 0)
        source = self.buffers.filled(scope, target, [0])
        room = self.nests.index("maxsi", n, self.nests.number(count))
        steps = self.nests.index("subi", room, self.nests.number(count))
        if step == 2:
            steps = self.nests.index("divui", steps, self.nests.number(2))
        fits = self.nests.writer.emit(
            f"arith.cmpi sge, {n}, {self.nests.number(count)} : index"
        )
        one = self.nests.shifted(steps, 1)
        size = self.writer.emit(
            f"arith.select {fits}, {one}, {self.nests.number(0)} : index"
        )
        out = self.buffers.new(scope, target.element, [(None, size)])
        weights = self.buffers.new(scope, target.element, [(count, "")])
        for buffer in (out, weights):
            self.buffers.give_contents(scope, buffer)
        inputs = [(source.name, source.type), (weights.name, weights.type)]
        index = "d0 + d1" if step == 1 else "d0 * 2 + d1"
        loops = [index, [1], [0]]
        self._write_generic(scope, 2, [1], inputs, [out], loops)
        scope.add(self.buffers.total(scope, out))

    def _reduce(self, scope: Scope, target: Buffer) -> None:
        """Some axes summed up, or reduced by any function."""
        rank = len(target.shape)
        if rank == 0:
            return self._fill(scope, target)
        out = sorted(self.random.sample(range(rank), self.random.randint(1, rank)))
        kept = [axis for axis in range(rank) if axis not in out]
        result = self.buffers.filled(scope, target, kept)
        if self.writer.chance(0.4):
            maps = [[*range(rank)], kept]
            inputs = [(target.name, target.type)]
            self._write_generic(scope, rank, out, inputs, [result], maps)
        else:
            operation = self.random.choice(["addf", "mulf", "maximumf", "minimumf"])
            self.buffers.reduce(target, result, out, operation)
        scope.add(self.buffers.total(scope, result))

    def _elementwise(self, scope: Scope, target: Buffer) -> None:
        """A named elementwise operation."""
        one, other = (self.buffers.alike(scope, target) for _ in range(2))
        out = self.buffers.filled(scope, target, [*range(len(target.shape))])
        name = self.random.choice([*BINARY, "exp"])
        operands = [one] if name == "exp" else [one, other]
        names = ", ".join(b.name for b in operands)
        types = ", ".join(b.type for b in operands)
        self.writer.line(
            f"linalg.{name} ins({names} : {types}) outs({out.name} : {out.type})"
        )
        self._bound(scope, out, target)

    def _bound(self, scope: Scope, source: Buffer, target: Buffer) -> None:
        """Write a bounded function of each element to another buffer."""
        axes = [*range(len(target.shape))]
        pairs = [(source.name, source.type)]
        self._write_generic(scope, len(axes), [], pairs, [target], [axes, axes])

    def _fill(self, scope: Scope, target: Buffer) -> None:
        value = self.nests.scalars.some_float(scope, target.element, STORED_BOUND)
        self.writer.line(
            f"linalg.fill ins({value.name} : {value.type}) "
            f"outs({target.name} : {target.type})"
        )

    def _copy(self, scope: Scope, target: Buffer) -> None:
        source = self.buffers.alike(scope, target)
        self.writer.line(
            f"linalg.copy ins({source.name} : {source.type}) "
            f"outs({target.name} : {target.type})"
        )

    def _matmul(self, scope: Scope, target: Buffer) -> None:
        """A product of matrices, bounded and then written to the target."""
        element, (rows, columns) = target.element, self.buffers.sizes(target)
        inner: tuple[int | None, str] = (self.random.choice([1, 2]), "")
        a = self.buffers.new(scope, element, [rows, inner])
        b = self.buffers.new(scope, element, [inner, columns])
        for buffer in (a, b):
            self.buffers.give_contents(scope, buffer)
        out = self.buffers.filled(scope, target, [0, 1])
        self.writer.line(
            f"linalg.matmul ins({a.name}, {b.name} : {a.type}, {b.type}) "
            f"outs({out.name} : {out.type})"
        )
        self._bound(scope, out, target)

    def _transpose(self, scope: Scope, target: Buffer) -> None:
        """From or to a buffer with its axes in another order."""
        axes = self.random.sample(range(len(target.shape)), len(target.shape))
        other = self.buffers.filled(scope, target, axes)
        source, result, order = target, other, axes
        if self.writer.chance(0.5):
            source, result = other, target
            order = [axes.index(k) for k in range(len(axes))]
        self.writer.line(
            f"linalg.transpose ins({source.name} : {source.type}) "
            f"outs({result.name} : {result.type}) permutation = {order}"
        )
        if other.extents is not None or len(other.shape) == 2:
            scope.add(other)

    def _broadcast(self, scope: Scope, target: Buffer) -> None:
        """A buffer of lower rank along new axes."""
        rank = len(target.shape)
        kept = sorted(self.random.sample(range(rank), self.random.randint(0, rank)))
        source = self.buffers.filled(scope, target, kept)
        added = [axis for axis in range(rank) if axis not in kept]
        self.writer.line(
            f"linalg.broadcast ins({source.name} : {source.type}) "
            f"outs({target.name} : {target.type}) dimensions = {added}"
        )
