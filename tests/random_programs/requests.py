"""Requests for gradients of a program, and what the generated functions answer."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Operation, SSAValue

from tapeflow.backend.execute import Engine, execute
from tapeflow.dialects.ad import GradientOp, is_differentiable

from .generate import FUNCTION, Case

Array = NDArray[Any]


@dataclass(frozen=True)
class Request:
    """One `ad.gradient`: positions of arguments and results."""

    name: str
    wrt: tuple[int, ...]
    seeds: tuple[int, ...]
    constant: tuple[int, ...] = ()

    def op(self) -> GradientOp:
        """The operation that asks."""
        return GradientOp(self.name, FUNCTION, self.wrt, self.seeds, self.constant)


@dataclass(frozen=True)
class Answer:
    """What one run of a generated function gave."""

    values: tuple[Array, ...]
    gradients: dict[int, Array]
    """By argument position, ascending."""
    buffers: dict[int, Array]
    """Final contents of the buffer arguments."""

    def bits(self) -> list[bytes]:
        """All of it; NaNs are alike."""
        arrays = (*self.values, *self.gradients.values(), *self.buffers.values())
        return [bits(array) for array in arrays]


def bits(array: Array) -> bytes:
    """The bits of an array in which all NaNs are one."""
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.asarray(np.nan, array.dtype), array)
    return array.tobytes()


def requests(case: Case, module: ModuleOp) -> list[Request]:
    """What to ask of a case: all outputs' derivatives, then perhaps parts of it."""
    choose = random.Random(case.seed)
    main = _main(module)
    seeds = _float_results(main)
    whole = Request("gradient", tuple(sorted({*case.wrt, *case.seeded})), seeds)
    asked = [whole]
    apart = _apart(module)
    while choose.random() < 0.3 and len(asked) < 3:
        floats = [k for k, a in enumerate(case.inputs.values()) if a.dtype.kind == "f"]
        constant = [k for k in apart if choose.random() < 0.5]
        wrt = [k for k in floats if k not in constant and choose.random() < 0.6]
        if not wrt:
            continue
        some = tuple(k for k in seeds if choose.random() < 0.6)
        name = f"gradient{len(asked)}"
        asked.append(Request(name, tuple(wrt), some, tuple(constant)))
    return asked


def _main(module: ModuleOp) -> func.FuncOp:
    return next(
        op
        for op in module.ops
        if isinstance(op, func.FuncOp) and op.sym_name.data == FUNCTION
    )


def _float_results(main: func.FuncOp) -> tuple[int, ...]:
    types = [str(type_) for type_ in main.function_type.outputs]
    return tuple(k for k, type_ in enumerate(types) if type_ in ("f32", "f64"))


def answer(
    module: ModuleOp, case: Case, request: Request, engine: Engine = "reference"
) -> Answer:
    """Run the function that answers a request."""
    arguments = [array.copy() for array in case.inputs.values()]
    inputs = _main(module).function_type.inputs.data
    memories = [k for k, type_ in enumerate(inputs) if isinstance(type_, MemRefType)]
    shadows = {
        k: case.seeds.get(f"seed_arg{k}", np.zeros_like(arguments[k])).copy()
        for k in request.wrt
        if k in memories
    }
    seeds = [case.seeds[f"seed{k}"] for k in request.seeds]
    operands = [*arguments, *shadows.values(), *seeds]
    execution = execute(module, request.name, operands, engine=engine)
    scalars = [k for k in request.wrt if k not in shadows]
    count = len(execution.results) - len(scalars)
    adjoints = zip(scalars, execution.results[count:], strict=True)
    gradients = {k: _like(case.inputs[f"arg{k}"], a) for k, a in adjoints} | shadows
    return Answer(
        tuple(np.asarray(value) for value in execution.results[:count]),
        dict(sorted(gradients.items())),
        {k: arguments[k] for k in memories},
    )


def _like(array: Array, value: object) -> Array:
    return np.asarray(value, array.dtype)


def _apart(module: ModuleOp) -> list[int]:
    """Float buffer arguments that never change places with another buffer.

    What such an argument holds is in no other, so `constant` means its names alone.
    """
    group = _Groups()
    for op in module.walk():
        for one, other in _same_buffer(op, module):
            group.join(one, other)
    main = _main(module)
    roots = [arg for arg in main.body.block.args if isinstance(arg.type, MemRefType)]
    created = [
        op.results[0]
        for op in module.walk()
        if isinstance(op, memref.AllocOp | memref.AllocaOp)
    ]
    return [
        arg.index
        for arg in roots
        if is_differentiable(arg.type)
        and sum(group.of(r) is group.of(arg) for r in (*roots, *created)) == 1
    ]


def _same_buffer(op: Operation, module: ModuleOp) -> Iterator[tuple[Any, Any]]:
    match op:
        case scf.ForOp():
            block = op.body.block
            assert block.last_op is not None
            yield from zip(op.iter_args, block.args[1:], strict=True)
            yield from zip(block.last_op.operands, block.args[1:], strict=True)
            yield from zip(op.results, block.args[1:], strict=True)
        case scf.WhileOp():
            before, after = op.before_region.block, op.after_region.block
            condition, following = before.last_op, after.last_op
            assert isinstance(condition, scf.ConditionOp) and following is not None
            yield from zip(op.arguments, before.args, strict=True)
            yield from zip(following.operands, before.args, strict=True)
            yield from zip(condition.args, after.args, strict=True)
            yield from zip(condition.args, op.results, strict=True)
        case scf.IfOp() | scf.IndexSwitchOp() | scf.ExecuteRegionOp() if op.results:
            for region in op.regions:
                last = region.block.last_op
                assert last is not None
                yield from zip(last.operands, op.results, strict=True)
        case func.CallOp():
            callee = next(
                f
                for f in module.ops
                if isinstance(f, func.FuncOp)
                and f.sym_name.data == op.callee.string_value()
            )
            yield from zip(op.operands, callee.body.block.args, strict=True)
        case _:
            for result in op.results:
                if isinstance(result.type, MemRefType):
                    yield from ((operand, result) for operand in op.operands)


class _Groups:
    """Values that are, or may become, one buffer."""

    def __init__(self) -> None:
        self._parents: dict[SSAValue, SSAValue] = {}

    def of(self, value: SSAValue) -> SSAValue:
        while value in self._parents:
            value = self._parents[value]
        return value

    def join(self, one: SSAValue, other: SSAValue) -> None:
        one, other = self.of(one), self.of(other)
        if one is not other:
            self._parents[one] = other


def seeds_of(case: Case, request: Request) -> tuple[dict[int, float], dict[int, Array]]:
    """The seeds of results and of final contents that a request takes."""
    buffers = {
        k: case.seeds[f"seed_arg{k}"]
        for k in request.wrt
        if f"seed_arg{k}" in case.seeds
    }
    return {k: float(case.seeds[f"seed{k}"]) for k in request.seeds}, buffers
