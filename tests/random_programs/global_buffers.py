"""Random global buffers: constant ones, and integer ones that functions change."""

from dataclasses import dataclass

from .nests import Nests
from .writer import Buffer, Float, Scope

MOST = 3


@dataclass
class GlobalBuffers:
    """Writes accesses to global buffers, which it declares."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Get a global and load from it or, if it may change, store to it."""
        declared = self.writer.globals
        if len(declared) < MOST and (not declared or self.writer.chance(0.5)):
            self._declare()
        symbol = self.random.choice([*declared])
        buffer, text = declared[symbol]
        name = self.writer.emit(f"memref.get_global @{symbol} : {buffer.type}")
        buffer = Buffer(name, buffer.element, buffer.shape, "", buffer.extents)
        place = self.memory.place(scope, buffer)
        constant = " constant " in text
        self.writer.drew("constant global" if constant else "mutable global")
        if not constant and self.writer.chance(0.6):
            self._store(scope, buffer, place)
        value = self.memory.load(scope, buffer, place)
        scope.add(value)
        if isinstance(value, Float) and self.writer.chance(0.7):
            factor = self.nests.scalars.some_float(scope, value.type, 8.0)
            text = f"arith.mulf {value.name}, {factor.name} : {value.type}"
            product = Float(self.writer.emit(text), value.type, 2 * factor.bound)
            scope.add(self.nests.scalars.below(product, 40.0))

    def _store(self, scope: Scope, buffer: Buffer, place: str) -> None:
        """Store what carries no derivative."""
        if not buffer.is_float:
            if self.writer.chance(0.5):
                self.memory.update(scope, buffer, place)
            else:
                self.memory.store(scope, buffer, place)
            return
        integer = self.nests.scalars.some_integer(scope, "i32", 0, 4)
        text = f"arith.sitofp {integer.name} : i32 to {buffer.element}"
        float_ = Float(self.writer.emit(text), buffer.element, 4.0)
        value = self.nests.scalars.below(float_, 2.0)
        self.nests.store(value, buffer, place)

    def _declare(self) -> None:
        symbol = f"global{len(self.writer.globals)}"
        element = self.random.choice(["f64", "f64", "index", "i32"])
        shape = self.random.choice([(), (1,), (3,), (2, 2)])
        buffer = Buffer("", element, shape, "", shape)
        constant = "constant " if self.writer.chance(0.6) else ""
        text = (
            f'memref.global "private" {constant}@{symbol} : {buffer.type} = '
            f"dense<{self._contents(shape, element)}>"
        )
        self.writer.globals[symbol] = buffer, text

    def _contents(self, shape: tuple[int, ...], element: str) -> str:
        if shape:
            parts = [self._contents(shape[1:], element) for _ in range(shape[0])]
            return f"[{', '.join(parts)}]"
        if element == "f64":
            return str(round(self.random.uniform(-1.5, 1.5), 3))
        return str(self.random.randint(0, 4))
