"""What one operation writes, of which memory its results are, and what it may reach.

Most operations touch the memory of their operands alone. Calls and operations of
dialects that are not known here may do more: write globals, and whatever somebody else
has a name of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from xdsl.dialects import affine, func, memref
from xdsl.dialects.builtin import MemRefType, UnregisteredOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import IsTerminator, MemoryEffectKind, get_effects

from tapeflow.analysis.ir.control_flow import CONTROL_FLOW, STRUCTURED, edges_from
from tapeflow.dialects import address

_LOCAL = frozenset(
    (
        *(
            "ad",
            "address",
            "affine",
            "arith",
            "bufferization",
            "builtin",
            "cf",
            "linalg",
        ),
        *("math", "memref", "scf", "spm", "stream", "tape", "tensor", "vector"),
    )
)
"""Dialects whose operations touch no memory but that of their operands."""


@dataclass(frozen=True)
class CallEffects:
    """What a call may do to memory, whatever its arguments are."""

    arguments: frozenset[int] = frozenset()
    """The arguments whose memory it may write."""
    globals: frozenset[str] = frozenset()
    """The globals that it may write."""
    returned: frozenset[str] = frozenset()
    """The globals that its results may be."""
    unknown: bool = False
    """Whether it may write, keep and return all that anybody else has a name of."""


UNKNOWN = CallEffects(unknown=True)


def is_memref(value: SSAValue) -> bool:
    """Whether a value is a buffer."""
    # `isinstance` takes many times longer where the answer is no.
    return type(value.type) is MemRefType


def regions_blocks(op: Operation) -> Iterator[Block]:
    """The blocks directly inside an operation."""
    for region in op.regions:
        yield from region.blocks


def reaches_beyond_operands(op: Operation) -> bool:
    """Whether an operation may touch memory that none of its operands names."""
    if _is_local(type(op)):
        return False
    if isinstance(op, func.CallOp | UnregisteredOp):
        return True
    effects = get_effects(op)
    return effects is None or bool(effects)


def touches_no_memory(op: Operation) -> bool:
    """Whether an operation surely has nothing to do with buffers; asked first."""
    return (
        not op.regions
        and type(op) not in CONTROL_FLOW
        and _is_local(type(op))
        and not any(map(is_memref, op.operands))
        and not any(map(is_memref, op.results))
        and not op.successors
    )


@cache
def _is_local(kind: type[Operation]) -> bool:
    """Whether operations of a class touch the memory of their operands alone."""
    if issubclass(kind, UnregisteredOp):
        return False
    return kind in (func.FuncOp, func.ReturnOp) or kind.dialect_name() in _LOCAL


def written_memrefs(op: Operation) -> tuple[SSAValue, ...]:
    """The memrefs of its operands that an operation other than a call writes to."""
    memrefs = tuple(filter(is_memref, op.operands))
    if not memrefs or type(op) in STRUCTURED:
        return ()
    match op:
        case memref.StoreOp() | address.StoreOp():
            return (op.memref,)
        case memref.CopyOp():
            return (op.destination,)
        case memref.DeallocOp() if not isinstance(op.parent_op(), func.FuncOp):
            # What is freed inside a loop or branch cannot be read again.
            return (op.memref,)
        case memref.DeallocOp() | affine.LoadOp():
            return ()
        case _ if op.dialect_name() == "linalg":
            return tuple(filter(is_memref, _linalg_outputs(op)))
        case _ if op.has_trait(IsTerminator):
            return ()
        case _:
            return memrefs if _may_write(op) else ()


def _linalg_outputs(op: Operation) -> Sequence[SSAValue]:
    # Imported late: few programs have such operations, and to define them takes long.
    from xdsl.dialects.linalg.ops import GenericOp

    return op.outputs if isinstance(op, GenericOp) else op.operands[-1:]


def _may_write(op: Operation) -> bool:
    effects = get_effects(op)
    return effects is None or any(
        effect.kind is MemoryEffectKind.WRITE for effect in effects
    )


def same_memory(op: Operation) -> Iterator[tuple[SSAValue, SSAValue]]:
    """Pairs (new, known) of values an operation makes names of one buffer.

    Values may be of any type; what is no buffer stands for none.
    """
    match op:
        case _ if type(op) in CONTROL_FLOW:
            for edge in edges_from(op):
                yield from zip(edge.targets, edge.values, strict=True)
        case memref.StoreOp():
            # A buffer that is kept in another one is a part of it.
            yield op.value, op.memref
        case _:
            inner = [arg for block in regions_blocks(op) for arg in block.args]
            passed = [arg for block in op.successors for arg in block.args]
            for value in filter(is_memref, (*op.results, *inner, *passed)):
                yield from ((value, operand) for operand in op.operands)
