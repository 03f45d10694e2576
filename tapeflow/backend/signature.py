"""What a function takes and returns, and whether arrays fit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import (
    LocationAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.verification.function_shape import names_of
from tapeflow.backend.runtime.array_type import (
    Array,
    ArrayType,
    RequestError,
    require_names,
)
from tapeflow.dialects.ad import is_differentiable, is_float
from tapeflow.near_names import near_names


@dataclass(frozen=True)
class Parameter:
    """One argument of a function."""

    position: int
    name: str | None
    """The name it has in the program, without the percent sign."""
    type: Attribute
    array: ArrayType

    @property
    def key(self) -> str:
        """The name of its array among the inputs: `arg0`, `arg1`, ..."""
        return f"arg{self.position}"

    @property
    def number(self) -> str:
        """Number and name: `0 (%x)`."""
        return f"{self.position}{'' if self.name is None else f' (%{self.name})'}"

    @property
    def is_buffer(self) -> bool:
        return isinstance(self.type, MemRefType)

    @property
    def is_differentiable(self) -> bool:
        return is_differentiable(self.type)

    def fitted(self, arrays: Mapping[str, Array]) -> Array:
        """A copy of its array among the inputs.

        Raises:
            RequestError: it is missing, or has another type or shape.
        """
        if self.key not in arrays:
            raise RequestError(f"the inputs lack {self.key}: {self} needs {self.array}")
        return self.array.fitted(arrays[self.key], self.key, self)

    def __str__(self) -> str:
        return f"argument {self.number} of type {self.type}"


@dataclass(frozen=True)
class Signature:
    """The arguments and results of one function with a body."""

    function: str
    parameters: tuple[Parameter, ...]
    results: tuple[Attribute, ...]
    written: tuple[int, ...]
    """The buffers of floats among the arguments that it may write."""
    location: LocationAttr
    """Where the function is."""

    @property
    def float_results(self) -> tuple[int, ...]:
        """Positions of the results that carry derivatives."""
        return tuple(i for i, type_ in enumerate(self.results) if is_float(type_))

    def parameter(self, position: int) -> Parameter:
        """The argument of that number.

        Raises:
            RequestError: there is none.
        """
        if 0 <= position < len(self.parameters):
            return self.parameters[position]
        known = ", ".join(p.number for p in self.parameters) or "none"
        raise RequestError(
            f"there is no argument {position}: @{self.function} has {known}",
            self.location,
        )

    def require_objective(self) -> None:
        """Raises RequestError for a function that gives nothing to differentiate."""
        if not self.float_results and not self.written:
            results = ", ".join(map(str, self.results)) or "nothing"
            raise RequestError(
                f"@{self.function} has nothing to differentiate: it returns {results} "
                "and writes to no buffer of floats; let it return a float, or write "
                "what it computes to a buffer argument",
                self.location,
            )

    def require_differentiable(self, positions: tuple[int, ...]) -> None:
        """Raises RequestError naming an argument that carries no derivative."""
        if not positions:
            raise RequestError("name at least one argument to differentiate for")
        for position in positions:
            parameter = self.parameter(position)
            if not parameter.is_differentiable:
                raise RequestError(
                    f"{parameter} carries no derivative; "
                    f"these do: {self._differentiable_list()}",
                    self.location,
                )

    def _differentiable_list(self) -> str:
        names = [str(p.position) for p in self.parameters if p.is_differentiable]
        return ", ".join(names) or "none"

    def fitted_arguments(self, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
        """Copies of `arg0`, `arg1`, ... in order, checked against the arguments.

        Raises:
            RequestError: one is missing, or has another type or shape.
        """
        require_names("inputs", arrays, "arg0")
        fitted: list[Array] = []
        problems: list[str] = []
        for parameter in self.parameters:
            try:
                fitted.append(parameter.fitted(arrays))
            except RequestError as error:
                problems.append(str(error))
        if any(parameter.key not in arrays for parameter in self.parameters):
            given = ", ".join(sorted(map(str, arrays))) or "nothing"
            problems.append(f"given: {given}; arrays are named by argument number")
        if problems:
            raise RequestError("; ".join(problems))
        return tuple(fitted)


def sizes_of(signature: Signature, arguments: Sequence[Array]) -> dict[str, int]:
    """The sizes that formulas speak of: `dim(x, 0)`, and whole numbers by name."""
    sizes: dict[str, int] = {}
    for parameter, argument in zip(signature.parameters, arguments, strict=True):
        name = parameter.name or parameter.key
        if parameter.is_buffer:
            extents = enumerate(argument.shape)
            sizes |= {f"dim({name}, {axis})": extent for axis, extent in extents}
        elif np.issubdtype(argument.dtype, np.integer):
            sizes[name] = int(argument)
    return sizes


def signature_of(module: ModuleOp, function: str) -> Signature:
    """The signature of a function that has a body.

    Raises:
        RequestError: no such function, no body, or a type no array fits.
    """
    op = find_function(module, function)
    parameters = tuple(_parameter(op, argument) for argument in op.body.blocks[0].args)
    buffers = find_buffers(op, may_share=False)
    written = tuple(
        p.position
        for p, argument in zip(parameters, op.args, strict=True)
        if p.is_buffer and p.is_differentiable and buffers.written(argument)
    )
    results = tuple(op.function_type.outputs.data)
    return Signature(function, parameters, results, written, op.location)


def find_function(module: ModuleOp, name: str) -> FuncOp:
    """The function of that name, which must have a body.

    Raises:
        RequestError: with the names there are.
    """
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}
    if name not in functions:
        raise _no_function(module, name, functions)
    if functions[name].is_declaration:
        raise RequestError(
            f"@{name} has no body: only a declaration is here",
            functions[name].location,
        )
    return functions[name]


_BUFFERIZE = (
    "; bufferize first: mlir-opt "
    "--one-shot-bufferize='bufferize-function-boundaries' makes memrefs of tensors"
)


def _no_function(
    module: ModuleOp, name: str, functions: Mapping[str, FuncOp]
) -> RequestError:
    for op in module.ops:
        if op.get_attr_or_prop("sym_name") == StringAttr(name):
            return RequestError(
                f"@{name} is of {op.name}, and only a func.func can be "
                "differentiated; give the program as it was before it was lowered",
                op.location,
            )
    near = near_names(name, functions)
    hint = f" did you mean @{near[0]}?" if near else ""
    names = names_of(functions.values())
    text = f"there is no function @{name};{hint} functions here: {names}"
    return RequestError(text, module.location)


def _parameter(function: FuncOp, argument: BlockArgument) -> Parameter:
    array = ArrayType.of(argument.type)
    if array is None:
        raise RequestError(
            f"argument {argument.index} of @{function.sym_name.data} has type "
            f"{argument.type}; arguments can be f32, f64, index, i1, i8, i16, i32, i64 "
            f"and memrefs of these{_BUFFERIZE * isinstance(argument.type, TensorType)}",
            function.location,
        )
    return Parameter(argument.index, argument.name_hint, argument.type, array)
