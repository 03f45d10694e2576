"""Constant globals that a program may write to, by whatever name.

A name of a constant global is followed through views, loops and branches, into the
functions that it is passed to, and out of those that return it.
"""

from collections.abc import Iterator

from xdsl.dialects import func, memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.effects import (
    is_memref,
    same_memory,
    written_memrefs,
)


def verify_constants(module: ModuleOp) -> None:
    """Check that nothing writes to constant globals.

    Raises `VerifyException` through `Operation.emit_error` at the first write.
    """
    constants = {
        op.sym_name.data
        for op in module.ops
        if isinstance(op, memref.GlobalOp) and op.constant is not None
    }
    if constants:
        _Search(module, constants).run()


class _Search:
    """Follows the names from use to use."""

    def __init__(self, module: ModuleOp, constants: set[str]):
        self._graph = CallGraph(module)
        self._calls: dict[func.FuncOp, list[func.CallOp]] = {}
        self._work: list[tuple[SSAValue, str]] = []
        for op in operations_in(module):
            match op:
                case memref.GetGlobalOp() if op.name_.string_value() in constants:
                    self._work.append((op.memref, op.name_.string_value()))
                case func.CallOp():
                    callee = self._graph.callee(op)
                    if callee is not None:
                        self._calls.setdefault(callee, []).append(op)
                case _:
                    pass

    def run(self) -> None:
        """Look at the uses of all names."""
        seen: set[SSAValue] = set()
        while self._work:
            value, name = self._work.pop()
            if value in seen:
                continue
            seen.add(value)
            for use in value.uses:
                _refuse_write(use.operation, value, name)
                others = self._passed_on(use.operation, use.index, value)
                self._work += [(other, name) for other in others]

    def _passed_on(
        self, op: Operation, number: int, value: SSAValue
    ) -> Iterator[SSAValue]:
        """What an operation makes of its operand of a number, a memref."""
        if isinstance(op, func.CallOp):
            callee = self._graph.callee(op)
            if callee is not None:
                yield callee.args[number]
        elif isinstance(op, func.ReturnOp):
            function = op.parent_op()
            assert isinstance(function, func.FuncOp)
            yield from (call.results[number] for call in self._calls.get(function, ()))
        elif not isinstance(op, memref.CopyOp | memref.StoreOp):
            for name, known in same_memory(op):
                if known is value and is_memref(name):
                    yield name


def _refuse_write(op: Operation, value: SSAValue, name: str) -> None:
    if isinstance(op, func.CallOp | memref.DeallocOp):
        return
    if value in written_memrefs(op):
        message = f"this may write to @{name}, which is constant"
        op.emit_error(message, VerifyException(message))
