"""`tape.expect`: how much is going to be saved, told before it is."""

from xdsl.dialects.builtin import I64, IndexType, IntegerAttr, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect


@irdl_op_definition
class ExpectOp(IRDLOperation):
    """At least `records` more of so many bytes are going to be saved.

    Tiles make room one by one, so their tape would fill all memory before it is short
    of it. A machine that cannot have the memory stops here instead; there is nothing
    else to do, and no operand names the tape.
    """

    name = "tape.expect"
    records = operand_def(IndexType())
    record_bytes = prop_def(IntegerAttr[I64])
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$records `of` $record_bytes `bytes` attr-dict"

    def __init__(self, records: SSAValue, record_bytes: int):
        super().__init__(
            operands=[records],
            properties={"record_bytes": IntegerAttr(record_bytes, i64)},
        )
