"""Reading MLIR text: every operation gets its place, every error a message with one."""

from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import decode, parse_module, read_module
from tapeflow.tools.diagnostics import place_of
from tapeflow.universe import full_context

PROGRAM = """\
// A comment line.
func.func @f(%x: f64, %n: index) -> f64 {
  %one = "arith.constant"() <{value = 1.0 : f64}> : () -> f64
  %r = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
    %s, %t = "test.op"(%a) : (f64) -> (f64, f64)
      scf.yield %s : f64
  }
  func.return %r : f64
}
"""


def parse(text: str, line_offset: int = 0) -> ModuleOp:
    name = "dir/f.mlir"
    return parse_module(text, name, full_context(), line_offset=line_offset)


def operation(module: ModuleOp, name: str) -> Operation:
    return next(op for op in module.walk() if op.name == name)


@pytest.mark.parametrize(
    ("name", "place"),
    {
        "builtin.module": "1:1",
        "func.func": "2:1",
        "arith.constant": "3:10",
        "scf.for": "4:8",
        "test.op": "5:14",
        "scf.yield": "6:7",
        "func.return": "8:3",
    }.items(),
)
def test_every_operation_has_the_place_of_its_name(name: str, place: str) -> None:
    assert place_of(operation(parse(PROGRAM), name).location) == f"dir/f.mlir:{place}"


def test_lines_before_the_text_are_counted() -> None:
    module = parse(PROGRAM, line_offset=100)
    assert place_of(operation(module, "scf.yield").location) == "dir/f.mlir:106:7"


def test_columns_count_characters_and_not_bytes() -> None:
    module = parse('"test.op"() {name = "äöü"} : () -> () "test.termop"() : () -> ()')
    assert place_of(operation(module, "test.termop").location) == "dir/f.mlir:1:39"


def test_an_explicit_location_is_kept() -> None:
    module = parse(
        'func.func @f() {\n  "test.op"() ({\n    "test.op"() {inner} : () -> ()\n'
        '  }) : () -> () loc("a.c":7:9)\n  func.return loc(unknown)\n} loc("f")'
    )
    assert place_of(operation(module, "test.op").location) == "a.c:7:9"
    inner = next(op for op in module.walk() if "inner" in op.attributes)
    assert place_of(inner.location) == "dir/f.mlir:3:5"
    assert place_of(operation(module, "func.return").location) is None
    assert place_of(operation(module, "func.func").location) is None


def test_locations_as_mlir_opt_prints_them() -> None:
    module = parse(
        'func.func @f(%x: f64 loc("a.c":1:14)) {\n'
        '  "test.op"() {a} : () -> () loc(#loc1)\n'
        '  "test.op"() {b} : () -> () loc(callsite(#loc2 at #loc1))\n'
        '  "test.op"() {c} : () -> () loc(fused<"x">["a.c":5:2, #loc1])\n'
        "  func.return loc(#loc)\n} loc(#loc)\n"
        "#loc = loc(unknown)\n"
        '#loc1 = loc("a.c":2:3 to :9)\n'
        '#loc2 = loc("name"(#loc3))\n'
        '#loc3 = loc("a.c":3:4 to 4:1)\n'
    )
    found = {
        name: place_of(op.location) for op in module.walk() for name in op.attributes
    }
    assert found == {"a": "a.c:2:3", "b": "a.c:3:4", "c": "a.c:5:2"}
    assert place_of(operation(module, "func.return").location) is None


PARSE_ERRORS = {
    "a location that is not defined": (
        '"test.op"() : () -> () loc(#loc1)',
        "f.mlir:1:28: error: '#loc1' is no location",
    ),
    "a location defined by itself": (
        '"test.op"() : () -> () loc(#a)\n#a = loc(#b)\n#b = loc(#a)',
        "f.mlir:2:10: error: '#b' is defined by itself",
    ),
    "an unknown operation": (
        "func.func @f() {\n\t%x = foo.bar %y\n}",
        "f.mlir:2:7: error: unknown operation 'foo.bar'\n"
        "\t%x = foo.bar %y\n"
        "\t     ^^^^^^^",
    ),
    "an undefined value": (
        "func.func @f() {\n  func.return %x : f64\n}\n",
        "f.mlir:2:15: error: value %x is not defined here\n"
        "  func.return %x : f64\n"
        "              ^^",
    ),
    "a value that a function behind has": (
        "func.func @f() {\n  func.return %x : f64\n}\n"
        "func.func @g(%y: f32) {\n  %x = math.exp %y : f32\n  func.return\n}\n",
        "f.mlir:2:15: error: value %x is not defined here\n"
        "  func.return %x : f64\n"
        "              ^^",
    ),
    "a value that an earlier function uses before it defines it": (
        "func.func @f() {\n  cf.br ^b\n^a:\n  func.return %x : i1\n^b:\n"
        "  %x = arith.constant true\n  cf.br ^a\n}\n"
        "func.func @g() {\n  func.return %x : i1\n}\n",
        "f.mlir:10:15: error: value %x is not defined here",
    ),
    "no operation": ("func.func @f() {\n  func.return } }", "2:17: error: expected an"),
    "nothing": (
        "",
        "f.mlir:1:1: error: expected an operation here, and the text holds none",
    ),
    "comments only": ("// f\n", "f.mlir:2:1: error: expected an operation here, and"),
    "a type that the line lacks": (
        "func.func @f(%x: f64) {\n  %y = math.exp %x\n\n  func.return\n}",
        "f.mlir:2:19: error: Expected ':' and a type\n  %y = math.exp %x\n"
        "                  ^",
    ),
    "an unknown comparison": (
        "func.func @f(%x: f64) {\n  %y = arith.cmpf gt, %x, %x : f64\n  func.return\n}",
        "f.mlir:2:35: error: Unknown comparison mnemonic: gt",
    ),
    "an open block": ("func.func @f() {\n", "expected an operation, a block label or"),
    "not a token": ("  $", "f.mlir:1:3: error: Unexpected character: $"),
    "a malformed type": (
        '"test.op"() : () -> !tape.region<[f64], rows>',
        "unknown tape layout 'rows'",
    ),
}


@pytest.mark.parametrize(("text", "message"), PARSE_ERRORS.values(), ids=PARSE_ERRORS)
def test_parse_errors_name_the_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(text)
    assert message in str(raised.value)


def test_lines_before_the_text_are_counted_in_errors() -> None:
    with pytest.raises(InputError, match=r"f\.mlir:42:3: error"):
        parse("\n  $", line_offset=40)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ML\xefR123", "this is MLIR bytecode"),
        (b"func\xff", "this is not UTF-8 text: byte 0xff at offset 4"),
        (b"\xff\xfef\0", "not UTF-8 text: byte 0xff at offset 0; save it as UTF-8"),
        (b"func\0", "this is binary data, not MLIR text: a zero byte at offset 4"),
    ],
)
def test_binary_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        decode(data, "f.mlir")
    assert str(raised.value).startswith("f.mlir: error: ")


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode("\ufeffx".encode(), "f.mlir") == "x"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing: error: no such file"):
        read_module(tmp_path / "missing", full_context())
    with pytest.raises(InputError, match="this is a directory, not a file"):
        read_module(tmp_path, full_context())


def test_a_module_is_verified_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.mlir"
    path.write_text('"func.return"() : () -> ()\n"func.return"() : () -> ()\n')
    with pytest.raises(VerifyException):
        read_module(path, full_context())
    path.write_text(PROGRAM)
    module = read_module(str(path), full_context())
    assert place_of(module.location) == f"{path}:1:1"
