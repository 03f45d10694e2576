"""Operations whose MLIR syntax the reader knows and xDSL's parser does not."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from xdsl.ir import Operation

from tapeflow.frontend.operation_parts import Syntax

_DIALECTS = frozenset(("affine", "func", "index", "linalg", "memref", "scf"))


@cache
def syntax_of(dialect: str) -> Mapping[str, Syntax]:
    """Operation name to what reads its text, of one dialect, imported late."""
    if dialect not in _DIALECTS:
        return {}
    return import_module(f"tapeflow.frontend.{dialect}_syntax").SYNTAX


def custom_syntax(kind: type[Operation]) -> Syntax | None:
    """What reads the text of an operation, None if xDSL's own syntax is MLIR's."""
    return syntax_of(kind.dialect_name()).get(kind.name)
