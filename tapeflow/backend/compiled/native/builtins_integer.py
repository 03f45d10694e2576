"""Integer functions of compiled Python on 64 bits: nothing traps.

A function with a parameter `bits` gets it as a literal; results may need `wrap`.
"""

from tapeflow.backend.compiled.native.builtin import Builtin

_LARGEST_NEGATIVE = "-9223372036854775808"


def _integer(
    parameters: int, body: str, *declarations: str, result: str = "int"
) -> Builtin:
    return Builtin(("int",) * parameters, result, body, declarations)


def _division(body: str, by_zero: str) -> Builtin:
    """Division of `%0` by `%1`, on a divisor `%d` that cannot trap.

    Division by zero and the one quotient too large for 64 bits (it wraps to its
    dividend, remainder 0) are replaced by divisions by one.
    """
    return _integer(
        2,
        f"""%zero = icmp eq i64 %1, 0
  %least = icmp eq i64 %0, {_LARGEST_NEGATIVE}
  %minus = icmp eq i64 %1, -1
  %wraps = and i1 %least, %minus
  %unsafe = or i1 %zero, %wraps
  %d = select i1 %unsafe, i64 1, i64 %1
  {body}
  %r = select i1 %zero, i64 {by_zero}, i64 %q
  ret i64 %r""",
    )


def _unsigned_division(body: str, by_zero: str) -> Builtin:
    return _integer(
        2,
        f"""%zero = icmp eq i64 %1, 0
  %d = select i1 %zero, i64 1, i64 %1
  {body}
  %r = select i1 %zero, i64 {by_zero}, i64 %q
  ret i64 %r""",
    )


def _rounded_division(adjust_if: str, step: str) -> Builtin:
    """Truncated division, moved by one where it is inexact and on the wrong side."""
    return _division(
        f"""%t = sdiv i64 %0, %d
  %p = mul i64 %t, %d
  %inexact = icmp ne i64 %p, %0
  %signs = xor i64 %0, %d
  %side = icmp {adjust_if} i64 %signs, 0
  %move = and i1 %inexact, %side
  %moved = add i64 %t, {step}
  %q = select i1 %move, i64 %moved, i64 %t""",
        "-1",
    )


def _shift(word: str, operand: str, beyond: str) -> Builtin:
    return _integer(
        3,
        f"""%drop = sub i64 64, %2
  %mask = lshr i64 -1, %drop
  %low = and i64 %0, %mask
  %inside = icmp ult i64 %1, %2
  %by = select i1 %inside, i64 %1, i64 {beyond}
  %s = {word} i64 {operand}, %by
  %r = select i1 %inside, i64 %s, i64 {"%s" if word == "ashr" else "0"}
  ret i64 %r""",
    )


def _bit_count(body: str, declaration: str) -> Builtin:
    return _integer(
        2,
        f"""%drop = sub i64 64, %1
  %mask = lshr i64 -1, %drop
  %low = and i64 %0, %mask
  {body}
  ret i64 %r""",
        declaration,
    )


def _high_product(extend: str) -> Builtin:
    return _integer(
        3,
        f"""%a = {extend} i64 %0 to i128
  %b = {extend} i64 %1 to i128
  %p = mul i128 %a, %b
  %by = zext i64 %2 to i128
  %h = lshr i128 %p, %by
  %r = trunc i128 %h to i64
  ret i64 %r""",
    )


_POWER = """br label %loop
loop:
  %base = phi i64 [%0, %2], [%square, %next]
  %left = phi i64 [%1, %2], [%half, %next]
  %so.far = phi i64 [1, %2], [%product, %next]
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %next, label %done
next:
  %bit = and i64 %left, 1
  %odd = icmp ne i64 %bit, 0
  %times = mul i64 %so.far, %base
  %product = select i1 %odd, i64 %times, i64 %so.far
  %square = mul i64 %base, %base
  %half = lshr i64 %left, 1
  br label %loop
done:
  %last = and i64 %1, 1
  %even = icmp eq i64 %last, 0
  %one = icmp eq i64 %0, 1
  %minus = icmp eq i64 %0, -1
  %zero = icmp eq i64 %0, 0
  %sign = select i1 %even, i64 1, i64 -1
  %n0 = select i1 %zero, i64 -1, i64 0
  %n1 = select i1 %minus, i64 %sign, i64 %n0
  %n2 = select i1 %one, i64 1, i64 %n1
  %negative = icmp slt i64 %1, 0
  %r = select i1 %negative, i64 %n2, i64 %so.far
  ret i64 %r"""


