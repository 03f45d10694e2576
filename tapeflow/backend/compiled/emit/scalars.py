"""Scalar ops: one expression per result, from the table of scalar semantics."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Operation

from tapeflow.analysis.verification.what_runs import is_scalar
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.semantics.scalars import SCALAR_OPS, scalar_templates
from tapeflow.dialects.ad import TurnOp

LARGEST_LITERAL = 16
"""Index constants up to this size are literals."""


def _scalar(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    texts = [
        template.format(*emitter.scalars(op.operands))
        for template in scalar_templates(op)
    ]
    for result, text in zip(op.results, texts, strict=True):
        emitter.assign(result, text)
    return ()


def _constant(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """Small numbers shape the code; larger ones are tile lengths and the like."""
    constant = cast(arith.ConstantOp, op)
    value = constant.value
    if isinstance(value, IntegerAttr) and isinstance(value.type, IndexType):
        number = value.value.data
        if abs(number) > LARGEST_LITERAL:
            wish = constant.result.name_hint or "constant"
            emitter.meanings[constant.result] = emitter.given(number, wish)
            return ()
    return _scalar(emitter, op)


def _select(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """Buffers are chosen part by part."""
    result = op.results[0]
    if is_scalar(result.type):
        return _scalar(emitter, op)
    condition = emitter.scalar(op.operands[0])
    targets = [name for name, _ in emitter.declare(result, "chosen")]
    parts = zip(*(emitter.parts([value]) for value in op.operands[1:]), strict=True)
    for target, (then, otherwise) in zip(targets, parts, strict=True):
        emitter.line(f"{target} = {then} if {condition} else {otherwise}")
    return ()


def _turn(_emitter: FunctionEmitter, _op: Operation) -> Sequence[str]:
    return ()


SCALAR_RULES: dict[type[Operation], EmitRule] = {
    **dict.fromkeys(SCALAR_OPS, _scalar),
    arith.ConstantOp: _constant,
    arith.SelectOp: _select,
    TurnOp: _turn,
}
"""Op class to how it is written."""
