"""Every function of compiled Python: machine code and plain Python, bit for bit."""

import itertools
import math
import struct

import numpy as np
import pytest

from tapeflow.backend.compiled.native.builtins import BUILTINS
from tapeflow.backend.compiled.native.llvm_module import llvm_text
from tapeflow.backend.compiled.native.machine_code import load_object_code, object_code
from tapeflow.backend.compiled.native.python_words import PYTHON_WORDS
from tapeflow.backend.compiled.native.run_layout import RUN_WORDS

FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3.7, 1e-310, 5e-324),
    *(1e15, 2.0**62, -(2.0**63), 2.0**63, 2.0**64, 1e19, 710.0, -745.2, 1e308),
    *(math.inf, -math.inf, math.nan, float(np.float32(0.1)), 16777217.0),
)
INTEGERS = (
    *(0, 1, -1, 2, 3, -3, 7, 63, 64, 100, 2**31, -(2**31), 2**53 + 1),
    *(2**62 + 2**37 + 1, 2**63 - 1, -(2**63), -(2**63) + 1),
)
WIDTHS = {
    **dict.fromkeys(("wrap", "shift_left", "shift_right_zero"), (1, 8, 16, 32, 64)),
    **dict.fromkeys(("shift_right_sign", "high_product"), (1, 8, 16, 32, 64)),
    **dict.fromkeys(("high_product_unsigned", "ones"), (1, 8, 16, 32, 64)),
    **dict.fromkeys(("leading_zeros", "trailing_zeros"), (1, 8, 16, 32, 64)),
    **dict.fromkeys(("integer_of_float", "unsigned_of_float"), (1, 8, 16, 32, 64)),
}
"""Functions whose last parameter is a literal width."""
WITHOUT_MEMORY = [
    name for name, builtin in BUILTINS.items() if "i8_array" not in builtin.parameters
]


def machine_function(name: str, width: int | None):
    """The function on Python numbers, by way of machine code."""
    builtin = BUILTINS[name]
    types = builtin.parameters if width is None else builtin.parameters[:-1]
    names = [f"a{number}" for number in range(len(types))]
    parameters = ", ".join(f"{n}: {t}" for n, t in zip(names, types, strict=True))
    operands = ", ".join(names if width is None else [*names, str(width)])
    source = f"def f(run: run, {parameters}) -> {builtin.result}:\n"
    code = load_object_code(
        object_code(llvm_text(f"{source}    return {name}({operands})\n", "f"))
    )
    run = np.zeros(len(RUN_WORDS), np.int64)

    def call(*values: float) -> float:
        words = np.zeros(len(values), np.int64)
        for number, (value, type_) in enumerate(zip(values, types, strict=True)):
            format_ = "<d" if type_ == "float" else "<q"
            words[number] = struct.unpack("<q", struct.pack(format_, value))[0]
        result = np.zeros(1, np.int64)
        status = code.entry(run.ctypes.data, words.ctypes.data, result.ctypes.data)
        assert status == 0
        return result.view(np.float64)[0] if builtin.result == "float" else result[0]

    return call, types


def in_64_bits(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def alike(name: str, machine: float, plain: float) -> bool:
    """Equal bits, NaNs all alike; integers modulo 64 bits, as `wrap` follows."""
    if BUILTINS[name].result != "float":
        return int(machine) == in_64_bits(int(plain))
    if machine != machine or plain != plain:
        return machine != machine and plain != plain
    return struct.pack("<d", machine) == struct.pack("<d", plain)


def points(name: str, types: tuple[str, ...], width: int | None):
    pools = [FLOATS if type_ == "float" else INTEGERS for type_ in types]
    if name.startswith("fma"):
        pools = [FLOATS[::2], FLOATS[1::2], FLOATS]
    if name == "f32_of_bits":
        return [(x,) for x in INTEGERS if in_width(x, 32)]
    if name in ("fma_f32", "bits_of_f32"):
        pools = [[float(np.float32(x)) for x in pool] for pool in pools]
    if name == "integer_of_float" or width is None or name == "wrap":
        return itertools.product(*pools)
    # Operands of a width-dependent function are held in that width.
    held = [[x for x in p if in_width(x, width)] for p in pools]
    return itertools.product(*held)


def in_width(value: float, width: int) -> bool:
    if isinstance(value, float):
        return True
    return -(2 ** (width - 1)) <= value < 2 ** (width - 1) or width == 1 > value > -2


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", WITHOUT_MEMORY)
def test_machine_code_computes_what_python_does(name):
    plain = PYTHON_WORDS.get(name) or getattr(__builtins__, name, None)
    plain = plain or {"min": min, "max": max, "abs": abs}[name]
    for width in WIDTHS.get(name, (None,)):
        call, types = machine_function(name, width)
        for values in points(name, types, width):
            extra = () if width is None else (width,)
            expected = plain(*values, *extra)
            assert alike(name, call(*values), expected), (name, values, width)


def test_every_word_has_a_meaning_in_both():
    special = {"select", "inf", "nan", "out_of_line"}
    plain = set(PYTHON_WORDS) | {"min", "max", "abs"}
    assert plain - special == set(BUILTINS)
