"""Index values as expressions of the function's sizes and of loop counters.

A loop's induction variable is its lower bound plus its step times a counter from 0.
"""

from collections.abc import Callable

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from tapeflow.analysis.integers.algebra import Expression, size_symbol, sympy
from tapeflow.analysis.integers.evaluation import Arithmetic, IndexEvaluator

Rule = Callable[[Expression, Expression], Expression]


def _divided(rule: Rule) -> Rule:
    return lambda a, b: None if b == 0 else rule(a, b)


_ARITHMETIC: Arithmetic[Expression] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "floor": _divided(lambda a, b: sympy().floor(a / b)),
    "ceiling": _divided(lambda a, b: sympy().ceiling(a / b)),
    "remainder": _divided(lambda a, b: sympy().Mod(a, b)),
    "largest": lambda a, b: sympy().Max(a, b),
    "smallest": lambda a, b: sympy().Min(a, b),
    "shift up": lambda a, b: a * 2**b,
    "shift down": lambda a, b: sympy().floor(a / 2**b),
}


class IndexExpressions(IndexEvaluator[Expression]):
    """The expressions of one function's values."""

    def __init__(self, function: FuncOp):
        super().__init__(function, _ARITHMETIC)
        self._counters: dict[Operation, Expression] = {}

    def counter(self, loop: scf.ForOp) -> Expression:
        """The symbol that counts a loop's iterations from 0."""
        if loop not in self._counters:
            name = f"iteration{len(self._counters)}"
            self._counters[loop] = sympy().Dummy(name, integer=True, nonnegative=True)
        return self._counters[loop]

    def trips(self, loop: scf.ForOp) -> Expression | None:
        """The trip count, negative for an empty loop; None if data decides."""
        lower, upper, step = map(self.value, (loop.lb, loop.ub, loop.step))
        if lower is None or upper is None or step is None or step == 0:
            return None
        return sympy().ceiling((upper - lower) / step)

    def constant(self, number: int) -> Expression:
        return sympy().Integer(number)

    def size(self, name: str) -> Expression:
        return size_symbol(name)

    def whole(self, number: Expression) -> int | None:
        return int(number) if number.is_Integer else None

    def induction(
        self, loop: scf.ForOp, lower: Expression, step: Expression
    ) -> Expression:
        return lower + step * self.counter(loop)
