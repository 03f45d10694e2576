"""Programs of nests that copy, fill, scale and sum, written a line a nest.

    t[j, i] = x[i, j]            a copy over all of i and j
    p[i + 1, j] = 2 x[i, j]      an operator: squares of all that is read are added up
    p[i, j] = 0                  a fill

Counters i, j, k run over the extents that the nest names; subscripts are sums of
counters, numbers and sizes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Writer:
    """Collects the lines of a function of x [n, m] and the sizes."""

    lines: list[str] = field(default_factory=list[str])
    values: int = 0

    def put(self, text: str) -> None:
        """A line without a result."""
        self.lines.append(text)

    def value(self, text: str) -> str:
        """A line with a result; its name."""
        self.values += 1
        name = f"%v{self.values}"
        self.lines.append(f"{name} = {text}")
        return name

    def index(self, text: str) -> str:
        """The value of a sum of counters, sizes and numbers, with products."""
        total = None
        for sign, term in re.findall(r"([+-]?)\s*([\w*]+)", text):
            product = None
            for factor in term.split("*"):
                one = f"%{factor}"
                if factor.isdigit():
                    one = self.value(f"arith.constant {factor} : index")
                product = one if product is None else self._op("muli", product, one)
            assert product is not None
            if total is None:
                total = product
            else:
                total = self._op("subi" if sign == "-" else "addi", total, product)
        assert total is not None
        return total

    def _op(self, name: str, one: str, other: str) -> str:
        return self.value(f"arith.{name} {one}, {other} : index")


@dataclass(frozen=True)
class Nest:
    """Loops around one assignment."""

    loops: str
    """As "i:n j:m" or "i:1:n"."""
    text: str

    def write(self, writer: Writer, ranks: dict[str, int]) -> None:
        """Add the loops and what is inside."""
        spans = [span.split(":") for span in self.loops.split()]
        for counter, *ends in spans:
            lower, upper = ends if len(ends) == 2 else ("0", *ends)
            low, high = writer.index(lower), writer.index(upper)
            writer.put(f"scf.for %{counter} = {low} to {high} step %one {{")
        target, source = self.text.split("=")
        loads = [
            self._access(writer, ranks, "memref.load", one)
            for one in re.findall(r"\w+\[[^]]*\]", source)
        ]
        if not loads:
            value = "%zero"
        elif "2 " in source:
            value = "%half"
            for load in loads:
                square = writer.value(f"arith.mulf {load}, {load} : f64")
                value = writer.value(f"arith.addf {value}, {square} : f64")
        else:
            (value,) = loads
        self._access(writer, ranks, f"memref.store {value},", target.strip())
        writer.put("} " * len(spans))

    def _access(self, writer: Writer, ranks: dict[str, int], op: str, text: str) -> str:
        name, subscripts = text.rstrip("]").split("[")
        values = [writer.index(one) for one in subscripts.split(",")]
        kind = f"memref<{'x'.join('?' * ranks[name])}xf64>"
        line = f"{op} %{name}[{', '.join(values)}] : {kind}"
        if "store" in op:
            writer.put(line)
            return ""
        return writer.value(line)


def module_text(buffers: dict[str, str], nests: Sequence[Nest], result: str) -> str:
    """A function of x [n, m] that sums the squares of a buffer.

    Args:
        buffers: extents by name, as "n, m + 2".
        nests: in order.
        result: loops and what is summed, as "i:n j:m; y[i, j]".
    """
    writer = Writer()
    ranks = {"x": 2} | {name: text.count(",") + 1 for name, text in buffers.items()}
    for name, extents in buffers.items():
        values = ", ".join(writer.index(one) for one in extents.split(","))
        kind = f"memref<{'x'.join('?' * ranks[name])}xf64>"
        writer.put(f"%{name} = memref.alloc({values}) : {kind}")
    for nest in nests:
        nest.write(writer, ranks)
    loops, summed = result.rsplit("; ", 1)
    _write_sum(writer, ranks, loops, summed)
    body = "\n  ".join(writer.lines)
    return f"""
func.func @f(%x: memref<?x?xf64>) -> f64 {{
  %zero_index = arith.constant 0 : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %n = memref.dim %x, %zero_index : memref<?x?xf64>
  %m = memref.dim %x, %one : memref<?x?xf64>
  %sum = memref.alloc() : memref<f64>
  memref.store %zero, %sum[] : memref<f64>
  {body}
  %value = memref.load %sum[] : memref<f64>
  func.return %value : f64
}}
"""


def _write_sum(writer: Writer, ranks: dict[str, int], loops: str, text: str) -> None:
    spans = [span.split(":") for span in loops.split()]
    for counter, upper in spans:
        low, high = writer.index("0"), writer.index(upper)
        writer.put(f"scf.for %{counter} = {low} to {high} step %one {{")
    name, subscripts = text.rstrip("]").split("[")
    values = ", ".join(writer.index(one) for one in subscripts.split(","))
    kind = f"memref<{'x'.join('?' * ranks[name])}xf64>"
    load = writer.value(f"memref.load %{name}[{values}] : {kind}")
    square = writer.value(f"arith.mulf {load}, {load} : f64")
    old = writer.value("memref.load %sum[] : memref<f64>")
    new = writer.value(f"arith.addf {old}, {square} : f64")
    writer.put(f"memref.store {new}, %sum[] : memref<f64>")
    writer.put("} " * len(spans))
