"""Asymptotics: the powers with which the tape, data and work grow with their sizes.

The accidental quadratic tape: a nonlinear use in a nest of two loops over one array
saves a value for each pair. It shows before anything runs, in the formulas' degrees.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import log2

from tapeflow.analysis.integers.algebra import Expression, sympy
from tapeflow.analysis.tape_size.formula import SizeFormula

_FAR = 2**60
"""A size so large that the leading terms decide; exact whole numbers bear it."""


@dataclass(frozen=True)
class Asymptotics:
    """The powers with which three formulas grow when some sizes grow together."""

    sizes: tuple[str, ...]
    tape: int
    data: int
    work: int
    together: frozenset[str]
    """The sizes that grow, those tied to `sizes` included."""

    @property
    def is_of_arrays(self) -> bool:
        """Whether extents of arrays grow, and not a number such as a count of steps."""
        return self.sizes[0].startswith("dim(")

    def drives(self, part: SizeFormula) -> bool:
        """Whether a part of the tape grows as fast as the whole."""
        return power_of(part, self.together) == self.tape

    @property
    def is_suspicious(self) -> bool:
        """Whether the tape outgrows the data or the work."""
        return self.tape > self.data or self.tape > self.work

    def __str__(self) -> str:
        several = len(self.sizes) > 1
        what = "all array sizes double" if several else f"{self.sizes[0]} doubles"
        other, power = ("work", self.work)
        if self.tape > self.data:
            other, power = ("data", self.data)
        rest = "stays as it is" if power == 0 else f"grows {2**power}-fold"
        if other == "data":
            rest = (
                rest.replace("stays", "stay")
                .replace("grows", "grow")
                .replace("as it is", "as they are")
            )
        return (
            f"when {what}, the tape grows {2**self.tape}-fold while the {other} {rest}"
        )


def asymptotics_of(
    tape: SizeFormula, data: SizeFormula, work: SizeFormula
) -> list[Asymptotics]:
    """All extents of arrays growing together, then each size that loops run to alone.

    Extents that no loop runs to are tied to others by the program: they grow with each.
    Nothing can be said of a tape whose size data decides.
    """
    if tape.unknowns:
        return []
    named = {*tape.names, *work.names} - {*work.unknowns}
    extents = {
        n for n in {*named, *data.names} - {*data.unknowns} if n.startswith("dim(")
    }
    tied = extents - named
    found: list[Asymptotics] = []
    if len(extents & named) > 1:
        found.append(_asymptotics(tuple(sorted(extents)), extents, tape, data, work))
    for name in sorted(named):
        together = {name, *tied} if name in extents else {name}
        found.append(_asymptotics((name,), together, tape, data, work))
    return found


def _asymptotics(
    sizes: tuple[str, ...],
    together: Collection[str],
    tape: SizeFormula,
    data: SizeFormula,
    work: SizeFormula,
) -> Asymptotics:
    powers = [power_of(each, together) for each in (tape, data, work)]
    return Asymptotics(sizes, *powers, together=frozenset(together))


def power_of(formula: SizeFormula, together: Collection[str]) -> int:
    """The power with which a formula grows when some of its sizes grow together."""
    expression: Expression = formula.expression
    symbols = sorted(expression.free_symbols, key=str)

    def value_at(scale: int) -> int:
        values = {
            symbol: sympy().Integer(
                (3 + 2 * n) * scale if str(symbol) in together else 1009 + 12 * n
            )
            for n, symbol in enumerate(symbols)
        }
        return abs(int(expression.xreplace(values)))

    near, far = value_at(_FAR), value_at(2 * _FAR)
    return round(log2(far) - log2(near)) if near and far else 0
