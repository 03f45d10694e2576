"""Typed access to bytes, for records in an arena or in the scratchpad.

read_f64(memory, at)             the float whose first byte is memory[at]
write_f64(memory, at, value)     likewise for i64, i32, i16, i8, i1 and f32
copy_bytes(to, to_at, source, source_at, count)
fill_bytes(memory, at, count, byte)
"""

from tapeflow.backend.compiled.native.builtin import Builtin
from tapeflow.backend.compiled.native.types import ELEMENTS, LLVM_TYPES, Element

_POINTER = "%p = getelementptr i8, ptr %0, i64 %1"


def _read(element: Element) -> Builtin:
    register = LLVM_TYPES[element.register]
    lines = [_POINTER]
    if element.load:
        lines.append(f"%m = load {element.memory}, ptr %p")
        lines.append(f"%r = {element.load.format('%m')}")
    else:
        lines.append(f"%r = load {register}, ptr %p")
    return Builtin(
        ("i8_array", "int"),
        element.register,
        "\n  ".join([*lines, f"ret {register} %r"]),
    )


def _write(element: Element) -> Builtin:
    lines = [_POINTER]
    if element.store:
        lines.append(f"%m = {element.store.format('%2')}")
        lines.append(f"store {element.memory} %m, ptr %p")
    else:
        lines.append(f"store {element.memory} %2, ptr %p")
    return Builtin(
        ("i8_array", "int", element.register), "none", "\n  ".join([*lines, "ret void"])
    )


_COPY = """%to = getelementptr i8, ptr %0, i64 %1
  %from = getelementptr i8, ptr %2, i64 %3
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %from, i64 %4, i1 false)
  ret void"""

_FILL = """%to = getelementptr i8, ptr %0, i64 %1
  %byte = trunc i64 %3 to i8
  call void @llvm.memset.p0.i64(ptr %to, i8 %byte, i64 %2, i1 false)
  ret void"""

MEMORY_BUILTINS: dict[str, Builtin] = {
    **{f"read_{n.removesuffix('_array')}": _read(e) for n, e in ELEMENTS.items()},
    **{f"write_{n.removesuffix('_array')}": _write(e) for n, e in ELEMENTS.items()},
    "copy_bytes": Builtin(
        ("i8_array", "int", "i8_array", "int", "int"),
        "none",
        _COPY,
        ("declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)",),
    ),
    "fill_bytes": Builtin(
        ("i8_array", "int", "int", "int"),
        "none",
        _FILL,
        ("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",),
    ),
}
"""Name to definition."""
