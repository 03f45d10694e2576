"""The text of one LLVM function while it grows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapeflow.backend.compiled.native.types import LLVM_TYPES, NativeError, Value


@dataclass
class FunctionText:
    """Instructions in order; the variables' slots apart, for the entry block."""

    constants: Mapping[str, int] = field(default_factory=dict)
    """Named integers of the module."""
    slots: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Static type of each variable."""
    used_builtins: set[str] = field(default_factory=set)
    terminated: bool = False
    """The current block has its branch or return."""
    _count: int = 0

    def emit(self, instruction: str) -> None:
        """Append an instruction without result."""
        self.lines.append(f"  {instruction}")

    def value(self, instruction: str, type_: str) -> Value:
        """Append an instruction and name its result."""
        self._count += 1
        self.lines.append(f"  %t{self._count} = {instruction}")
        return Value(f"%t{self._count}", type_)

    def new_label(self, purpose: str) -> str:
        """A label not used before."""
        self._count += 1
        return f"{purpose}.{self._count}"

    def branch(self, label: str) -> None:
        """End the current block, unless it has ended, with a jump."""
        if not self.terminated:
            self.emit(f"br label %{label}")
            self.terminated = True

    def branch_if(self, condition: Value, then: str, otherwise: str) -> None:
        """End the current block with a two-way branch."""
        self.emit(f"br i1 {condition.text}, label %{then}, label %{otherwise}")
        self.terminated = True

    def begin(self, label: str) -> None:
        """Begin a block; the block before falls through to it."""
        self.branch(label)
        self.lines.append(f"{label}:")
        self.terminated = False

    def slot(self, name: str, type_: str) -> str:
        """The stack slot of a variable, made at its first assignment.

        Raises:
            NativeError: the variable already has another type.
        """
        known = self.variables.get(name)
        if known is None:
            self.variables[name] = type_
            self.slots.append(f"  %v.{name} = alloca {LLVM_TYPES[type_]}")
        elif known != type_:
            raise NativeError(f"'{name}' is {known} and then {type_}")
        return f"%v.{name}"

    def assign(self, name: str, value: Value) -> None:
        """Store a value in a variable."""
        slot = self.slot(name, value.type)
        self.emit(f"store {value.typed}, ptr {slot}")

    def read(self, name: str) -> Value:
        """Load a variable.

        Raises:
            NativeError: nothing was assigned to it.
        """
        if name in self.constants:
            return Value(str(self.constants[name]), "int")
        if name not in self.variables:
            raise NativeError(f"'{name}' is not assigned before its use")
        type_ = self.variables[name]
        return self.value(f"load {LLVM_TYPES[type_]}, ptr %v.{name}", type_)
