"""What a function itself holds in memory and does, as formulas of its sizes."""

from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import ConstantLike

from tapeflow.analysis.integers.algebra import Expression
from tapeflow.analysis.ir.source_lines import definition_line
from tapeflow.analysis.tape_size.formula import SizeFormula, Term, product_term, sum_of
from tapeflow.analysis.tape_size.iteration_count import Level
from tapeflow.analysis.tape_size.run_counts import RunCounts
from tapeflow.dialects.record import field_bytes


def data_of(primal: FuncOp) -> SizeFormula:
    """Bytes of the buffer arguments, and of each allocation once."""
    counts = RunCounts.of(primal)
    arguments = primal.body.block.args
    buffers: list[SSAValue] = [b for b in arguments if isinstance(b.type, MemRefType)]
    for op in primal.walk():
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            buffers.append(op.memref)
    return SizeFormula(tuple(_buffer_term(buffer, counts) for buffer in buffers))


def _buffer_term(buffer: SSAValue, counts: RunCounts) -> Term:
    type_ = cast(MemRefType[Attribute], buffer.type)
    size = field_bytes(type_.element_type)
    extents: list[Expression] = []
    for axis in range(type_.get_num_dims()):
        extent = counts.expressions.extent(buffer, axis)
        if extent is None or _changes(extent):
            line = definition_line(buffer)
            return Term(size, (Level(f"elements(line {line})", None),))
        extents.append(extent)
    return product_term(size, tuple(extents))


def _changes(extent: Expression) -> bool:
    """Whether an extent depends on the iteration of a loop."""
    return any(symbol.is_Dummy for symbol in extent.free_symbols)


def work_of(primal: FuncOp) -> SizeFormula:
    """Operations executed, constants apart; a loop is one more in each iteration."""
    counts = RunCounts.of(primal)
    by_block: dict[Block | None, list[Operation]] = {}
    for op in primal.walk():
        if op is not primal and not op.has_trait(ConstantLike):
            by_block.setdefault(op.parent, []).append(op)
    return sum_of(counts.runs(ops[0], len(ops)) for ops in by_block.values())
