"""Finds smaller programs that keep what matters about a program.

Runs of operations are deleted, half of all at first and single ones in the end; loops
and branches become their bodies; and some passes tidy up. What uses a deleted result
takes an operand of the same type instead, or a constant.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import cast

from xdsl.context import Context
from xdsl.dialects import arith, func, scf
from xdsl.dialects.builtin import (
    AnyFloat,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator
from xdsl.transforms.common_subexpression_elimination import (
    CommonSubexpressionElimination,
)
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.transforms.building.rewriting import inline_block, replace_by_values
from tapeflow.transforms.differentiation.simplify_adjoints import SimplifyAdjointsPass
from tapeflow.transforms.source.exact_canonicalize import ExactCanonicalizePass

TIDYING: tuple[ModulePass, ...] = (
    ExactCanonicalizePass(),
    CommonSubexpressionElimination(),
    SimplifyAdjointsPass(),
)
NUMBER = 0.75
"""What stands for a float; 0 and 1 would make too much else vanish."""


@dataclass
class Reducer:
    """A search for the smallest program that keeps what matters."""

    module: ModuleOp
    """The smallest so far."""
    keeps: Callable[[ModuleOp], bool]
    """Whether a program is still of interest."""
    functions: Collection[str] = ()
    """Names of functions that stay, whatever becomes of their bodies."""
    _tried: set[str] = field(default_factory=set[str])

    def run(self) -> ModuleOp:
        """Reduce until nothing of what is known here makes it smaller."""
        while True:
            weight = _weight(self.module)
            self._tidy()
            self._delete_runs()
            self._unwrap()
            if _weight(self.module) == weight:
                return self.module

    def _accepts(self, candidate: ModuleOp) -> bool:
        """Take over a program that is valid, smaller and still of interest."""
        if _weight(candidate) >= _weight(self.module):
            return False
        text = str(candidate)
        if text in self._tried:
            return False
        self._tried.add(text)
        try:
            candidate.verify()
            verify_dominance(candidate)
        except VerifyException:
            return False
        if not self.keeps(candidate):
            return False
        self.module = candidate
        return True

    def _tidy(self) -> None:
        for pass_ in TIDYING:
            candidate = self.module.clone()
            try:
                pass_.apply(Context(), candidate)
            except Exception:  # the pass may be what fails
                continue
            self._accepts(candidate)

    def _delete_runs(self) -> None:
        length = max(1, len(self._deletable(self.module)) // 2)
        while length:
            end = len(self._deletable(self.module))
            while end > 0:
                candidate = self.module.clone()
                for op in reversed(
                    self._deletable(candidate)[max(0, end - length) : end]
                ):
                    _delete(op)
                self._accepts(candidate)
                end -= length
            length //= 2

    def _unwrap(self) -> None:
        for kind in (scf.ForOp, scf.IfOp):
            number = 0
            while number < len(_of_kind(self.module, kind)):
                if not any(map(self._accepts, self._unwrapped(kind, number))):
                    number += 1

    def _unwrapped(self, kind: type[Operation], number: int) -> Iterator[ModuleOp]:
        """A loop or branch replaced by one of its bodies."""
        for side in range(len(_bodies(_of_kind(self.module, kind)[number]))):
            candidate = self.module.clone()
            op = _of_kind(candidate, kind)[number]
            block = _bodies(op)[side]
            if isinstance(op, scf.ForOp):
                starts = (op.lb, *op.iter_args)
                for argument, value in zip(block.args, starts, strict=True):
                    argument.replace_all_uses_with(value)
            replace_by_values(op, inline_block(block, op))
            yield candidate

    def _deletable(self, module: ModuleOp) -> list[Operation]:
        return [
            op
            for op in module.walk()
            if op is not module
            and not op.has_trait(IsTerminator)
            and not (isinstance(op, func.FuncOp) and op.sym_name.data in self.functions)
        ]


def operations_in(module: ModuleOp) -> int:
    """How many operations there are in a module."""
    return sum(1 for _ in module.walk()) - 1


def text_of(module: ModuleOp) -> str:
    """The text of a module without the line that says so."""
    return "".join(f"{op!s}\n" for op in module.ops)


def _weight(module: ModuleOp) -> tuple[int, int]:
    constants = len(_of_kind(module, arith.ConstantOp))
    return operations_in(module) - constants, constants


def _of_kind(module: ModuleOp, kind: type[Operation]) -> list[Operation]:
    return [op for op in module.walk() if isinstance(op, kind)]


def _bodies(op: Operation) -> list[Block]:
    return [region.block for region in op.regions if region.blocks]


def _delete(op: Operation) -> None:
    """Delete an operation if something can stand for its results."""
    block = op.parent
    assert block is not None
    if isinstance(op, func.FuncOp) and _is_used(op):
        return
    for result in op.results:
        if result.first_use is None:
            continue
        substitute = _substitute(op, block, result.type)
        if substitute is None:
            return
        result.replace_all_uses_with(substitute)
    op.detach()
    op.erase()


def _is_used(function: func.FuncOp) -> bool:
    module = function.parent_op()
    assert module is not None
    reference = f"@{function.sym_name.data}"
    return any(
        str(attribute) == reference
        for op in module.walk()
        for attribute in op.properties.values()
    )


def _substitute(op: Operation, block: Block, type_: Attribute) -> SSAValue | None:
    for operand in op.operands:
        if operand.type == type_:
            return operand
    if isinstance(op, arith.ConstantOp):
        return None
    constant = _constant(type_)
    if constant is None:
        return next((v for v in _visible(op) if v.type == type_), None)
    block.insert_op_before(constant, op)
    return constant.result


def _visible(op: Operation) -> Iterator[SSAValue]:
    """Values of the blocks around an operation, from in front of it."""
    above: Operation | None = op
    while above is not None:
        if above.parent is not None:
            yield from above.parent.args
        before = above.prev_op
        while before is not None:
            yield from before.results
            before = before.prev_op
        above = above.parent_op()


def _constant(type_: Attribute) -> arith.ConstantOp | None:
    if isinstance(type_, Float32Type | Float64Type):
        number: AnyFloat = type_
        return arith.ConstantOp(FloatAttr(NUMBER, number))
    if isinstance(type_, IndexType | IntegerType):
        whole = cast(IndexType | IntegerType, type_)
        return arith.ConstantOp.from_int_and_width(1, whole)
    return None
