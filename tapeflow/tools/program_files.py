"""Programs that commands are given: FILE.mlir, or FILE.py:function."""

import re
import runpy
import sys
from pathlib import Path
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.input_files import no_such_file
from tapeflow.frontend.python.argument_types import ArgumentType, declared_types
from tapeflow.frontend.python.lowering import lower
from tapeflow.frontend.python.user_source import UserSource
from tapeflow.frontend.reader import read_module
from tapeflow.near_names import did_you_mean

_PYTHON = re.compile(r"(?P<file>.+\.py)(:(?P<function>\w+))?")


def is_python(path: Path) -> bool:
    """Whether a program is a function of Python."""
    return _PYTHON.fullmatch(str(path)) is not None


def read_program_file(path: Path, context: Context) -> ModuleOp:
    """The module of a file of MLIR, or of a function in a file of Python.

    A file of Python is run, as by `import`.

    Raises:
        InputError: the file cannot be read or run, or the function not compiled.
        VerifyException: the program is malformed.
    """
    match = _PYTHON.fullmatch(str(path))
    if match is None:
        return read_module(path, context)
    file, name = Path(match["file"]), match["function"]
    names = _names_of(file)
    functions = [n for n, thing in names.items() if _is_own(thing, file)]
    if name is None:
        raise InputError(
            f"say which function, as {file}:NAME; functions here: "
            f"{', '.join(functions) or 'none'}",
            source=str(file),
        )
    if name not in names:
        hint = did_you_mean(name, functions, mark="'")
        known = ", ".join(functions) or "none"
        raise InputError(
            f"there is no function '{name}';{hint} functions here: {known}",
            source=str(file),
        )
    source = UserSource.of(names[name])
    types: list[ArgumentType] = []
    arguments = source.tree.args
    nodes = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for node, declared in zip(nodes, declared_types(source), strict=True):
        if not isinstance(declared, ArgumentType):
            source.refuse(
                node,
                f"the type of '{node.arg}' is not known; annotate it, as float or as "
                "Annotated[NDArray[np.float64], tf.f64[:, 4]]",
            )
        types.append(declared)
    return lower(source, types).module


def _names_of(file: Path) -> dict[str, Any]:
    """What a file of Python defines."""
    if not file.is_file():
        raise InputError(no_such_file(file), source=str(file))
    folder = str(file.parent.resolve())
    sys.path.insert(0, folder)
    try:
        return runpy.run_path(str(file), run_name=file.stem)
    except Exception as error:
        raise InputError(
            f"this file cannot be run: {type(error).__name__}: {error}",
            source=str(file),
        ) from error
    finally:
        sys.path.remove(folder)


def _is_own(thing: object, file: Path) -> bool:
    """Whether something is a function that a file defines."""
    plain = getattr(thing, "__wrapped__", thing)
    code = getattr(plain, "__code__", None)
    return code is not None and Path(code.co_filename) == file
