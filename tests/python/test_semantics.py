"""Compiled functions mean what they mean in Python, bit for bit, or they raise."""

import functools
import math
import struct
import warnings
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tapeflow as tf

Vector = Annotated[NDArray[np.float64], tf.f64[:]]
Matrix = Annotated[NDArray[np.float64], tf.f64[:, :]]
Singles = Annotated[NDArray[np.float32], tf.f32[:]]
Longs = Annotated[NDArray[np.int64], tf.i64[:]]
Shorts = Annotated[NDArray[np.int32], tf.i32[:]]
Flags = Annotated[NDArray[np.bool_], tf.boolean[:]]
Places = Annotated[NDArray[np.int64], tf.index[:]]
INF, NAN = math.inf, math.nan
INTS = (-7, -3, -1, 0, 1, 2, 5)
FLOATS = (-2.5, -0.0, 0.0, 0.3, 1.0, 7.5, INF, -INF, NAN)


def outcome(function: Any, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """What a call gives: bits of numbers, or that it raises."""
    own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = function(*own)
    except Exception as error:
        assert not isinstance(error, AttributeError), error
        return "raises", type(error)
    values = value if isinstance(value, tuple) else (value,)
    if any(isinstance(v, complex) for v in values):
        return "raises", complex
    arrays = [a for a in own if isinstance(a, np.ndarray)]
    return "gives", (tuple(map(bits, values)), tuple(a.tobytes() for a in arrays))


def bits(value: Any) -> object:
    """NaN is one value; an int that became a float in the program is equal to it."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    number = float(value)
    return "nan" if number != number else struct.pack("<d", number)


compiled = functools.cache(tf.function)


def agree(function: Any, *arguments: Any) -> None:
    expected = outcome(function, arguments)
    found = outcome(compiled(function), arguments)
    assert found == expected or found[0] == "raises", (arguments, expected, found)
    if expected[0] == "raises":
        assert found[0] == "raises", (arguments, expected, found)
    # It may raise where Python does not, but not as a rule.
    agree.gave += found[0] == "gives"  # pyright: ignore[reportFunctionMemberAccess]


agree.gave = 0  # pyright: ignore[reportFunctionMemberAccess]


def floor_division(a: int, b: int):
    return a // b, a % b


def ring(a: int, b: int):
    return a + b, a - b, a * b, -a, abs(a), ~b, +a


def bitwise(a: int, b: int):
    return a & b, a | b, a ^ b, a << 3, a >> 1


def int_extremes(a: int, b: int):
    return min(a, b, 1), max(a, b, 0), a**3, b**0


def true_division(a: int, b: int):
    return a / b


def int_comparisons(a: int, b: int):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, -2 < a <= b < 4, not a


def operands(a: int, b: int):
    return a and b, a or b, (a > 0 and b) or 3, b if a > 0 else a


@pytest.mark.parametrize(
    "function",
    [
        *(floor_division, ring, bitwise, int_extremes, true_division),
        *(int_comparisons, operands),
    ],
)
def test_whole_numbers(function: Any) -> None:
    for a in INTS:
        for b in INTS:
            agree(function, a, b)


def float_ring(a: float, b: float):
    return a + b, a - b, a * b, -a, abs(a)


def float_division(a: float, b: float):
    return a / b


def float_power(a: float, b: float):
    return a**b


def square(a: float, b: float):
    return a**2 + b**3


def float_extremes(a: float, b: float):
    return min(a, b), max(a, b), min(b, 1.0, a), max(0.0, a)


def float_comparisons(a: float, b: float):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, a < b < 2.0, not a


def truncation(a: float, b: float):
    return int(a), math.floor(b), math.ceil(a), math.trunc(b), round(a)


def float_operands(a: float, b: float):
    return a and b, a or b, bool(a)


def classification(a: float, b: float):
    return math.isnan(a), math.isinf(b), math.isfinite(a), math.copysign(a, b)


def with_int(a: float, n: int):
    return a + n, a * n - 3, n / 2 + a, a < n


@pytest.mark.parametrize(
    "function",
    [
        *(float_ring, float_division, float_power, square, float_extremes),
        *(float_comparisons, truncation, float_operands, classification),
    ],
)
def test_floats(function: Any) -> None:
    for a in FLOATS:
        for b in FLOATS:
            agree(function, a, b)


def test_floats_and_whole_numbers() -> None:
    for a in FLOATS:
        for n in INTS:
            agree(with_int, a, n)


NAMES = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh"),
    *("erf", "exp", "exp2", "expm1", "fabs", "log", "log10", "log1p", "log2"),
    *("sin", "sinh", "sqrt", "tan", "tanh"),
)


@pytest.mark.parametrize("name", NAMES)
def test_functions_of_math(name: str, tmp_path: Any) -> None:
    function = defined(tmp_path, f"def f(x: float):\n    return math.{name}(x)\n")
    rng = np.random.default_rng(0)
    for x in (*FLOATS, 800.0, -1.0, *rng.normal(0.0, 2.0, 20).tolist()):
        agree(function, x)


def defined(folder: Any, text: str) -> Any:
    """A function of a file of its own."""
    import importlib.util

    path = folder / "mine.py"
    path.write_text(f"import math\nimport numpy as np\nimport tapeflow as tf\n\n{text}")
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


def subscript(x: Vector, i: int):
    return x[i]


def last_ones(x: Vector, i: int):
    return x[-1] + x[i - 1] + x[len(x) - 1]


def set_one(x: Vector, i: int):
    x[i] = 3.0
    x[i] += 1.5
    return x[0]


@pytest.mark.parametrize("function", [subscript, last_ones, set_one])
def test_subscripts(function: Any) -> None:
    for size in (0, 1, 4):
        for i in range(-6, 7):
            agree(function, np.arange(1.0, 1.0 + size), i)


def sliced(x: Vector, a: int, b: int):
    s = 0.0
    for v in x[a:b]:
        s = 2.0 * s + v
    for v in x[a:]:
        s = 2.0 * s + v
    for v in x[:b:2]:
        s = 2.0 * s + v
    for v in x[b::-1]:
        s = 2.0 * s + v
    for v in x[a:b:-2]:
        s = 2.0 * s + v
    return s, len(x[a:b]), len(x[:-1]), len(x[1:]), len(x[-2:])


def set_slices(x: Vector, a: int, b: int):
    x[a:b] = 0.5
    x[1:] = x[:-1]
    x[::-1] = x
    x[:] += x[::-1]
    return x.sum()


def test_slices() -> None:
    for size in (1, 2, 5):
        x = np.arange(1.0, 1.0 + size)
        for a in range(-7, 8, 2):
            for b in range(-6, 8, 3):
                agree(sliced, x, a, b)
                agree(set_slices, x, a, b)


def ranges(a: int, b: int, s: int):
    t = 1
    for i in range(a, b):
        t = 3 * t + i
    for i in range(b, a, -1):
        t = 3 * t - i
    for i in range(a, b, 3):
        t = 3 * t + i
    for i in range(b, a, -2):
        t = 3 * t - i
    for i in range(a, b, s):
        t = 3 * t + 7 * i
    for i, j in zip(range(a, b), range(3, -3, -1), strict=False):
        t = t + i * j
    for k, i in enumerate(range(a, b, 2)):
        t = t - k * i
    for i in reversed(range(a, b, 2)):
        t = 2 * t + i
    return t


def test_ranges() -> None:
    for a in (-3, 0, 2):
        for b in (-4, 0, 1, 6):
            for s in (-2, 0, 1, 2):
                agree(ranges, a, b, s)


def after_the_loop(n: int, m: int):
    i = 100
    for i in range(n):
        if i == m:
            break
    j = i
    for i in range(3, n):
        i = i * 2
    return i, j


def leaves(x: Vector, m: float):
    s = 0
    for v in x:
        if v < 0.0:
            continue
        if v > m:
            break
        if v == 3.0:
            return -1.0
        s += v
    else:
        s += 100.0
    k = len(x)
    while k > 0 and x[k - 1] != 2.0:
        k -= 1
        if k == 1:
            break
    return s + k


def nested_leaves(n: int, m: int):
    t = 0
    for i in range(n):
        for j in range(i):
            if i * j == m:
                return t
            if j > 3:
                break
            if (i + j) % 3 == 0:
                continue
            t += i - j
        if t > 40:
            break
        t += 1
    return t + 1000


def raises(n: int, m: int):
    if n == 2:
        raise ValueError("two")
    t = 0
    for i in range(n):
        if i == m:
            raise IndexError("found")
        t += i
    assert t != 6, "six"
    return t


def test_loops_that_are_left() -> None:
    for n in range(7):
        for m in range(-1, 7):
            agree(after_the_loop, n, m)
            agree(nested_leaves, 2 * n, m)
            agree(raises, n, m)
            x = np.array([1.0, -1.0, 2.0, float(m), 4.0])[: n + 1]
            agree(leaves, x, 0.5 * n)


def swapped(x: Vector, n: int):
    a, b = np.zeros(len(x)), np.ones_like(x)
    a[:] = x
    for _ in range(n):
        for j in range(len(x)):
            b[j] = a[j] * 0.5 + a[j - 1]
        a, b = b, a
    x[0], x[-1] = x[-1], x[0]
    t = a[0]
    a = x
    a[1] = 7.0
    return t + b[1], x[1]


def test_arrays_that_change_their_names() -> None:
    for n in range(4):
        agree(swapped, np.array([1.0, 2.0, 3.5]), n)


def whole_arrays(x: Vector, y: Vector, m: Matrix):
    z = 2.0 * x + y / 3.0 - x * y
    z[1:] += x[:-1] ** 2
    z = -z
    w = m * x
    w[0] = y
    w[:, 0] = 1.0
    v = w.T[1] + m[-1]
    u = np.where(x > y, x, y)
    return z[0] + z[-1], w[1, 1] - v[0], u[1], x.shape[0] + m.size, m.ndim


def test_whole_arrays() -> None:
    rng = np.random.default_rng(0)
    x, y, m = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(2, 3))
    agree(whole_arrays, x, y, m)
    agree(whole_arrays, x, rng.normal(size=2), m)


def single(x: Singles, a: float):
    s = 0.0
    for v in x:
        s += v * a + 0.1
    t = x[0] + np.float64(0.1)
    return s, t, x[0] < 0.1, max(x[1], 0.0), math.exp(x[1]), x[0] * 3


def test_single_precision() -> None:
    agree(single, np.array([0.1, 0.7, -3.3], np.float32), 0.3)


def integer_arrays(n: Longs, k: Shorts, b: Flags, p: Places):
    t = 0
    for i in range(len(n)):
        if b[i]:
            t += n[i] // k[i] + p[i]
        n[i] = k[i] - p[i]
        k[i] = n[i] * 3
        b[i] = not b[i]
    return t, n[p[0]], k[n[0] % 2]


def test_arrays_of_whole_numbers() -> None:
    n, k = np.array([-7, 8]), np.array([2, -3], np.int32)
    agree(integer_arrays, n, k, np.array([True, False]), np.array([1, 0]))
    agree(integer_arrays, n, k * 10**9, np.array([True, True]), np.array([1, 0]))


def test_most_of_these_run() -> None:
    assert agree.gave > 800  # pyright: ignore[reportFunctionMemberAccess]
