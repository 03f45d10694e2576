"""Float functions of compiled Python: IEEE 754, no traps, one rounding each."""

from tapeflow.backend.compiled.native.builtin import Builtin


def _unary_intrinsic(name: str) -> Builtin:
    declaration = f"declare double @llvm.{name}.f64(double)"
    body = f"%r = call double @llvm.{name}.f64(double %0)\n  ret double %r"
    return Builtin(("float",), "float", body, (declaration,))


def _binary_intrinsic(name: str) -> Builtin:
    declaration = f"declare double @llvm.{name}.f64(double, double)"
    body = f"%r = call double @llvm.{name}.f64(double %0, double %1)\n  ret double %r"
    return Builtin(("float", "float"), "float", body, (declaration,))


def _number_over_nan(chosen: str) -> Builtin:
    """The other operand where one is NaN."""
    body = f"""%m = call double @{chosen}(double %0, double %1)
  %b.nan = fcmp uno double %1, %1
  %n = select i1 %b.nan, double %0, double %m
  %a.nan = fcmp uno double %0, %0
  %r = select i1 %a.nan, double %1, double %n
  ret double %r"""
    return Builtin(("float", "float"), "float", body, uses=(chosen,))


def _fma(width: int, type_: str) -> Builtin:
    declaration = f"declare {type_} @llvm.fma.f{width}({type_}, {type_}, {type_})"
    narrow = [f"%n{i} = fptrunc double %{i} to float" for i in range(3)]
    call = f"call {type_} @llvm.fma.f{width}"
    if width == 32:
        lines = [
            *narrow,
            f"%f = {call}(float %n0, float %n1, float %n2)",
            "%r = fpext float %f to double",
        ]
    else:
        lines = [f"%r = {call}(double %0, double %1, double %2)"]
    body = "\n  ".join([*lines, "ret double %r"])
    return Builtin(("float",) * 3, "float", body, (declaration,))


def _saturated(word: str) -> tuple[str, str]:
    """Instruction and declaration of a saturating conversion to 64 bits."""
    name = f"@llvm.{word}.sat.i64.f64"
    return f"%x = call i64 {name}(double %0)", f"declare i64 {name}(double)"


_SIGNED, _SIGNED_DECLARATION = _saturated("fptosi")
_UNSIGNED, _UNSIGNED_DECLARATION = _saturated("fptoui")

FLOAT_BUILTINS: dict[str, Builtin] = {
    "sqrt": _unary_intrinsic("sqrt"),
    "fabs": _unary_intrinsic("fabs"),
    "floor": _unary_intrinsic("floor"),
    "ceil": _unary_intrinsic("ceil"),
    "truncate": _unary_intrinsic("trunc"),
    "round_even": _unary_intrinsic("roundeven"),
    "round_away": _unary_intrinsic("round"),
    "copysign": _binary_intrinsic("copysign"),
    "maximum": _binary_intrinsic("maximum"),
    "minimum": _binary_intrinsic("minimum"),
    "maxnum": _number_over_nan("maximum"),
    "minnum": _number_over_nan("minimum"),
    "fma_f32": _fma(32, "float"),
    "fma_f64": _fma(64, "double"),
    "divide": Builtin(
        ("float", "float"), "float", "%r = fdiv double %0, %1\n  ret double %r"
    ),
    "negate": Builtin(("float",), "float", "%r = fneg double %0\n  ret double %r"),
    "f64": Builtin(("float",), "float", "ret double %0"),
    "f32": Builtin(
        ("float",),
        "float",
        "%n = fptrunc double %0 to float\n"
        "  %r = fpext float %n to double\n  ret double %r",
    ),
    "f64_of_integer": Builtin(
        ("int",), "float", "%r = sitofp i64 %0 to double\n  ret double %r"
    ),
    "f64_of_unsigned": Builtin(
        ("int",), "float", "%r = uitofp i64 %0 to double\n  ret double %r"
    ),
    "f32_of_integer": Builtin(
        ("int",),
        "float",
        "%n = sitofp i64 %0 to float\n  %r = fpext float %n to double\n  ret double %r",
    ),
    "f32_of_unsigned": Builtin(
        ("int",),
        "float",
        "%n = uitofp i64 %0 to float\n  %r = fpext float %n to double\n  ret double %r",
    ),
    "bits_of_f64": Builtin(
        ("float",), "int", "%r = bitcast double %0 to i64\n  ret i64 %r"
    ),
    "f64_of_bits": Builtin(
        ("int",), "float", "%r = bitcast i64 %0 to double\n  ret double %r"
    ),
    "bits_of_f32": Builtin(
        ("float",),
        "int",
        "%n = fptrunc double %0 to float\n  %b = bitcast float %n to i32\n"
        "  %r = sext i32 %b to i64\n  ret i64 %r",
    ),
    "f32_of_bits": Builtin(
        ("int",),
        "float",
        "%b = trunc i64 %0 to i32\n  %n = bitcast i32 %b to float\n"
        "  %r = fpext float %n to double\n  ret double %r",
    ),
    "integer_of_float": Builtin(
        ("float", "int"),
        "int",
        f"""{_SIGNED}
  %drop = sub i64 64, %1
  %top = lshr i64 9223372036854775807, %drop
  %bottom = xor i64 %top, -1
  %low = call i64 @llvm.smin.i64(i64 %x, i64 %top)
  %r = call i64 @llvm.smax.i64(i64 %low, i64 %bottom)
  ret i64 %r""",
        (
            _SIGNED_DECLARATION,
            "declare i64 @llvm.smin.i64(i64, i64)",
            "declare i64 @llvm.smax.i64(i64, i64)",
        ),
    ),
    "unsigned_of_float": Builtin(
        ("float", "int"),
        "int",
        f"""{_UNSIGNED}
  %drop = sub i64 64, %1
  %top = lshr i64 -1, %drop
  %c = call i64 @llvm.umin.i64(i64 %x, i64 %top)
  %high = shl i64 %c, %drop
  %signed = ashr i64 %high, %drop
  %bit = icmp eq i64 %1, 1
  %r = select i1 %bit, i64 %c, i64 %signed
  ret i64 %r""",
        (_UNSIGNED_DECLARATION, "declare i64 @llvm.umin.i64(i64, i64)"),
    ),
}
"""Name to definition; `integer_of_float(x, bits)` saturates, NaN gives 0."""
