"""The static types of the compiled part of Python, and how LLVM spells them.

int    64-bit integer             float  64-bit float
bool   truth value                run    the running program (`RUN_WORDS`)
*_array                           one-dimensional memory, elements as named
"""

from dataclasses import dataclass


class NativeError(Exception):
    """The source uses something that is not in the compiled part of Python."""


@dataclass(frozen=True)
class Element:
    """One array element: its type in memory, its width, and its type in a register."""

    memory: str
    width_bytes: int
    register: str
    load: str
    store: str
    """LLVM instructions that widen a loaded and narrow a stored element ("" = none)."""


ELEMENTS: dict[str, Element] = {
    "f64_array": Element("double", 8, "float", "", ""),
    "f32_array": Element(
        "float", 4, "float", "fpext float {} to double", "fptrunc double {} to float"
    ),
    "i64_array": Element("i64", 8, "int", "", ""),
    "i32_array": Element("i32", 4, "int", "sext i32 {} to i64", "trunc i64 {} to i32"),
    "i16_array": Element("i16", 2, "int", "sext i16 {} to i64", "trunc i64 {} to i16"),
    "i8_array": Element("i8", 1, "int", "sext i8 {} to i64", "trunc i64 {} to i8"),
    "i1_array": Element("i8", 1, "bool", "icmp ne i8 {}, 0", "zext i1 {} to i8"),
}

LLVM_TYPES: dict[str, str] = {
    "int": "i64",
    "float": "double",
    "bool": "i1",
    "run": "ptr",
    "none": "void",
    **dict.fromkeys(ELEMENTS, "ptr"),
}


@dataclass(frozen=True)
class Value:
    """An LLVM operand and the static type of what it holds."""

    text: str
    type: str

    @property
    def typed(self) -> str:
        """The operand as an argument: `double %3`."""
        return f"{LLVM_TYPES[self.type]} {self.text}"


@dataclass(frozen=True)
class Signature:
    """Parameter names and types, and result types, of a function of the program."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    results: tuple[str, ...]
    is_out_of_line: bool = False
