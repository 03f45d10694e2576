"""What the scalar ops compute: the one table of both engines.

An op's meaning is an expression text per result, such as `wrap({0} + {1}, 64)` or
`f32(exp({0}))`, where `{0}` stands for the first operand: a name, a literal or text in
parentheses. The reference engine evaluates it with those of `python_functions`, the
compiled engine has them in machine code, alike to the last bit. `scalar_types` says how
values are held.

Functions of the C library are libm's; floats follow IEEE 754 without exceptions and
NaNs are alike: their sign and payload mean nothing. A float too large for an integer
becomes the nearest one, NaN becomes 0.
"""

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.ir import Attribute, Operation

from tapeflow.analysis.verification.what_runs import integer_bits, is_scalar
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.backend.semantics.floats import (
    FLOAT_COMPARISONS,
    FLOAT_RESULTS,
    FMA,
    rounded,
)
from tapeflow.backend.semantics.integers import (
    EXTENDED_HIGH,
    INTEGER_COMPARISONS,
    INTEGER_RESULTS,
    ONE_BIT_RESULTS,
    SIZE_BITS,
    SIZE_RESULTS,
    IntegerRule,
    integer_text,
    viewed,
    wrapped,
)
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.tape_attributes import TAPE_SIZE


def scalar_templates(op: Operation) -> tuple[str, ...]:
    """One expression text per result of a scalar op.

    Raises:
        ExecutionError: the op is no scalar op, or has a type without semantics.
    """
    rule = _RULES.get(type(op))
    if rule is None:
        raise ExecutionError(f"'{op.name}' is no scalar operation", location_of(op))
    for value in (*op.operands, *op.results):
        if not is_scalar(value.type) and not isinstance(op, arith.SelectOp):
            raise ExecutionError(
                f"'{op.name}' on {value.type} cannot run; "
                "f32, f64, index and integers up to 64 bits can",
                location_of(op),
            )
    return rule(op)


def is_scalar_op(op: Operation) -> bool:
    """Whether `scalar_templates` knows the op."""
    return type(op) in _RULES


def constant_text(value: Attribute) -> str:
    """The expression text of a constant attribute.

    Raises:
        ExecutionError: it is not a number of a type with semantics.
    """
    match value:
        case FloatAttr() if is_float(value.type):
            number = float(value.value.data)
            text = "nan" if number != number else repr(number)
            return rounded(value.type, text)
        case IntegerAttr() if (bits := integer_bits(value.type)) is not None:
            number = value.value.data
            if bits == 1:
                return str(bool(number & 1))
            half = 1 << (bits - 1)
            return _literal(((number + half) & (2 * half - 1)) - half)
        case _:
            raise ExecutionError(f"the constant {value} cannot run; numbers can")


def _literal(number: int) -> str:
    return str(number) if number >= 0 else f"({number})"


def _bits(scalar_type: Attribute) -> int:
    bits = integer_bits(scalar_type)
    assert bits is not None
    return bits


def _constant(op: Operation) -> tuple[str, ...]:
    return (constant_text(cast(arith.ConstantOp, op).value),)


def _select(op: Operation) -> tuple[str, ...]:
    if is_scalar(op.results[0].type):
        return ("select({0}, {1}, {2})",)
    return ("({1} if {0} else {2})",)


def _float_result(op: Operation) -> tuple[str, ...]:
    return (rounded(op.results[0].type, FLOAT_RESULTS[type(op)]),)


def _fma(op: Operation) -> tuple[str, ...]:
    result: Any = op.results[0].type
    return (FMA[result.bitwidth],)


def _power_of_integer(op: Operation) -> tuple[str, ...]:
    exponent = viewed("{1}", _bits(op.operands[1].type), "signed")
    # As a double, a large exponent is even.
    sign = f"select(({exponent} & 1) != 0, {{0}}, 1.0)"
    power = f"copysign(power({{0}}, f64_of_integer({exponent})), {sign})"
    return (rounded(op.results[0].type, power),)


def _float_comparison(op: Operation) -> tuple[str, ...]:
    return (FLOAT_COMPARISONS[cast(arith.CmpfOp, op).predicate.value.data],)


