"""A memref in generated Python: an array, its byte address, sizes and strides.

The array starts at the view's first element, so a view needs no offset. Sizes and
strides that the type gives are literals; the others are variables:

    x, x_at, x_n0, x_n1      memref<?x?xf64>      (x_at only with the machine on)
    x[i * x_n1 + j]          the element %x[%i, %j], at byte x_at + 8 * (i * x_n1 + j)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, NoneAttr
from xdsl.ir import Attribute

from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.scalar_types import storage_dtype

ELEMENT_NAMES = {
    "float64": "f64",
    "float32": "f32",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "bool": "i1",
}
"""NumPy element type to the name in generated code: `f64_array`, `allocate_f64`."""


def element_name(element: Attribute) -> str:
    """The name of a buffer element or record field in generated code.

    Raises:
        ExecutionError: no array holds values of this type.
    """
    dtype = storage_dtype(element)
    if dtype is None:
        raise ExecutionError(f"no memory holds values of type {element}")
    return ELEMENT_NAMES[str(dtype)]


@dataclass(frozen=True)
class BufferView:
    """Texts that name the parts of one memref value."""

    type: MemRefType
    array: str
    address: str | None
    """Byte address of the first element; None without the machine."""
    sizes: tuple[str, ...]
    strides: tuple[str, ...] | None
    """In elements; None for the row-major layout of the sizes."""
    is_constant: bool = False
    """Whether stores are errors."""
    live: str | None = None
    """Variable that is 0 after the memory was deallocated, if it ever is."""

    @property
    def element(self) -> str:
        """Name of the element type."""
        return element_name(self.type.element_type)

    @property
    def element_bytes(self) -> int:
        """Stored width of an element."""
        dtype = storage_dtype(self.type.element_type)
        assert dtype is not None
        return dtype.itemsize

    def linear(self, indices: Sequence[str]) -> str:
        """Position of an element in the array."""
        if not indices:
            return "0"
        if self.strides is None:
            text = indices[0]
            for size, index in zip(self.sizes[1:], indices[1:], strict=True):
                text = f"{_factor(text)} * {size} + {index}"
            return text
        terms = zip(indices, self.strides, strict=True)
        return " + ".join(i if s == "1" else f"{i} * {s}" for i, s in terms)

    def address_of(self, linear: str) -> str:
        """Byte address of the element at a position."""
        return f"{self.address} + {self.element_bytes} * {_factor(linear)}"

    def all_strides(self) -> tuple[str, ...]:
        """Strides in elements, also where the layout is row-major."""
        return packed_strides(self.sizes) if self.strides is None else self.strides

    @property
    def passes_between_blocks(self) -> bool:
        """Whether the type says enough of the layout to hand the view on."""
        return self.strides is None or layout_of(self.type) is not None

    def variables(self) -> Iterator[tuple[str, str]]:
        """Texts of the parts known only at run time, and their types in Python."""
        yield self.array, f"{self.element}_array"
        if self.address is not None:
            yield self.address, "int"
        layout = layout_of(self.type)
        for text, static in zip(self.sizes, self.type.get_shape(), strict=True):
            if static == DYNAMIC_INDEX:
                yield text, "int"
        for text, static in zip(self.strides or (), layout or (), strict=True):
            if static is None:
                yield text, "int"

    @staticmethod
    def named(type_: MemRefType, name: str, with_address: bool) -> "BufferView":
        """A view whose run-time parts are variables named after `name`."""
        sizes = tuple(
            f"{name}_n{i}" if n == DYNAMIC_INDEX else str(n)
            for i, n in enumerate(type_.get_shape())
        )
        layout = layout_of(type_)
        strides = None
        if layout is not None:
            strides = tuple(
                f"{name}_s{i}" if s is None else str(s) for i, s in enumerate(layout)
            )
        return BufferView(
            type_, name, f"{name}_at" if with_address else None, sizes, strides
        )


def packed_strides(sizes: Sequence[str]) -> tuple[str, ...]:
    """Strides in elements of the row-major layout of some sizes."""
    texts: list[str] = []
    product = "1"
    for size in reversed(sizes):
        texts.append(product)
        product = times(product, size)
    return tuple(reversed(texts))


def layout_of(type_: MemRefType) -> tuple[int | None, ...] | None:
    """Strides of the type, None where known at run time; None if row-major.

    Raises:
        ExecutionError: a layout that is no strides.
    """
    if isinstance(type_.layout, NoneAttr):
        return None
    strides = type_.get_strides()
    if strides is None:
        raise ExecutionError(f"no engine runs the memory layout of {type_}")
    return tuple(strides)


def _factor(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def size_product(factors: Iterable[str]) -> str:
    """The product of sizes that are not negative, at most the greatest index."""
    number, others = 1, list[str]()
    for factor in factors:
        if factor.isdigit():
            number *= int(factor)
        else:
            others.append(factor)
    if number != 1 or not others:
        others.append(str(min(number, (1 << 63) - 1)))
    text = others[0]
    for other in others[1:]:
        text = f"multiply_sizes({text}, {other})"
    return text


def times(left: str, right: str) -> str:
    """The product of two texts, without factors of one."""
    if left == "1":
        return right
    if right == "1":
        return left
    if left.isdigit() and right.isdigit():
        return str(int(left) * int(right))
    return f"{_factor(left)} * {_factor(right)}"
