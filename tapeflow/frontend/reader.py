"""Reads MLIR text into a verified module whose operations know their source lines."""

from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, UnknownLoc
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.lexer import Span

from tapeflow.analysis.verification.module import raised_by_xdsl, verify_module
from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.input_files import no_such_file, open_input
from tapeflow.frontend.located_parser import LocatedParser
from tapeflow.frontend.nesting import make_room_on_stack

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a text begins that some editors write."""


def read_module(path: str | Path, context: Context) -> ModuleOp:
    """Read, parse and verify a file of MLIR text.

    Raises `InputError` where the file cannot be read or parsed, and the
    `VerifyException` of the operation at fault where the program is malformed.
    """
    text = decode(read_bytes(path), str(path))
    module = parse_module(text, str(path), context)
    verify_module(module)
    _open_inner_modules(module)
    return module


def _open_inner_modules(module: ModuleOp) -> None:
    """Put what modules inside a module hold into it, if no two have one name.

    A name that a module inside and the one around it share keeps all as it is.
    """
    inner = [op for op in module.walk() if isinstance(op, ModuleOp)][1:]
    names = [
        name.data
        for holder in (module, *inner)
        for op in holder.ops
        if isinstance(name := op.get_attr_or_prop("sym_name"), StringAttr)
        and not isinstance(op, ModuleOp)
    ]
    if len(set(names)) < len(names):
        return
    for holder in reversed(inner):
        around = holder.parent
        assert around is not None
        for op in tuple(holder.ops):
            op.detach()
            around.insert_op_before(op, holder)
        holder.detach()
        holder.erase()


def read_bytes(path: str | Path) -> bytes:
    """The contents of a file; raises `InputError` where it cannot be read."""
    try:
        with open_input(Path(path)) as file:
            return file.read()
    except FileNotFoundError as error:
        raise InputError(no_such_file(Path(path)), source=str(path)) from error
    except IsADirectoryError as error:
        raise InputError("this is a directory, not a file", source=str(path)) from error
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}".lower()
        raise InputError(reason, source=str(path)) from error


def decode(data: bytes, name: str) -> str:
    """UTF-8 text of `data`; raises `InputError` for binary data."""
    if data.startswith(b"ML\xefR"):
        raise InputError(
            "this is MLIR bytecode; turn it into text with 'mlir-opt' first",
            source=name,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"this is not UTF-8 text: byte {data[error.start]:#04x} "
            f"at offset {error.start}"
            f"{'; save it as UTF-8' if data[:2] in _UTF_16 else ''}",
            source=name,
        ) from error
    if "\0" in text:
        raise InputError(
            f"this is binary data, not MLIR text: a zero byte at offset "
            f"{data.index(0)}",
            source=name,
        )
    return text


def parse_module(
    text: str,
    name: str,
    context: Context,
    *,
    line_offset: int = 0,
    allow_implicit_module: bool = True,
) -> ModuleOp:
    """Parse MLIR text into a module; nothing is verified beyond what parsing does.

    `name` is the file name in locations and messages, `line_offset` the number of
    lines before `text` in that file. Raises `InputError`.
    """
    make_room_on_stack()
    try:
        parser = LocatedParser(context, text, name, line_offset=line_offset)
    except ParseError as error:
        raise InputError.from_parse_error(error, line_offset) from error
    try:
        module = parser.parse_module(allow_implicit_module)
    except ParseError as error:
        raise InputError.from_parse_error(error, line_offset) from error
    except Exception as error:
        message = _message(error)
        if message is None:
            raise
        span = Span(parser.pos, parser.pos + 1, parser.lexer.input)
        placed = ParseError(span, message)
        raise InputError.from_parse_error(placed, line_offset) from error
    if isinstance(module.location, UnknownLoc):
        module.location = parser.location_at(0)
    return module


def _message(error: Exception) -> str | None:
    """What to say of an error in the midst of parsing; None if it is a bug of ours."""
    if isinstance(error, VerifyException):
        # Types and attributes check themselves while they are parsed.
        return str(error)
    if isinstance(error, RecursionError):
        return "this is nested too deeply"
    if raised_by_xdsl(error):
        reason = str(error) or type(error).__name__
        return f"what stands before this cannot be read: {reason}"
    return None
