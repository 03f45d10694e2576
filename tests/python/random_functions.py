"""Random functions of Python, of what can be compiled: text and arguments."""

import random
from dataclasses import dataclass, field

import numpy as np

HEAD = (
    "import math\nfrom typing import Annotated\n\nimport numpy as np\n"
    "import tapeflow as tf\n\nVector = Annotated[np.ndarray, tf.f64[:]]\n\n\n"
)


@dataclass
class Writer:
    """Writes one function `f(x, y, a, n)`; it changes y."""

    rng: random.Random
    lines: list[str] = field(default_factory=list[str])
    floats: list[str] = field(default_factory=lambda: ["a", "s"])
    ints: list[str] = field(default_factory=lambda: ["n", "k"])
    loops: int = 0
    names: int = 0

    def function(self) -> str:
        """The text of a file."""
        self.lines = ["s = 0.5", "k = 1"]
        self.block(1, 5)
        self.line(0, "return s + y[0] + k")
        body = "".join(f"    {line}\n" for line in self.lines)
        return f"{HEAD}def f(x: Vector, y: Vector, a: float, n: int):\n{body}"

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def block(self, depth: int, most: int) -> None:
        for _ in range(self.rng.randint(2, most)):
            self.statement(depth - 1)

    def statement(self, depth: int) -> None:
        kinds = ["float", "float", "int", "store", "new", "leave", "swap"]
        if depth < 3:
            kinds += ["if", "if", "for", "for", "while", "slice"]
        match self.rng.choice(kinds):
            case "float":
                sign = self.rng.choice(["=", "+=", "*=", "-="])
                self.line(depth, f"s {sign} {self.real(2)}")
            case "int":
                sign = self.rng.choice(["=", "+=", "-="])
                self.line(depth, f"k {sign} {self.whole(2)} % 7")
            case "store":
                sign = self.rng.choice(["=", "+=", "*="])
                self.line(depth, f"y[{self.place()}] {sign} {self.real(1)}")
            case "swap":
                first, second = self.place(), self.place()
                values = f"{self.real(0)}, y[{first}]"
                self.line(depth, f"y[{first}], y[{second}] = {values}")
            case "slice":
                self.line(depth, self.rng.choice(SLICES).format(v=self.real(0)))
            case "new":
                self.names += 1
                self.line(depth, f"v{self.names} = {self.real(2)}")
                self.line(depth, f"s = s * 0.5 + v{self.names}")
            case "leave":
                self.leave(depth)
            case "if":
                self.branch(depth)
            case "for":
                self.loop(depth)
            case _:
                self.names += 1
                name = f"w{self.names}"
                self.line(depth, f"{name} = abs(k) % 5")
                self.line(depth, f"while {name} < {self.rng.randint(3, 6)}:")
                self.line(depth + 1, f"{name} += 1")
                self.inside(depth)

    def leave(self, depth: int) -> None:
        if not self.loops:
            self.line(depth, "s *= 0.5")
            return
        what = self.rng.choice(["break", "continue", "return s"])
        self.line(depth, f"if {self.condition()}:")
        self.line(depth + 1, what)

    def branch(self, depth: int) -> None:
        self.line(depth, f"if {self.condition()}:")
        self.block(depth + 2, 3)
        if self.rng.random() < 0.5:
            self.line(depth, f"elif {self.condition()}:")
            self.block(depth + 2, 3)
        if self.rng.random() < 0.5:
            self.line(depth, "else:")
            self.block(depth + 2, 3)

    def loop(self, depth: int) -> None:
        self.names += 1
        name = f"i{self.names}"
        self.line(depth, f"for {name} in {self.rng.choice(RANGES)}:")
        self.ints.append(name)
        self.inside(depth)
        self.ints.remove(name)

    def inside(self, depth: int) -> None:
        self.loops += 1
        self.block(depth + 2, 4)
        self.loops -= 1

    def place(self) -> str:
        choice = self.rng.choice(["%", "-1", "0", "-2", "min"])
        whole = self.whole(1)
        if choice == "%":
            return f"({whole}) % len(y)"
        return f"min(max({whole}, -2), 2)" if choice == "min" else choice

    def condition(self) -> str:
        op = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        match self.rng.randint(0, 4):
            case 0:
                return f"{self.real(1)} {op} {self.real(1)}"
            case 1:
                return f"{self.whole(1)} {op} {self.whole(1)}"
            case 2:
                return f"-3 {op} {self.whole(1)} < 4 and {self.real(1)} > 0.2"
            case 3:
                return f"not ({self.real(1)} {op} y[{self.place()}] or k > 2)"
            case _:
                return f"{self.whole(1)} % 3"

    def whole(self, depth: int) -> str:
        if depth == 0 or self.rng.random() < 0.3:
            return self.rng.choice([*self.ints, str(self.rng.randint(-3, 4))])
        first, second = self.whole(depth - 1), self.whole(depth - 1)
        form = self.rng.choice(WHOLES)
        return form.format(first, second)

    def real(self, depth: int) -> str:
        if depth == 0 or self.rng.random() < 0.2:
            leaf = self.rng.choice(["x", "y", "name", "number"])
            if leaf in "xy":
                return f"{leaf}[{self.place()}]"
            return self.rng.choice(self.floats) if leaf == "name" else NUMBER
        form = self.rng.choice(REALS)
        parts = [self.real(depth - 1), self.real(depth - 1), self.whole(1)]
        return form.format(*parts)


NUMBER = "0.75"
WHOLES = (
    *("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} // {1})", "({0} % {1})"),
    *("min({0}, {1})", "max({0}, {1}, 0)", "abs({0})", "(-{0})", "({0} & {1})"),
    *("({0} if {1} > 0 else {1})", "int(1.5 * {0})", "({0} or {1})", "{0} ** 2"),
)
REALS = (
    *("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} * 0.5 + {2})", "(-{0})"),
    *("math.sin({0})", "math.tanh({0})", "abs({0})", "min({0}, {1})", "max({0}, {1})"),
    *("({0} if {2} > 1 else {1})", "({0} / ({1} * {1} + 1.0))", "{0} ** 2"),
    *("math.sqrt(abs({0}))", "math.exp(-abs({0}))", "({2} / 4)"),
)
RANGES = (
    *("range(n)", "range(n, -1, -1)", "range(1, len(x))", "range(k, 5)"),
    *("range(len(y) - 1, -1, -1)", "range(-2, n, 2)", "range(4, k, -3)"),
)
SLICES = (
    *("y[1:] = x[:-1] * {v}", "y[:] = y[::-1]", "y += x", "y[k:] = {v}"),
    *("y[:-1] += y[1:]", "y *= 0.5"),
)


def random_function(seed: int) -> str:
    """The text of a file that defines `f(x, y, a, n)`."""
    return Writer(random.Random(seed)).function()


def random_arguments(seed: int) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Arguments of it; arrays are not empty."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 5))
    x, y = rng.normal(size=size), rng.normal(size=size)
    return x, y, float(rng.normal()), int(rng.integers(-1, 5))
