"""Operations whose MLIR syntax the reader knows and xDSL's parser does not."""

from collections.abc import Callable

from xdsl.ir import Operation
from xdsl.parser import Parser

from tapeflow.frontend import affine_syntax, memref_syntax, scf_syntax

CUSTOM_SYNTAX: dict[str, Callable[[Parser], Operation]] = {
    "affine.if": affine_syntax.parse_if,
    "affine.max": affine_syntax.parse_max,
    "affine.parallel": affine_syntax.parse_parallel,
    "memref.cast": memref_syntax.parse_cast,
    "memref.copy": memref_syntax.parse_copy,
    "memref.global": memref_syntax.parse_global,
    "memref.memory_space_cast": memref_syntax.parse_memory_space_cast,
    "memref.rank": memref_syntax.parse_rank,
    "memref.transpose": memref_syntax.parse_transpose,
    "scf.parallel": scf_syntax.parse_parallel,
    "scf.reduce": scf_syntax.parse_reduce,
}
"""Operation name to what reads the text after it; xDSL prints the generic form."""
