"""How many units in the last place the emitted gradients are off, edges included.

For each operation and float type, a function applies it to the elements of buffers; its
gradient runs over all points at once. The exact derivative comes from formulas in 60
digits, other formulas than the rules'. Bounds are in ulp of the exact derivative, plus
the smallest normal number: below that a product may vanish.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from xdsl.dialects import arith, math
from xdsl.ir import Operation

from tapeflow.analysis.differentiation.derivative_rules import RULES
from tapeflow.backend.execute import execute
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms.differentiation.differentiate import DifferentiatePass
from tapeflow.universe import full_context

Number = Any
"""An arbitrary-precision float; mpmath has no type for it."""
INF, NAN = float("inf"), float("nan")
FEW = 4.0
DTYPES: dict[str, Any] = {
    "f64": np.float64,
    "f32": np.float32,
    "i1": np.bool_,
    "i64": np.int64,
}

_magnitudes = (
    *(1e-300, 3e-160, 1e-100, 1e-37, 1e-19, 1e-9, 1e-3, 0.1, 0.3, 0.7, 0.99, 1.0),
    *(1.01, 1.7, 3.0, 5.3, 9.0, 17.1, 25.7, 80.0, 300.0, 700.0, 1e4, 1e9, 1e19, 1e37),
    *(1e100, 3e160, 1e300),
)
POSITIVE = _magnitudes
REAL = (*_magnitudes, *(-x for x in _magnitudes))
_sparse = (1e-300, 3e-160, 1e-19, 1e-9, 0.3, 1.0, 17.0, 1e19, 3e160, 1e300)
SPARSE = (*_sparse, *(-x for x in _sparse))
INSIDE = (0.0, 1e-300, 1e-9, 0.3, 0.5, 0.9, 0.999, 1 - 2.0**-20)
UNIT = (*INSIDE, *(-x for x in INSIDE))
ABOVE_ONE = (1 + 2.0**-20, 1.001, 1.5, *(x for x in _magnitudes if x > 1.6))
ABOVE_MINUS_ONE = (*POSITIVE, *(-x for x in INSIDE))
MODERATE = (-30.5, -2.0, -0.7, 1e-5, 0.5, 1.0, 2.0, 17.25)


@dataclass(frozen=True)
class Case:
    """The partial derivatives of an operation, where to look and how close it is."""

    partials: tuple[Callable[..., Number], ...]
    points: tuple[tuple[float, ...], ...]
    bound_ulp: Callable[..., Number] | float = FEW


def unary(
    partial: Callable[[Number], Number],
    points: Iterable[float] = REAL,
    bound_ulp: Callable[..., Number] | float = FEW,
) -> Case:
    return Case((partial,), tuple((x,) for x in points), bound_ulp)


def binary(
    *partials: Callable[[Number, Number], Number],
    first: Iterable[float] = SPARSE,
    second: Iterable[float] = SPARSE,
    bound_ulp: Callable[..., Number] | float = FEW,
) -> Case:
    return Case(partials, tuple(product(first, second)), bound_ulp)


def power_in_base(x: Number, y: Number) -> Number:
    return y * mp.power(x, y - 1)


def power_bound(x: Number, y: Number) -> Number:
    """The exponent y - 1 is rounded, and so is the logarithm that multiplies it."""
    return FEW + abs(mp.log(x)) * (1 + abs(y))


CASES: dict[type[Operation], Case] = {
    arith.AddfOp: binary(lambda a, b: 1, lambda a, b: 1),
    arith.SubfOp: binary(lambda a, b: 1, lambda a, b: -1),
    arith.MulfOp: binary(lambda a, b: b, lambda a, b: a),
    RemFOp: binary(
        lambda a, b: 1,
        lambda a, b: -mp.sign(a) * mp.sign(b) * mp.floor(abs(a / b)),
    ),
    arith.DivfOp: binary(lambda a, b: 1 / b, lambda a, b: -a / b**2),
    arith.NegfOp: unary(lambda a: -1),
    arith.MinimumfOp: binary(lambda a, b: a <= b, lambda a, b: a > b),
    arith.MaximumfOp: binary(lambda a, b: a >= b, lambda a, b: a < b),
    arith.MinnumfOp: binary(lambda a, b: a <= b, lambda a, b: a > b),
    arith.MaxnumfOp: binary(lambda a, b: a >= b, lambda a, b: a < b),
    math.AbsFOp: unary(mp.sign),
    math.AcosOp: unary(lambda a: -1 / mp.sqrt(1 - a * a), UNIT),
    math.AcoshOp: unary(lambda a: 1 / mp.sqrt(a * a - 1), ABOVE_ONE),
    math.AsinOp: unary(lambda a: 1 / mp.sqrt(1 - a * a), UNIT),
    math.AsinhOp: unary(lambda a: 1 / mp.sqrt(a * a + 1)),
    math.AtanOp: unary(lambda a: 1 / (a * a + 1)),
    math.AtanhOp: unary(lambda a: 1 / (1 - a * a), UNIT),
    math.Atan2Op: binary(
        lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)
    ),
    math.CbrtOp: unary(lambda a: 1 / (3 * mp.cbrt(abs(a)) ** 2)),
    math.CopySignOp: binary(lambda a, b: mp.sign(a) * mp.sign(b)),
    math.CosOp: unary(lambda a: -mp.sin(a)),
    math.CoshOp: unary(mp.sinh),
    math.ErfOp: unary(
        lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a), bound_ulp=lambda a: FEW + a * a
    ),
    ErfcOp: unary(
        lambda a: -2 / mp.sqrt(mp.pi) * mp.exp(-a * a), bound_ulp=lambda a: FEW + a * a
    ),
    math.ExpOp: unary(mp.exp),
    math.Exp2Op: unary(lambda a: mp.log(2) * mp.power(2, a)),
    math.ExpM1Op: unary(mp.exp),
    math.FPowIOp: binary(
        power_in_base, first=REAL, second=(-3, -1, 1, 2, 5), bound_ulp=FEW
    ),
    math.LogOp: unary(lambda a: 1 / a, POSITIVE),
    math.Log10Op: unary(lambda a: 1 / (a * mp.log(10)), POSITIVE),
    math.Log1pOp: unary(lambda a: 1 / (1 + a), ABOVE_MINUS_ONE),
    math.Log2Op: unary(lambda a: 1 / (a * mp.log(2)), POSITIVE),
    math.PowFOp: binary(
        power_in_base,
        lambda a, b: mp.power(a, b) * mp.log(a),
        first=POSITIVE,
        second=MODERATE,
        bound_ulp=power_bound,
    ),
    math.RsqrtOp: unary(lambda a: -1 / (2 * a * mp.sqrt(a)), POSITIVE),
    math.SinOp: unary(mp.cos),
    math.SinhOp: unary(mp.cosh),
    math.SqrtOp: unary(lambda a: 1 / (2 * mp.sqrt(a)), POSITIVE),
    math.TanOp: unary(lambda a: mp.sec(a) ** 2),
    # 1 - tanh^2 cancels: the error is an ulp of 1.
    math.TanhOp: unary(
        lambda a: mp.sech(a) ** 2, bound_ulp=lambda a: FEW * mp.cosh(a) ** 2
    ),
    math.FmaOp: Case(
        (lambda a, b, c: b, lambda a, b, c: a, lambda a, b, c: 1),
        tuple(product(MODERATE, repeat=3)),
    ),
    arith.SelectOp: Case(
        (lambda c, a, b: c, lambda c, a, b: not c),
        tuple(product((True, False), MODERATE, MODERATE)),
    ),
    **dict.fromkeys(
        (math.CeilOp, math.FloorOp, math.RoundOp, math.RoundEvenOp, math.TruncOp),
        unary(lambda a: 0),
    ),
}

EDGES: list[tuple[type[Operation], tuple[float, ...], tuple[float, ...]]] = [
    (arith.DivfOp, (1.0, 0.0), (INF, -INF)),
    (arith.DivfOp, (2.0, INF), (0.0, 0.0)),
    (arith.MinimumfOp, (1.0, 1.0), (1.0, 0.0)),
    (arith.MaximumfOp, (0.0, -0.0), (1.0, 0.0)),
    (arith.MaximumfOp, (-0.0, 0.0), (1.0, 0.0)),
    (arith.MaximumfOp, (NAN, 2.0), (1.0, 0.0)),
    (arith.MaximumfOp, (2.0, NAN), (0.0, 1.0)),
    (arith.MaximumfOp, (NAN, NAN), (0.0, 1.0)),
    (arith.MinimumfOp, (NAN, 2.0), (1.0, 0.0)),
    (arith.MinimumfOp, (2.0, NAN), (0.0, 1.0)),
    (arith.MinnumfOp, (NAN, NAN), (0.0, 1.0)),
    (arith.MinnumfOp, (NAN, 2.0), (0.0, 1.0)),
    (arith.MaxnumfOp, (2.0, NAN), (1.0, 0.0)),
    (math.AbsFOp, (0.0,), (0.0,)),
    (math.AbsFOp, (-0.0,), (0.0,)),
    (math.AbsFOp, (-INF,), (-1.0,)),
    (math.AcosOp, (1.0,), (-INF,)),
    (math.AcosOp, (1.5,), (NAN,)),
    (math.AcoshOp, (1.0,), (INF,)),
    (math.AcoshOp, (INF,), (0.0,)),
    (math.AcoshOp, (0.5,), (NAN,)),
    (math.AsinOp, (-1.0,), (INF,)),
    (math.AsinhOp, (0.0,), (1.0,)),
    (math.AsinhOp, (-INF,), (0.0,)),
    (math.AsinhOp, (NAN,), (NAN,)),
    (math.AtanOp, (INF,), (0.0,)),
    (math.AtanhOp, (1.0,), (INF,)),
    (math.Atan2Op, (0.0, 2.0), (0.5, 0.0)),
    (math.Atan2Op, (2.0, 0.0), (0.0, -0.5)),
    (math.Atan2Op, (-2.0, -0.0), (0.0, 0.5)),
    (math.Atan2Op, (INF, 1.0), (0.0, 0.0)),
    (math.Atan2Op, (1.0, -INF), (0.0, 0.0)),
    (math.Atan2Op, (0.0, 0.0), (NAN, NAN)),
    (math.CbrtOp, (0.0,), (INF,)),
    (math.CbrtOp, (-0.0,), (INF,)),
    (math.CbrtOp, (INF,), (0.0,)),
    (math.CopySignOp, (3.0, -0.0), (-1.0,)),
    (math.ErfOp, (INF,), (0.0,)),
    (ErfcOp, (-INF,), (0.0,)),
    (RemFOp, (7.0, 2.0), (1.0, -3.0)),
    (RemFOp, (-7.0, 2.0), (1.0, 3.0)),
    (RemFOp, (1.0, INF), (1.0, 0.0)),
    # The quotient of f32 rounds up to 3.
    (RemFOp, (3.0 - 2.0**-22, 1.0 - 2.0**-24), (1.0, -2.0)),
    (math.ExpOp, (-INF,), (0.0,)),
    (math.ExpOp, (INF,), (INF,)),
    (math.ExpM1Op, (-INF,), (0.0,)),
    (math.FPowIOp, (0.0, 0), (0.0,)),
    (math.FPowIOp, (0.0, 1), (1.0,)),
    (math.FPowIOp, (0.0, 2), (0.0,)),
    (math.FPowIOp, (INF, 0), (0.0,)),
    (math.FPowIOp, (-2.0, 3), (12.0,)),
    (math.FPowIOp, (-1.0, -(2**63)), (2.0**63,)),
    (math.FPowIOp, (1.0, -(2**63)), (-(2.0**63),)),
    (math.FPowIOp, (0.5, -(2**63)), (-INF,)),
    (math.FPowIOp, (-1.0, 1 - 2**63), (1.0 - 2.0**63,)),
    (math.FPowIOp, (-1.0, 2**54), (-(2.0**54),)),
    (math.FPowIOp, (-1.0, 2**63 - 1), (2.0**63,)),
    (math.LogOp, (0.0,), (INF,)),
    (math.LogOp, (INF,), (0.0,)),
    (math.Log1pOp, (-1.0,), (INF,)),
    (math.PowFOp, (0.0, 0.0), (0.0, 0.0)),
    (math.PowFOp, (0.0, 1.0), (1.0, 0.0)),
    (math.PowFOp, (0.0, 2.0), (0.0, 0.0)),
    (math.PowFOp, (0.0, 0.5), (INF, 0.0)),
    (math.PowFOp, (-2.0, 3.0), (12.0, NAN)),
    (math.PowFOp, (INF, 2.0), (INF, INF)),
    (math.RsqrtOp, (INF,), (0.0,)),
    (math.RsqrtOp, (0.0,), (-INF,)),
    (math.SinOp, (INF,), (NAN,)),
    (math.SqrtOp, (0.0,), (INF,)),
    (math.SqrtOp, (INF,), (0.0,)),
    (math.SqrtOp, (-1.0,), (NAN,)),
    (math.TanhOp, (INF,), (0.0,)),
    (math.TanhOp, (-INF,), (0.0,)),
]


def operand_types(op: type[Operation], kind: str) -> list[str]:
    types = [kind] * len(RULES[op])
    if op is math.FPowIOp:
        types[1] = "i64"
    if op is arith.SelectOp:
        types[0] = "i1"
    return types


def function_text(op: type[Operation], kind: str) -> str:
    types = operand_types(op, kind)
    name = f"{op.name.replace('.', '_')}_{kind}"
    buffers = [f"%a{k}: memref<?x{t}>" for k, t in enumerate([*types, kind])]
    loads = "\n".join(
        f"    %x{k} = memref.load %a{k}[%i] : memref<?x{t}>"
        for k, t in enumerate(types)
    )
    operands = ", ".join(f"%x{k}" for k in range(len(types)))
    suffix = f"{kind}, i64" if op is math.FPowIOp else kind
    wrt = [k for k, t in enumerate([*types, kind]) if t.startswith("f")]
    return f"""func.func @{name}({", ".join(buffers)}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %a0, %c0 : memref<?x{types[0]}>
  scf.for %i = %c0 to %n step %c1 {{
{loads}
    %y = {op.name} {operands} : {suffix}
    memref.store %y, %a{len(types)}[%i] : memref<?x{kind}>
  }}
  func.return
}}
ad.gradient @{name}_grad of @{name} wrt {wrt}
"""


@cache
def gradients():
    """A module with the gradients of all operations in both types."""
    context = full_context()
    texts = [function_text(op, kind) for op in CASES for kind in ("f64", "f32")]
    module = parse_module("".join(texts), "rules", context)
    DifferentiatePass().apply(context, module)
    return module


def run_gradient(op: type[Operation], kind: str, points: Iterable[tuple[float, ...]]):
    """The partials by operand, NaN for those without: one array of all points each."""
    types = operand_types(op, kind)
    columns = zip(*points, strict=True)
    operands = [
        np.array(column, DTYPES[t]) for column, t in zip(columns, types, strict=True)
    ]
    result = np.zeros(len(operands[0]), DTYPES[kind])
    shadows = [np.zeros_like(x) for x in operands if x.dtype == result.dtype]
    arguments = [*operands, result, *shadows, np.ones_like(result)]
    name = f"{op.name.replace('.', '_')}_{kind}_grad"
    execute(gradients(), name, arguments, engine="reference")
    floats = iter(shadows)
    return [next(floats) if x.dtype == result.dtype else None for x in operands]


def differentiable(op: type[Operation]) -> list[int]:
    """The operands with a partial; for the roundings it is 0 and there is no rule."""
    return [k for k, rule in enumerate(RULES[op]) if rule is not None] or [0]


def test_every_rule_is_here() -> None:
    converts = {arith.ExtFOp, arith.TruncFOp, arith.SIToFPOp, arith.UIToFPOp}
    assert set(CASES) == set(RULES) - converts


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("op", CASES, ids=lambda op: op.name)
def test_error_is_bounded(op: type[Operation], kind: str) -> None:
    case, info = CASES[op], np.finfo(DTYPES[kind])
    smallest, largest = float(info.tiny), float(info.max)
    usable = sorted(
        {
            tuple(float(DTYPES[kind](x)) for x in point)
            for point in case.points
            if all(x == 0 or smallest <= abs(x) <= largest for x in point)
        }
    )
    actual = run_gradient(op, kind, usable)
    with mp.workdps(60):
        for k, partial in zip(differentiable(op), case.partials, strict=True):
            gradient = actual[k]
            assert gradient is not None
            for point, value in zip(usable, gradient, strict=True):
                operands = [mp.mpf(x) for x in point]
                exact = mp.mpf(partial(*operands))
                bound = case.bound_ulp
                ulps = bound(*operands) if callable(bound) else bound
                if abs(exact) > largest / 8 and abs(value) == INF:
                    assert mp.sign(exact) == np.sign(value)
                    continue
                allowed = ulps * float(info.eps) * abs(exact) + smallest
                error = abs(mp.mpf(float(value)) - exact)
                assert error <= allowed, (point, k, value, mp.nstr(exact, 20))


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("op", dict.fromkeys(op for op, _, _ in EDGES))
def test_edges(op: type[Operation], kind: str) -> None:
    rows = [(point, expected) for name, point, expected in EDGES if name is op]
    actual = run_gradient(op, kind, [point for point, _ in rows])
    for position, k in enumerate(differentiable(op)):
        expected = [partials[position] for _, partials in rows]
        np.testing.assert_array_equal(actual[k], expected)
