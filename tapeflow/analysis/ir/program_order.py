"""Positions of operations and values in the text of a function."""

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue


class ProgramOrder:
    """Numbers that grow from the first operation or value to the last."""

    def __init__(self, function: func.FuncOp):
        self.of_op: dict[Operation, int] = {}
        self.of_value: dict[SSAValue, int] = {}
        for op in function.walk():
            self.of_op[op] = len(self.of_op)
            for value in op.results:
                self.of_value[value] = len(self.of_value)
            for region in op.regions:
                for block in region.blocks:
                    for value in block.args:
                        self.of_value[value] = len(self.of_value)
