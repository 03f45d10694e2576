"""Dialect `stream`: tiles that move between scratchpad and DRAM while compute goes on.

A ring (`!spm.ring`) keeps the number of its current tile in a register `head`; tile t
lives in slot t mod S. Between transfers, tiles head, head-1, ..., head-S+1 are on chip.
Transfers of one ring happen in program order.

    forward boundary: enqueue (tile head leaves, head += 1), acquire (slot is free)
    reverse boundary: prefetch (tile head-S comes, head -= 1), dequeue (tile is here)

Where the sweep turns, the tiles on chip are used as they are; to measure what that
gains, a reload gives them up: they are all fetched again.
"""

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect

from tapeflow.dialects.spm import RingType


class _StartOp(IRDLOperation):
    """What asynchronous transfers share: they name a slot and return at once."""

    ring = operand_def(RingType)
    start = operand_def(IndexType())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ring `,` $start attr-dict `:` type($ring)"

    def __init__(self, ring: SSAValue, start: SSAValue):
        super().__init__(operands=[ring, start])


class _WaitOp(IRDLOperation):
    """What waits share: the slot's address comes out once the slot may be used."""

    ring = operand_def(RingType)
    start = operand_def(IndexType())
    slot = result_def(IndexType())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ring `,` $start attr-dict `:` type($ring)"

    def __init__(self, ring: SSAValue, start: SSAValue):
        super().__init__(operands=[ring, start], result_types=[IndexType()])


@irdl_op_definition
class EnqueueOp(_StartOp):
    """Start to copy the full tile at `start` to the top of the stack in DRAM."""

    name = "stream.enqueue"


@irdl_op_definition
class AcquireOp(_WaitOp):
    """Wait until no transfer touches the slot at `start`, so that it may be written."""

    name = "stream.acquire"


@irdl_op_definition
class PrefetchOp(_StartOp):
    """The tile at `start` is used up: start to copy the tile S below it into its slot.

    Where the stack holds no such tile, nothing is copied.
    """

    name = "stream.prefetch"


@irdl_op_definition
class DequeueOp(_WaitOp):
    """Wait until the tile that belongs in the slot at `start` has arrived."""

    name = "stream.dequeue"


@irdl_op_definition
class ReloadOp(IRDLOperation):
    """Start to write the current tile up to `end`, then to fetch all tiles on chip.

    The current tile comes first, as far as it was written. `end` is the byte address
    behind its last record; all of them have to be dequeued before they are read.
    """

    name = "stream.reload"
    ring = operand_def(RingType)
    end = operand_def(IndexType())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ring `,` $end attr-dict `:` type($ring)"

    def __init__(self, ring: SSAValue, end: SSAValue):
        super().__init__(operands=[ring, end])


Stream = Dialect("stream", [EnqueueOp, AcquireOp, PrefetchOp, DequeueOp, ReloadOp])
