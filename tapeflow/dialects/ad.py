"""Dialect `ad`: a request for a gradient, and the turn from forward to reverse."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttr,
    Float32Type,
    Float64Type,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    MemoryReadEffect,
    MemoryWriteEffect,
    SymbolOpInterface,
    SymbolUserOpInterface,
)
from xdsl.utils.exceptions import VerifyException

FUSED = "ad.fused"
"""Attribute of an `scf.for` that reverses each iteration at once: the tape used inside
is empty between iterations."""


def is_float(type_: Attribute) -> bool:
    """f32 and f64 are the scalars that carry derivatives."""
    return isinstance(type_, Float32Type | Float64Type)


def is_differentiable(type_: Attribute) -> bool:
    """A float, or a buffer of floats."""
    if isinstance(type_, MemRefType):
        return is_float(cast("MemRefType[Attribute]", type_).element_type)
    return is_float(type_)


def _function_beside(op: Operation, name: str) -> FuncOp | None:
    """The function of a name in the block of `op`, searched from there both ways.

    xDSL keeps no index of symbols; requests stand near their functions.
    """
    before, after = op.prev_op, op.next_op
    while before is not None or after is not None:
        for other in (before, after):
            if isinstance(other, FuncOp) and other.sym_name.data == name:
                return other
        before = None if before is None else before.prev_op
        after = None if after is None else after.next_op
    return None


class GradientSymbolUse(SymbolUserOpInterface):
    """The function exists, and what the request names can carry a derivative."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, GradientOp)
        if not isinstance(op.parent_op(), ModuleOp):
            return  # HasParent says so; traits are verified in any order
        name = op.function.root_reference.data
        function = _function_beside(op, name)
        if function is None:
            raise VerifyException(f"there is no function @{name} to differentiate")
        self._verify_indices(
            op.arguments, function.function_type.inputs, f"argument of @{name}"
        )
        self._verify_indices(
            op.constant_arguments(),
            function.function_type.inputs,
            f"argument of @{name}",
        )
        if op.seeds is not None:
            self._verify_indices(
                op.seeded_results(),
                function.function_type.outputs,
                f"result of @{name}",
            )

    @staticmethod
    def _verify_indices(
        indices: Sequence[int], types: ArrayAttr[Attribute], what: str
    ) -> None:
        for index in indices:
            if not 0 <= index < len(types):
                raise VerifyException(
                    f"{what}: no number {index}, there are {len(types)} (from 0)"
                )
            if not is_differentiable(types.data[index]):
                raise VerifyException(
                    f"{what} number {index} has type {types.data[index]}, which "
                    "carries no derivative; f32, f64 and buffers of them do"
                )


@irdl_op_definition
class GradientOp(IRDLOperation):
    """Ask for the gradient of a function: `ad.gradient @f_grad of @f wrt [0, 2]`.

    The generated function takes all arguments of `@f`, then a shadow buffer for each
    buffer in `wrt`, then a seed for each result in `seeds` (by default every float
    result). It returns the results of `@f`, then the adjoint of each scalar in `wrt`.
    No derivative flows through the buffers in `constant [1]`; other buffers outside
    `wrt` get shadows inside where they need them.
    """

    name = "ad.gradient"
    sym_name = prop_def(SymbolNameConstraint())
    function = prop_def(FlatSymbolRefAttr)
    wrt = prop_def(DenseArrayBase.constr(i64))
    seeds = opt_prop_def(DenseArrayBase.constr(i64))
    constant = opt_prop_def(DenseArrayBase.constr(i64))
    traits = traits_def(HasParent(ModuleOp), SymbolOpInterface(), GradientSymbolUse())

    def __init__(
        self,
        name: str,
        function: str,
        wrt: Sequence[int],
        seeds: Sequence[int] | None = None,
        constant: Sequence[int] | None = None,
    ):
        def indices(values: Sequence[int] | None) -> Attribute | None:
            return None if values is None else DenseArrayBase.from_list(i64, values)

        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function": SymbolRefAttr(function),
                "wrt": indices(wrt),
                "seeds": indices(seeds),
                "constant": indices(constant),
            }
        )

    @property
    def arguments(self) -> tuple[int, ...]:
        """Positions of the arguments whose derivatives are asked for, ascending."""
        return tuple(self.wrt.get_values())

    def seeded_results(self) -> tuple[int, ...]:
        """Positions of the results given in `seeds`."""
        if self.seeds is None:
            return ()
        return tuple(self.seeds.get_values())

    def constant_arguments(self) -> tuple[int, ...]:
        """Positions of the arguments given in `constant`."""
        if self.constant is None:
            return ()
        return tuple(self.constant.get_values())

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string(" of ")
        printer.print_attribute(self.function)
        printer.print_string(f" wrt {list(self.arguments)}")
        if self.seeds is not None:
            printer.print_string(f" seeds {list(self.seeded_results())}")
        if self.constant is not None:
            printer.print_string(f" constant {list(self.constant_arguments())}")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> "GradientOp":
        def parse_index() -> int:
            start = parser.pos
            index = parser.parse_integer()
            if abs(index) >= 1 << 63:
                parser.raise_error(f"there is no number {index}", start, parser.pos)
            return index

        def parse_indices() -> list[int]:
            return parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, parse_index
            )

        name = parser.parse_symbol_name()
        parser.parse_keyword("of")
        function = parser.parse_symbol_name()
        parser.parse_keyword("wrt")
        wrt = parse_indices()
        seeds = parse_indices() if parser.parse_optional_keyword("seeds") else None
        constant = (
            parse_indices() if parser.parse_optional_keyword("constant") else None
        )
        gradient = GradientOp(name.data, function.data, wrt, seeds, constant)
        gradient.attributes |= parser.parse_optional_attr_dict()
        return gradient

    def verify_(self) -> None:
        for what, indices in (
            ("wrt", self.arguments),
            ("seeds", self.seeded_results()),
            ("constant", self.constant_arguments()),
        ):
            if list(indices) != sorted(set(indices)):
                raise VerifyException(f"{what} must ascend without repetition")
        if both := set(self.arguments) & set(self.constant_arguments()):
            raise VerifyException(f"argument {min(both)} is both in wrt and constant")


@irdl_op_definition
class TurnOp(IRDLOperation):
    """The forward sweep ends here and the reverse sweep begins."""

    name = "ad.turn"
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "attr-dict"

    def __init__(self):
        super().__init__()


Ad = Dialect("ad", [GradientOp, TurnOp])
