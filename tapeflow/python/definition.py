"""What a function of the interface is made of: Python, or a module of MLIR."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.signature import find_function, signature_of
from tapeflow.frontend.python.argument_types import (
    ArgumentType,
    argument_names,
    declared_types,
    types_of,
)
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.lowering import lower
from tapeflow.frontend.python.user_source import UserSource


@dataclass(frozen=True)
class Source:
    """A module, the function in it, and how Python sees its results."""

    module: ModuleOp
    function: str
    results: tuple[Kind | None, ...] | None
    """The kinds of results in Python, None of arrays; None as a whole of MLIR."""
    is_tuple: bool


class Definition(Protocol):
    """A function that can be made a module, for arguments of some types."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def path(self) -> Path:
        """The file that it is from."""
        ...

    @property
    def call_signature(self) -> inspect.Signature:
        """The names of its arguments, and their defaults."""
        ...

    def key(self, arguments: Sequence[object] | None) -> tuple[ArgumentType, ...]:
        """The types for which these arguments need a module.

        Without arguments those that it declares. Raises PythonError.
        """
        ...

    def source(self, key: tuple[ArgumentType, ...]) -> Source:
        """The module for some types; raises PythonError."""
        ...


@dataclass(frozen=True)
class PythonDefinition:
    """A function that is written in Python."""

    user: UserSource

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def path(self) -> Path:
        return Path(self.user.file)

    @property
    def call_signature(self) -> inspect.Signature:
        return self._call_signature

    @cached_property
    def _call_signature(self) -> inspect.Signature:
        signature = inspect.signature(self.user.function)
        plain = [
            parameter.replace(annotation=inspect.Parameter.empty)
            for parameter in signature.parameters.values()
        ]
        return inspect.Signature(plain)

    @cached_property
    def _declared(self):
        return declared_types(self.user)

    @cached_property
    def _fixed(self) -> tuple[ArgumentType, ...] | None:
        """The types, where annotations say them all."""
        types = [d for d in self._declared if isinstance(d, ArgumentType)]
        return tuple(types) if len(types) == len(self._declared) else None

    def key(self, arguments: Sequence[object] | None) -> tuple[ArgumentType, ...]:
        if self._fixed is not None:
            return self._fixed
        if arguments is None:
            open_ = [
                name
                for name, declared in zip(
                    argument_names(self.user), self._declared, strict=True
                )
                if not isinstance(declared, ArgumentType)
            ]
            self.user.refuse(
                self.user.tree,
                f"the type of '{open_[0]}' is not known; annotate it, as float or as "
                "Annotated[NDArray[np.float64], tf.f64[:, 4]], or give arguments",
            )
        return types_of(self.user, self._declared, arguments)

    def source(self, key: tuple[ArgumentType, ...]) -> Source:
        lowered = lower(self.user, key)
        return Source(lowered.module, self.name, lowered.results, lowered.is_tuple)


@dataclass(frozen=True)
class MlirDefinition:
    """A function of a module of MLIR."""

    module: ModuleOp
    name: str
    path: Path

    @property
    def call_signature(self) -> inspect.Signature:
        return self._call_signature

    @cached_property
    def _call_signature(self) -> inspect.Signature:
        arguments = find_function(self.module, self.name).body.blocks[0].args
        plain = [argument.name_hint or f"arg{argument.index}" for argument in arguments]
        names = [
            name if name.isidentifier() and plain.count(name) == 1 else f"arg{number}"
            for number, name in enumerate(plain)
        ]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def key(self, arguments: Sequence[object] | None) -> tuple[ArgumentType, ...]:
        del arguments
        return ()

    def source(self, key: tuple[ArgumentType, ...]) -> Source:
        del key
        results = signature_of(self.module, self.name).results
        return Source(self.module, self.name, None, len(results) > 1)
