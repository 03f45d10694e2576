"""`tf.load`: the functions of a module of MLIR, from a file or from xDSL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import read_module
from tapeflow.python.function import Function, of_module
from tapeflow.universe import full_context


@dataclass(frozen=True)
class Library(Mapping[str, Function]):
    """Functions of a module by name."""

    module: ModuleOp
    path: Path

    @cached_property
    def _functions(self) -> dict[str, Function]:
        return {
            op.sym_name.data: of_module(self.module, op.sym_name.data, self.path)
            for op in self.module.ops
            if isinstance(op, FuncOp) and not op.is_declaration
        }

    def __getitem__(self, name: str) -> Function:
        """The function of that name; raises RequestError with the names there are."""
        if name not in self._functions:
            find_function(self.module, name)
        return self._functions[name]

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)


def load(source: str | Path | ModuleOp) -> Library:
    """The functions of a file of MLIR text, or of a module of xDSL.

    Raises:
        InputError: the file cannot be read.
        VerifyException: the program is malformed.
    """
    if isinstance(source, ModuleOp):
        return Library(source.clone(), Path("module"))
    return Library(read_module(source, full_context()), Path(source))
