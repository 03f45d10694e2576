"""A few lines of IR, and names for what an analysis tells about them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

ARGUMENTS = """%x: memref<8xf64>, %y: memref<8xf64>, %a: f64, %b: f64,
  %m: index, %n: index, %p: i1"""
CONSTANTS = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64"""


@dataclass(frozen=True)
class Program:
    """A function whose values have names, and its operations too where they matter."""

    module: ModuleOp
    function: FuncOp

    def __getitem__(self, name: str) -> SSAValue:
        """The value `%name`."""
        return next(value for value in self.values() if value.name_hint == name)

    def op(self, label: str) -> Operation:
        """The operation with the attribute `{label = "..."}`, or that of `%label`."""
        for op in self.function.walk():
            if op.attributes.get("label") == StringAttr(label):
                return op
        owner = self[label].owner
        assert isinstance(owner, Operation)
        return owner

    def names(self, values: Iterable[SSAValue]) -> list[str]:
        """The names of values, in their order."""
        return [value.name_hint or "without name" for value in values]

    def values(self) -> Iterable[SSAValue]:
        """All results and arguments of blocks."""
        for op in self.function.walk():
            yield from op.results
            for region in op.regions:
                for block in region.blocks:
                    yield from block.args


Parse = Callable[..., Program]


def _parse(body: str, returns: str = "", arguments: str = ARGUMENTS) -> Program:
    """A function of that body.

    Args:
        returns: names of the numbers (f64) that it returns, such as `%r, %s`.
    """
    types = ", ".join("f64" for name in returns.split(",") if name)
    end = f"func.return {returns} : {types}" if returns else "func.return"
    text = f"func.func @f({arguments}) -> ({types}) {{{CONSTANTS}\n{body}\n{end}\n}}"
    module = parse_module(text, "f.mlir", full_context())
    module.verify()
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    return Program(module, function)


@pytest.fixture(scope="session")
def parse() -> Parse:
    return _parse
