"""Spoils a text: bytes, tokens or lines of it are lost, doubled, swapped, replaced."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

Mutation: TypeAlias = Callable[[Random, bytes, bytes], bytes]
"""From a generator, the text, and another text to take parts of."""

NUMBERS = (
    *("0", "1", "-1", "2", "7", "63", "64", "127", "128", "-128", "255", "65536"),
    *("2147483647", "2147483648", "-2147483648", "4294967296"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("-9223372036854775809", "18446744073709551615", "18446744073709551616"),
    *("1" * 40, "1" * 5000, "00", "007", "0x", "0x0", "0x7F800000", "0xFF800001"),
    *("0x7FF8000000000000", "0xFFF0000000000001", "0xFFFFFFFFFFFFFFFFF", "-0x1"),
    *("1.0", "-0.0", "1.", "1.0e39", "1.0e400", "-1.0e39", "4.9e-324", "1.0e-46"),
    *("1.0e", "true", "false", "1.0e99999999999", "inf", "nan"),
)
TYPES = (
    *("f16", "bf16", "f32", "f64", "f80", "f128", "tf32", "f8E4M3FN", "index", "none"),
    *("i0", "i1", "i7", "i8", "i16", "i32", "i64", "i65", "i128", "si8", "ui64"),
    *("i99999999", "f63", "vector<4xf32>", "vector<[4]xf64>", "tensor<?xf64>"),
    *("memref<f64>", "memref<?xf64>", "memref<0xf64>", "memref<2x?xf32>"),
    *("memref<*xf64>", "memref<?xf64, 1>", 'memref<?xf64, "spm">', "memref<-1xf64>"),
    *("memref<?xf64, strided<[?], offset: ?>>", "memref<4xf64, strided<[0]>>"),
    *("memref<4x4xf64, affine_map<(i, j) -> (j, i)>>", "memref<99999999999xf64>"),
    *("memref<9223372036854775808xf64>", "memref<?xmemref<?xf64>>", "memref<4xi65>"),
    *("complex<f64>", "tuple<f64, i1>", "(f64) -> f64", "()", "memref<?xindex>"),
    *("!tape.stack<f64>", "!tape.stack<i65>", "!tape.region<[f64], aos>"),
    *("!tape.region<[], aos>", "!tape.region<[f64, i1], aos, tile 0>", "!foo.bar"),
    *("!spm.ring<[f64], tile 8, slots 1, base 0>", "!stream.token", "!llvm.ptr"),
)
WORDS = (
    *("loc(unknown)", 'loc("a":1:2)', "#loc4", "#map", "affine_map<(d0) -> (d0 * d0)>"),
    *(
        "dense<0.0>",
        "dense<[1, 2]>",
        "dense<>",
        "unit",
        "{}",
        "{a = 1}",
        "@f",
        '@"f g"',
    ),
    *("%0", "%x:2", "^bb0", "^bb0(%q : f64):", "fastmath<fast>", "overflow<nsw>", "->"),
    *("\n// -----\n", "\r\n", "\ufeff", "\u00e9", '"', '"\\FF"', "!a = f64", "?"),
    *("func.return", "scf.yield", "cf.br ^bb0", "#a = affine_map<() -> ()>", "{-#"),
)
_TOKEN = re.compile(r'"[^"\n]*"|[%#@!^]?[\w.$-]+|\s+|->|.', re.DOTALL)
_NUMBER = re.compile(r"-?\b(?:0x[0-9a-fA-F]+|\d+\.\d*(?:[eE][+-]?\d+)?|\d+)\b")
_TYPE = re.compile(r"\b(?:[fi]\d+|index)\b|memref<[^<>]*>|![a-z]+\.[a-z]+<[^<>]*>")


def mutated(generator: Random, data: bytes, other: bytes) -> bytes:
    """The text after one to three mutations."""
    for _ in range(generator.choice((1, 1, 1, 2, 3))):
        kind = generator.choices(*zip(*_KINDS, strict=True))[0]
        data = kind(generator, data, other)
    return data


def _bytes(generator: Random, data: bytes, other: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 8))):
        place = generator.randrange(len(spoilt) + 1)
        stretch = slice(place, place + generator.choice((0, 1, 1, 2, 10)))
        spoilt[stretch] = bytes(
            generator.choice((0, 9, 10, 13, 34, 37, 127, 128, 255, 40, 60, 123))
            for _ in range(generator.choice((0, 1, 1, 3)))
        )
    return bytes(spoilt)


def _cut(generator: Random, data: bytes, other: bytes) -> bytes:
    """A part of the text, perhaps with a part of another behind it."""
    start, end = sorted(generator.randrange(len(data) + 1) for _ in range(2))
    if generator.random() < 0.5:
        return data[:end]
    return data[:start] + data[end:]


def _nested(generator: Random, data: bytes, other: bytes) -> bytes:
    """Some bracket many times."""
    bracket = generator.choice((b"(", b"[", b"{", b"<", b"memref<", b"-", b"dense<["))
    place = generator.randrange(len(data) + 1)
    return data[:place] + bracket * generator.choice((3, 300, 20_000)) + data[place:]


def _tokens(generator: Random, data: bytes, other: bytes) -> bytes:
    return _parts(generator, _TOKEN.findall(_text(data)), _TOKEN.findall(_text(other)))


def _lines(generator: Random, data: bytes, other: bytes) -> bytes:
    lines = _text(data).splitlines(keepends=True)
    return _parts(generator, lines, _text(other).splitlines(keepends=True))


def _parts(generator: Random, parts: Sequence[str], other: Sequence[str]) -> bytes:
    """Lose, double, swap or replace a part."""
    spoilt = list(parts) or [""]
    i, j = generator.randrange(len(spoilt)), generator.randrange(len(spoilt))
    match generator.randrange(6):
        case 0:
            del spoilt[i]
        case 1:
            spoilt.insert(j, spoilt[i])
        case 2:
            spoilt[i], spoilt[j] = spoilt[j], spoilt[i]
        case 3:
            spoilt[i] = spoilt[j]
        case 4:
            spoilt.insert(i, generator.choice(WORDS))
        case _:
            spoilt.insert(i, generator.choice(other or [""]))
    return "".join(spoilt).encode()


def _replace(pattern: re.Pattern[str], substitutes: Sequence[str]) -> Mutation:
    def replace(generator: Random, data: bytes, other: bytes) -> bytes:
        text = _text(data)
        places = [match.span() for match in pattern.finditer(text)]
        if not places:
            return data
        start, end = generator.choice(places)
        old, new = text[start:end], generator.choice(substitutes)
        if generator.random() < 0.3:  # everywhere, so that types still agree
            return text.replace(old, new).encode()
        return (text[:start] + new + text[end:]).encode()

    return replace


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


_KINDS: tuple[tuple[Mutation, int], ...] = (
    (_bytes, 1),
    (_cut, 1),
    (_nested, 1),
    (_tokens, 5),
    (_lines, 5),
    (_replace(_NUMBER, NUMBERS), 8),
    (_replace(_TYPE, TYPES), 6),
)
