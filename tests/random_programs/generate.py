"""From a seed to a program in MLIR text with inputs, seeds and directions."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .control import Control, Helper
from .inputs import DTYPES, INPUTS, WILD_INPUTS, input_of, seed_like
from .memory import Memory
from .scalars import Scalars
from .writer import (
    STORED_BOUND,
    Buffer,
    Float,
    Integer,
    Scope,
    Value,
    Writer,
    stored_range,
)

Array = NDArray[Any]

SHAPES: dict[tuple[int | None, ...], float] = {
    (None,): 1,
    (4,): 1,
    (2, 3): 1,
    (None, 2): 1,
    (): 1,
    (7,): 0.6,
    (1,): 0.3,
    (None, None): 0.5,
    (2, None, 2): 0.4,
    (1, 2, 3): 0.2,
    (2, 1, None, 2): 0.2,
}
"""Shapes of arguments, and how often each is drawn."""
ELEMENTS = {
    "f64": 5.0,
    "f32": 2.0,
    "index": 2.0,
    "i32": 1.0,
    "i64": 0.7,
    "i16": 0.4,
    "i8": 0.4,
    "i1": 0.6,
}
INTEGERS = ("index", "index", "index", "i32", "i32", "i32", "i64", "i16", "i8", "i1")
FUNCTION = "main"


@dataclass(frozen=True)
class Case:
    """A program with everything that one comparison needs."""

    seed: int
    text: str
    inputs: Mapping[str, Array]
    """`arg0`, `arg1`, ...; integers in buffers are from 0 to 4."""
    wrt: tuple[int, ...]
    """Float arguments to differentiate for."""
    seeds: Mapping[str, Array]
    """`seed0` for results, `seed_arg1` for the final contents of buffers."""
    constructs: Mapping[str, int] = field(default_factory=dict[str, int])
    """What was drawn, and how often, as `Writer.drew` counts it."""

    special: bool = False
    """Whether infinities, NaN or numbers near the ends of their types are among the
    inputs."""

    @property
    def seeded(self) -> tuple[int, ...]:
        """Arguments whose final contents have a seed."""
        prefix = "seed_arg"
        return tuple(int(k[len(prefix) :]) for k in self.seeds if k.startswith(prefix))


def generate(seed: int) -> Case:
    """The case of a seed; the same one every time."""
    return _Generator(random.Random(seed), seed).case()


@dataclass
class _Generator:
    random: random.Random
    seed: int

    def case(self) -> Case:
        self.single = self.random.random() < 0.25
        self.wild = self.random.random() < 0.4
        self.constructs = Counter[str]()
        self.globals: dict[str, tuple[Buffer, str]] = {}
        helpers, functions = self._helpers()
        size = self.random.choice([5, 9, 14, 22])
        parameters = self._parameters()
        text, results = self._function(FUNCTION, "", parameters, helpers, size)
        arrays = np.random.default_rng(self.seed)
        kind = self._kind_of_inputs()
        inputs = {
            f"arg{k}": input_of(p, kind, arrays) for k, p in enumerate(parameters)
        }
        floats = [k for k, a in enumerate(inputs.values()) if a.dtype.kind == "f"]
        wrt = sorted(
            self.random.sample(
                floats, self.random.randint((len(floats) + 1) // 2, len(floats))
            )
        )
        seeds = {
            f"seed{k}": np.array(arrays.uniform(0.5, 2.0), DTYPES[result.type])
            for k, result in enumerate(results)
            if isinstance(result, Float)
        }
        for k in floats:
            like = inputs[f"arg{k}"]
            if isinstance(parameters[k], Buffer) and self.random.random() < 0.8:
                seeds[f"seed_arg{k}"] = seed_like(like, arrays)
        definitions = [definition for _, definition in self.globals.values()]
        return Case(
            self.seed,
            "\n".join([*definitions, *functions, text]),
            inputs,
            tuple(wrt),
            seeds,
            self.constructs,
            kind in ("no numbers", "huge and tiny"),
        )

    def _kind_of_inputs(self) -> str:
        weights = WILD_INPUTS if self.wild else INPUTS
        kind = self.random.choices([*weights], [*weights.values()])[0]
        self.constructs[f"inputs: {kind}"] += 1
        return kind

    def _parameters(self) -> list[Value]:
        dynamic = self.random.randint(1, 5)
        alike = self.random.random() < 0.6
        parameters: list[Value] = []
        for _ in range(self.random.randint(1, 3)):
            self._add_buffers(parameters, dynamic if alike else None)
        if self.random.random() < 0.1:
            name = self._name(parameters)
            parameters.append(Buffer(name, "f64", (None,), "", (0,)))
        for _ in range(self.random.randint(1, 3)):
            parameters.append(Float(self._name(parameters), self._float_type(), 2.0))
        for type_ in self.random.choices(INTEGERS, k=self.random.randint(0, 2)):
            name = self._name(parameters)
            parameters.append(Integer(name, type_, *stored_range(type_)))
        return parameters

    def _name(self, parameters: list[Value]) -> str:
        return f"%a{len(parameters)}"

    def _float_type(self) -> str:
        return "f32" if self.single and self.random.random() < 0.4 else "f64"

    def _add_buffers(self, parameters: list[Value], dynamic: int | None) -> None:
        """One to three buffers of one type, so that loops can permute them."""
        weights = ELEMENTS if self.single else {**ELEMENTS, "f32": 0.0}
        element = self.random.choices([*weights], [*weights.values()])[0]
        if not parameters:
            element = self._float_type()
        (shape,) = self.random.choices([*SHAPES], [*SHAPES.values()])
        for _ in range(self.random.choice([1, 2, 3, 3])):
            extents = tuple(
                (dynamic or self.random.randint(1, 5)) if n is None else n
                for n in shape
            )
            name = self._name(parameters)
            parameters.append(Buffer(name, element, shape, "", extents))

    def _helpers(self) -> tuple[list[Helper], list[str]]:
        helpers: list[Helper] = []
        texts: list[str] = []
        for k in range(self.random.choice([0, 0, 1, 2])):
            name = f"helper{k}"
            parameters: list[Value] = [Float("%x", self._float_type(), 2.0)]
            if self.random.random() < 0.7:
                parameters.append(Buffer("%b", "f64", (None,)))
            if self.random.random() < 0.6:
                layout = (
                    ", strided<[?], offset: ?>" if self.random.random() < 0.5 else ""
                )
                parameters.append(Buffer("%c", "f64", (None,), layout))
            if self.random.random() < 0.5:
                parameters.append(Integer("%n", "index", 0, 4))
            text, results = self._function(name, "", parameters, helpers, 6)
            helpers.append(Helper(name, tuple(parameters), results))
            texts.append(text)
        return helpers, texts

    def _function(
        self,
        name: str,
        prefix: str,
        parameters: list[Value],
        helpers: list[Helper],
        size: int,
    ) -> tuple[str, tuple[Float | Integer, ...]]:
        writer = Writer(
            self.random, prefix, constructs=self.constructs, globals=self.globals
        )
        scope, at_end = (Scope(depth=0 if name == FUNCTION else 1) for _ in range(2))
        for parameter in parameters:
            scope.add(parameter)
            at_end.add(parameter)  # what the function allocates may be freed by then
        control = Control(
            Memory(Scalars(writer, self.single, self.wild)), [*helpers], size
        )
        control.statements(scope, size, size)
        if name == FUNCTION and self.random.random() < 0.4:
            control.sum_at_the_end(at_end)
        results = self._results(control, scope)
        types = ", ".join(result.type for result in results)
        head = ", ".join(f"{p.name}: {p.type}" for p in parameters)
        names = ", ".join(result.name for result in results)
        last = f"func.return {names} : {types}" if results else "func.return"
        policy = writer.policy("attributes ")
        lines = [
            f"func.func @{name}({head}) -> ({types}){policy} {{",
            *writer.constant_lines(),
            *writer.lines,
            last,
            "}",
        ]
        return "\n".join(lines), results

    def _results(self, control: Control, scope: Scope) -> tuple[Float | Integer, ...]:
        """What a function returns: several values, perhaps one of them twice."""
        results: list[Float | Integer] = [
            self._mixed(control, scope) for _ in range(self.random.randint(0, 3))
        ]
        results += control.sums
        if results and self.random.random() < 0.3:
            results.append(self.random.choice(results))
        if self.random.random() < 0.2:
            results.append(control.scalars.some_integer(scope, "index", 0, 4))
        return tuple(results)

    def _mixed(self, control: Control, scope: Scope) -> Float:
        """A sum of many floats, so that more of the program matters."""
        scalars = control.scalars
        value = scalars.some_float(scope, scalars.float_type(), 2.0)
        for _ in range(self.random.randint(0, 4)):
            other = scalars.some_float(scope, value.type, 40.0)
            text = f"arith.addf {value.name}, {other.name} : {value.type}"
            bound = value.bound + other.bound
            value = Float(control.writer.emit(text), value.type, bound)
        if value.bound > STORED_BOUND:
            text = f"math.sin {value.name} : {value.type}"
            value = Float(control.writer.emit(text), value.type, 1.0)
        return value
