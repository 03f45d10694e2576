"""Buffers that loops pass around among themselves: other names, never one buffer.

    %end, %spare = scf.for ... iter_args(%from = %first, %to = %second) {
      scf.yield %to, %from
    }

%from and %to may each be %first and %second, but never both the same one; so may %end
and %spare.
"""

from itertools import combinations

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, OpResult, SSAValue
from xdsl.utils.hints import isa

from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.effects import is_memref

_DEEPEST = 8
"""Loops around loops that pass the same buffers on."""


def are_different_buffers(one: SSAValue, other: SSAValue, buffers: Buffers) -> bool:
    """Whether two memrefs certainly share no element."""
    return not buffers.same(one, other) or _are_apart(one, other, buffers, _DEEPEST)


def _are_apart(one: SSAValue, other: SSAValue, buffers: Buffers, depth: int) -> bool:
    if one is other or not depth:
        return False
    loops = _loop_of(one), _loop_of(other)
    loop = loops[0] or loops[1]
    if loop is None:
        return _is_own(one, buffers) and _is_own(other, buffers)
    if loops[0] is not loops[1] or type(one) is not type(other):
        return False
    return _exchanges(loop) and all(
        _are_apart(first, second, buffers, depth - 1)
        for first, second in combinations(filter(is_memref, loop.iter_args), 2)
    )


def _loop_of(value: SSAValue) -> scf.ForOp | None:
    """The loop that passes a buffer on to this name of it."""
    owner = value.owner
    holder = owner.parent_op() if isinstance(owner, Block) else owner
    return holder if isinstance(holder, scf.ForOp) else None


def _exchanges(loop: scf.ForOp) -> bool:
    """Whether a loop hands each of its buffers to one name of the next iteration."""
    block = loop.body.block
    handed = [*filter(is_memref, yielded(block))]
    return len(set(handed)) == len(handed) and all(
        isinstance(value, BlockArgument) and value.block is block for value in handed
    )


def _is_own(buffer: SSAValue, buffers: Buffers) -> bool:
    """Whether a buffer is no other root: it is allocated, or promised so."""
    if isinstance(buffer, OpResult):
        # What is kept in a buffer of buffers may be loaded beside it.
        is_new = isinstance(buffer.op, memref.AllocOp | memref.AllocaOp)
        return is_new and not isa(buffer.type, MemRefType[MemRefType])
    holder = buffer.owner.parent_op()
    return isinstance(holder, FuncOp) and buffers.are_arguments_apart