def _integer_result(op: Operation) -> tuple[str, ...]:
    bits = _bits(op.results[0].type)
    rule = INTEGER_RESULTS[type(op)]
    if TAPE_SIZE in op.attributes and bits == SIZE_BITS:
        rule = SIZE_RESULTS.get(type(op), rule)
    if bits == 1:
        rule = ONE_BIT_RESULTS.get(type(op), rule)
    return (integer_text(rule, bits, len(op.operands)),)


def _integer_comparison(op: Operation) -> tuple[str, ...]:
    rule = INTEGER_COMPARISONS[cast(arith.CmpiOp, op).predicate.value.data]
    unwrapped = IntegerRule(rule.text, rule.view, wraps=False)
    return (integer_text(unwrapped, _bits(op.operands[0].type), 2),)


def _extended_sum(op: Operation) -> tuple[str, ...]:
    bits = _bits(op.operands[0].type)
    if bits == 1:
        return ("{0} ^ {1}", "{0} & {1}")
    total = wrapped(bits, "{0} + {1}")
    return (total, f"below({total}, {{0}})")


def _extended_product(op: Operation) -> tuple[str, ...]:
    bits = _bits(op.operands[0].type)
    low = integer_text(IntegerRule("{0} * {1}"), bits, 2)
    return (low, integer_text(EXTENDED_HIGH[type(op)], bits, 2))


def _resize_signed(op: Operation) -> tuple[str, ...]:
    source, target = _bits(op.operands[0].type), _bits(op.results[0].type)
    text = viewed("{0}", source, "signed")
    return (text if 1 < source <= target else wrapped(target, text),)


def _extend_unsigned(op: Operation) -> tuple[str, ...]:
    return (viewed("{0}", _bits(op.operands[0].type), "unsigned"),)


def _float_of_integer(op: Operation) -> tuple[str, ...]:
    bits = _bits(op.operands[0].type)
    signed = isinstance(op, arith.SIToFPOp)
    text = viewed("{0}", bits, "signed" if signed else "unsigned")
    source = "integer" if signed or bits < 64 else "unsigned"
    return (f"{op.results[0].type}_of_{source}({text})",)


def _integer_of_float(op: Operation) -> tuple[str, ...]:
    bits = _bits(op.results[0].type)
    name = "integer" if isinstance(op, arith.FPToSIOp) else "unsigned"
    text = f"{name}_of_float({{0}}, {bits})"
    return (f"{text} != 0" if bits == 1 else text,)


def _to_float(op: Operation) -> tuple[str, ...]:
    return (f"{op.results[0].type}({{0}})",)


def _bitcast(op: Operation) -> tuple[str, ...]:
    source, target = op.operands[0].type, op.results[0].type
    if is_float(source) == is_float(target):
        return ("{0}",) if is_float(source) else _resize_signed(op)
    if is_float(source):
        return (wrapped(_bits(target), f"bits_of_{source}({{0}})"),)
    return (f"{target}_of_bits({{0}})",)


_RULES: dict[type[Operation], Callable[[Operation], tuple[str, ...]]] = {
    **dict.fromkeys(FLOAT_RESULTS, _float_result),
    **dict.fromkeys(INTEGER_RESULTS, _integer_result),
    **dict.fromkeys(EXTENDED_HIGH, _extended_product),
    arith.ConstantOp: _constant,
    arith.SelectOp: _select,
    arith.CmpfOp: _float_comparison,
    arith.CmpiOp: _integer_comparison,
    arith.AddUIExtendedOp: _extended_sum,
    arith.ExtSIOp: _resize_signed,
    arith.IndexCastOp: _resize_signed,
    arith.TruncIOp: _resize_signed,
    arith.ExtUIOp: _extend_unsigned,
    arith.SIToFPOp: _float_of_integer,
    arith.UIToFPOp: _float_of_integer,
    arith.FPToSIOp: _integer_of_float,
    arith.FPToUIOp: _integer_of_float,
    arith.ExtFOp: _to_float,
    arith.TruncFOp: _to_float,
    arith.BitcastOp: _bitcast,
    math.FmaOp: _fma,
    math.FPowIOp: _power_of_integer,
}
"""Op class to its rule."""

SCALAR_OPS: tuple[type[Operation], ...] = tuple(_RULES)
"""Every op class with scalar semantics."""