def _minmax(word: str) -> Builtin:
    return _integer(
        2,
        f"%r = call i64 @llvm.{word}.i64(i64 %0, i64 %1)\n  ret i64 %r",
        f"declare i64 @llvm.{word}.i64(i64, i64)",
    )


_GREATEST = "9223372036854775807"


def _of_sizes(body: str, *declarations: str) -> Builtin:
    """Arithmetic of numbers that are not negative and stop at the greatest index."""
    return _integer(2, f"{body}\n  ret i64 %r", *declarations)


_SIZE_BUILTINS: dict[str, Builtin] = {
    "add_sizes": _of_sizes(
        "%r = call i64 @llvm.sadd.sat.i64(i64 %0, i64 %1)",
        "declare i64 @llvm.sadd.sat.i64(i64, i64)",
    ),
    "size_between": _of_sizes(
        "%r = call i64 @llvm.ssub.sat.i64(i64 %1, i64 %0)",
        "declare i64 @llvm.ssub.sat.i64(i64, i64)",
    ),
    "multiply_sizes": _of_sizes(
        f"""%both = call {{i64, i1}} @llvm.smul.with.overflow.i64(i64 %0, i64 %1)
  %product = extractvalue {{i64, i1}} %both, 0
  %over = extractvalue {{i64, i1}} %both, 1
  %r = select i1 %over, i64 {_GREATEST}, i64 %product""",
        "declare {i64, i1} @llvm.smul.with.overflow.i64(i64, i64)",
    ),
    "divide_sizes": _of_sizes(
        f"""%zero = icmp eq i64 %1, 0
  %d = select i1 %zero, i64 1, i64 %1
  %t = udiv i64 %0, %d
  %rest = urem i64 %0, %d
  %inexact = icmp ne i64 %rest, 0
  %up = zext i1 %inexact to i64
  %q = add i64 %t, %up
  %over = icmp slt i64 %q, 0
  %least = select i1 %over, i64 {_GREATEST}, i64 %q
  %r = select i1 %zero, i64 0, i64 %least"""
    ),
}

INTEGER_BUILTINS: dict[str, Builtin] = {
    "wrap": _integer(
        2,
        "%drop = sub i64 64, %1\n  %high = shl i64 %0, %drop\n"
        "  %r = ashr i64 %high, %drop\n  ret i64 %r",
    ),
    "min": _minmax("smin"),
    "max": _minmax("smax"),
    "abs": _integer(
        1,
        "%r = call i64 @llvm.abs.i64(i64 %0, i1 false)\n  ret i64 %r",
        "declare i64 @llvm.abs.i64(i64, i1)",
    ),
    "below": _integer(2, "%r = icmp ult i64 %0, %1\n  ret i1 %r", result="bool"),
    "divide_signed": _division("%q = sdiv i64 %0, %d", "-1"),
    "remainder_signed": _division("%q = srem i64 %0, %d", "%0"),
    "divide_floor": _rounded_division("slt", "-1"),
    "divide_ceil": _rounded_division("sge", "1"),
    "divide_unsigned": _unsigned_division("%q = udiv i64 %0, %d", "-1"),
    "remainder_unsigned": _unsigned_division("%q = urem i64 %0, %d", "%0"),
    "divide_ceil_unsigned": _unsigned_division(
        """%t = udiv i64 %0, %d
  %rest = urem i64 %0, %d
  %inexact = icmp ne i64 %rest, 0
  %up = zext i1 %inexact to i64
  %q = add i64 %t, %up""",
        "-1",
    ),
    "shift_left": _shift("shl", "%0", "0"),
    "shift_right_zero": _shift("lshr", "%low", "0"),
    "shift_right_sign": _shift("ashr", "%0", "63"),
    "leading_zeros": _bit_count(
        "%n = call i64 @llvm.ctlz.i64(i64 %low, i1 false)\n  %r = sub i64 %n, %drop",
        "declare i64 @llvm.ctlz.i64(i64, i1)",
    ),
    "trailing_zeros": _bit_count(
        "%n = call i64 @llvm.cttz.i64(i64 %low, i1 false)\n"
        "  %past = icmp sgt i64 %n, %1\n  %r = select i1 %past, i64 %1, i64 %n",
        "declare i64 @llvm.cttz.i64(i64, i1)",
    ),
    "ones": _bit_count(
        "%r = call i64 @llvm.ctpop.i64(i64 %low)",
        "declare i64 @llvm.ctpop.i64(i64)",
    ),
    "integer_power": _integer(2, _POWER),
    **_SIZE_BUILTINS,
    "high_product": _high_product("sext"),
    "high_product_unsigned": _high_product("zext"),
}
"""Name to definition."""
