"""Every integer lies in the interval that the analysis gives it, at every width."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.func import FuncOp, ReturnOp

from tapeflow.analysis.integer_intervals import Interval
from tapeflow.analysis.integer_ranges import find_integer_ranges
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

WIDTHS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "index": 64}
WIDE = ("i8", "i16", "i32", "i64", "index")
BINARY = tuple(
    f"arith.{name}"
    for name in (
        *("addi", "subi", "muli", "divsi", "floordivsi", "ceildivsi", "divui"),
        *("ceildivui", "remsi", "remui", "minsi", "maxsi", "minui", "maxui"),
        *("andi", "ori", "xori", "shli", "shrui", "shrsi"),
    )
)
UNARY = ("math.absi", "math.ctlz", "math.cttz", "math.ctpop")


class Writer:
    """Draws a function of integers, with its values by type."""

    def __init__(self, draw):
        self.draw = draw
        self.lines: list[str] = []
        self.values: dict[str, list[str]] = {type_: [] for type_ in WIDTHS}
        self.number = 0

    def name(self, type_: str) -> str:
        self.number += 1
        name = f"%v{self.number}"
        self.values[type_].append(name)
        return name

    def pick(self, type_: str) -> str:
        known = self.values[type_]
        if known and self.draw(st.booleans()):
            return self.draw(st.sampled_from(known))
        half = 1 << (WIDTHS[type_] - 1)
        small = st.integers(max(-half, -3), min(half - 1, 300))
        return self.emit(
            f"arith.constant {self.draw(small | st.integers(-half, half - 1))}", type_
        )

    def emit(self, text: str, type_: str) -> str:
        name = self.name(type_)
        self.lines.append(f"{name} = {text} : {type_}")
        return name

    def step(self) -> None:
        draw = self.draw
        type_ = draw(st.sampled_from(WIDE))
        match draw(st.sampled_from(("binary", "unary", "cast", "select", "if", "for"))):
            case "unary" if type_ != "index":
                self.emit(f"{draw(st.sampled_from(UNARY))} {self.pick(type_)}", type_)
            case "cast":
                self.cast(type_)
            case "select":
                flag, a, b = self.pick("i1"), self.pick(type_), self.pick(type_)
                self.emit(f"arith.select {flag}, {a}, {b}", type_)
            case "if":
                self.branch(type_)
            case "for":
                self.loop(type_)
            case _:
                op = draw(st.sampled_from(BINARY))
                self.emit(f"{op} {self.pick(type_)}, {self.pick(type_)}", type_)

    def cast(self, type_: str) -> None:
        source = self.draw(st.sampled_from([t for t in WIDTHS if t != type_]))
        wider = WIDTHS[source] > WIDTHS[type_]
        if "index" in (source, type_):
            op = "arith.index_cast"
        elif wider:
            op = "arith.trunci"
        else:
            op = self.draw(st.sampled_from(("arith.extsi", "arith.extui")))
        value = self.pick(source)
        name = self.name(type_)
        self.lines.append(f"{name} = {op} {value} : {source} to {type_}")

    def inside(self, type_: str) -> str:
        """What one block yields; its own values end with it."""
        known = {kind: len(names) for kind, names in self.values.items()}
        for _ in range(self.draw(st.integers(0, 2))):
            self.step()
        result = self.pick(type_)
        self.lines.append(f"scf.yield {result} : {type_}")
        for kind, count in known.items():
            del self.values[kind][count:]
        return result

    def branch(self, type_: str) -> None:
        flag = self.pick("i1")
        self.number += 1
        result = f"%v{self.number}"
        self.lines.append(f"{result} = scf.if {flag} -> ({type_}) {{")
        self.inside(type_)
        self.lines.append("} else {")
        self.inside(type_)
        self.lines.append("}")
        self.values[type_].append(result)

    def loop(self, type_: str) -> None:
        draw = self.draw
        start = self.pick(type_)
        bound = self.emit(f"arith.remsi {self.pick('i64')}, %few", "i64")
        lower = draw(st.integers(-3, 3))
        low = self.emit(f"arith.constant {lower}", "i64")
        step = self.emit(f"arith.constant {draw(st.integers(1, 3))}", "i64")
        self.number += 1
        result, place, carried = (f"%{x}{self.number}" for x in "vic")
        self.lines.append(
            f"{result} = scf.for {place} = {low} to {bound} step {step} "
            f"iter_args({carried} = {start}) -> ({type_}) : i64 {{"
        )
        self.values["i64"].append(place)
        self.values[type_].append(carried)
        self.inside(type_)
        self.lines.append("}")
        self.values["i64"].remove(place)
        self.values[type_].remove(carried)
        self.values[type_].append(result)


@st.composite
def programs(draw) -> tuple[str, list[str], list[int]]:
    """A function that returns all its outer values; their types; arguments."""
    writer = Writer(draw)
    types = [t for t in WIDTHS for _ in range(2)]
    arguments = [writer.name(type_) for type_ in types]
    for _ in range(draw(st.integers(1, 8))):
        writer.step()
    returned = [(name, t) for t, names in writer.values.items() for name in names]
    head = ", ".join(f"{n}: {t}" for n, t in zip(arguments, types, strict=True))
    names = ", ".join(name for name, _ in returned)
    kinds = [kind for _, kind in returned]
    text = "\n".join(
        [
            f"func.func @f({head}) -> ({', '.join(kinds)}) {{",
            "%few = arith.constant 6 : i64",
            *writer.lines,
            f"func.return {names} : {', '.join(kinds)}",
            "}",
        ]
    )
    numbers = [draw(number(WIDTHS[type_])) for type_ in types]
    return text, kinds, numbers


def number(bits: int) -> st.SearchStrategy[int]:
    if bits == 1:
        return st.integers(0, 1)
    half = 1 << (bits - 1)
    return st.integers(-half, half - 1) | st.integers(-4, 4)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(program=programs())
def test_values_lie_in_their_intervals(program):
    text, kinds, arguments = program
    module = parse_module(text, "program.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    ranges = find_integer_ranges(function)
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    results = execute(module, "f", arguments, engine="reference").results
    for value, kind, result in zip(returned.arguments, kinds, results, strict=True):
        signed = -int(result) if kind == "i1" else int(result)
        interval = ranges.of(value)
        assert interval is not None
        assert Interval(signed, signed) in interval, (text, arguments)


def interval_of(body: str, arguments: str = "") -> Interval | None:
    """The interval of %r in a function."""
    text = f"""func.func @f({arguments}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c28 = arith.constant 28 : index
  {body}
  "test.op"(%r) : (index) -> ()
  func.return
}}"""
    module = parse_module(text, "program.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    ranges = find_integer_ranges(function)
    for op in function.walk():
        if op.name == "test.op":
            return ranges.of(op.operands[0])
    raise AssertionError("no %r")


def test_place_of_the_largest():
    """An index that a loop carries, as in a search, stays within the loop."""
    body = """%r = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %s = arith.select %p, %i, %b : index
    scf.yield %s : index
  }"""
    assert interval_of(body, "%p: i1") == Interval(0, 27)


def test_place_in_a_fixed_grid():
    body = """%last = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %q = scf.for %j = %c0 to %c28 step %c1 iter_args(%d = %b) -> (index) {
      %row = arith.muli %i, %c28 : index
      %at = arith.addi %row, %j : index
      scf.yield %at : index
    }
    scf.yield %q : index
  }
  %r = arith.addi %last, %c1 : index"""
    assert interval_of(body) == Interval(1, 784)


def test_extents_of_buffers():
    dim = "%r = memref.dim %x, %c{} : memref<?x40xf64>"
    assert interval_of(dim.format(1), "%x: memref<?x40xf64>") == Interval(40, 40)
    assert interval_of(dim.format(0), "%x: memref<?x40xf64>") == Interval(0, 2**63 - 1)


def test_a_counter_without_end_may_be_anything():
    body = """%r = scf.while (%a = %c0) : (index) -> index {
    scf.condition(%p) %a : index
  } do {
  ^bb0(%a: index):
    %b = arith.addi %a, %c1 : index
    scf.yield %b : index
  }"""
    assert interval_of(body, "%p: i1") == Interval(-(2**63), 2**63 - 1)


def test_periodic_neighbour():
    body = """%r = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %next = arith.addi %i, %c1 : index
    %around = arith.remui %next, %c28 : index
    scf.yield %around : index
  }"""
    assert interval_of(body) == Interval(0, 27)
