"""Random nests of loops and branches that push, and their mirror images that pop."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@dataclass(frozen=True)
class Push:
    """Save something of this kind on a stack of its own."""

    kind: str
    stack: int = 0


@dataclass(frozen=True)
class Loop:
    """`for i = from to bound step`; bound `%i` means the loop around it.

    Forward it may be an scf.while, so that nobody knows how often it runs.
    """

    start: int
    bound: str
    step: int
    body: "tuple[Item, ...]"
    is_while: bool = False


@dataclass(frozen=True)
class Branch:
    """Taken where the loop around is at an even place."""

    then: "tuple[Item, ...]"
    otherwise: "tuple[Item, ...]"


Item = Push | Loop | Branch

_KINDS = ("f64", "f32", "i1", "index", "few", "bit", "same", "wide")
_PUSHES = st.builds(Push, st.sampled_from(_KINDS))


def _deeper(items: st.SearchStrategy[Item]) -> st.SearchStrategy[Item]:
    bodies = st.lists(items, min_size=1, max_size=3).map(tuple)
    loops = st.builds(
        Loop,
        st.integers(0, 2),
        st.sampled_from(["%n", "%m", "%i"]),
        st.integers(1, 3),
        bodies,
        st.booleans(),
    )
    return loops | st.builds(Branch, bodies, st.just(()) | bodies)


_PROGRAMS = st.lists(
    st.recursive(_PUSHES, _deeper, max_leaves=8), min_size=1, max_size=4
).map(tuple)

# How to save the running value %a (or the place %i), and how to use it again.
_SAVED = {
    "f64": ["arith.addf {v}, {v} : f64"],
    "f32": ["arith.truncf {v} : f64 to f32"],
    "i1": ["arith.cmpf ogt, {v}, %half : f64"],
    "index": ["arith.addi {i}, %c1 : index"],
    "few": ["arith.remui {i}, %c3 : index"],
    "bit": ["arith.cmpf olt, {v}, %half : f64", "arith.extui {v} : i1 to i64"],
    "same": [],
    "wide": ["arith.truncf {v} : f64 to f32", "arith.extf {v} : f32 to f64"],
}
_TYPES = {"few": "index", "bit": "i64", "same": "f64", "wide": "f64"}
_USED = {
    "f64": ["arith.addf {v}, %half : f64"],
    "f32": ["arith.extf {v} : f32 to f64"],
    "i1": ["arith.uitofp {v} : i1 to f64"],
    "i64": ["arith.sitofp {v} : i64 to f64"],
    "index": ["arith.index_cast {v} : index to i64", "arith.sitofp {v} : i64 to f64"],
}


@dataclass
class _Writer:
    """Writes one sweep."""

    forward: bool
    stacks: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    lines: list[str] = field(default_factory=list)

    def emit(self, text: str) -> str:
        name = f"%{'f' if self.forward else 'r'}{next(self.numbers)}"
        self.lines.append(f"{name} = {text}")
        return name

    def body(self, items: tuple[Item, ...], place: str, a: str) -> str:
        for item in items if self.forward else reversed(items):
            match item:
                case Push():
                    a = self.push(item, place, a)
                case Loop():
                    a = self.loop(item, place, a)
                case Branch():
                    a = self.branch(item, place, a)
        return self.emit(f"math.sin {a} : f64")

    def push(self, item: Push, place: str, a: str) -> str:
        element = _TYPES.get(item.kind, item.kind)
        stack, type_ = f"%s{item.stack}", f"!tape.stack<{element}>"
        if self.forward:
            self.stacks.append(f"{stack} = tape.stack : {type_}")
            value = a
            for text in _SAVED[item.kind]:
                value = self.emit(text.format(v=value, i=place))
            self.lines.append(f"tape.push {stack}, {value} : {type_}")
            return a
        value = self.emit(f"tape.pop {stack} : {type_}")
        for text in _USED[element]:
            value = self.emit(text.format(v=value))
        scaled = self.emit(f"arith.mulf {a}, %half : f64")
        return self.emit(f"arith.addf {scaled}, {value} : f64")

    def loop(self, item: Loop, around: str, a: str) -> str:
        bound = around if item.bound == "%i" else item.bound
        name = next(self.numbers)
        place, carried = f"%i{self.forward}{name}", f"%a{self.forward}{name}"
        if self.forward and item.is_while:
            return self.while_loop(item, bound, place, carried, a)
        head, trips = f"{place} = %c{item.start} to {bound} step %c{item.step}", ""
        if not self.forward:
            span = self.emit(f"arith.subi {bound}, %c{item.start} : index")
            trips = self.emit(f"arith.ceildivsi {span}, %c{item.step} : index")
            head = f"{place}k = %c0 to {trips} step %c1"
        result = self.emit(f"scf.for {head} iter_args({carried} = {a}) -> (f64) {{")
        if not self.forward:
            last = self.emit(f"arith.subi {trips}, %c1 : index")
            left = self.emit(f"arith.subi {last}, {place}k : index")
            skipped = self.emit(f"arith.muli {left}, %c{item.step} : index")
            place = self.emit(f"arith.addi {skipped}, %c{item.start} : index")
        inner = self.body(item.body, place, carried)
        self.lines += [f"scf.yield {inner} : f64", "}"]
        return result

    def while_loop(
        self, item: Loop, bound: str, place: str, carried: str, a: str
    ) -> str:
        types = "(index, f64)"
        self.lines.append(
            f"{place}end, {carried}end = scf.while "
            f"({place}b = %c{item.start}, {carried}b = {a}) : {types} -> {types} {{"
        )
        more = self.emit(f"arith.cmpi slt, {place}b, {bound} : index")
        self.lines += [
            f"scf.condition({more}) {place}b, {carried}b : index, f64",
            "} do {",
            f"^bb0({place}: index, {carried}: f64):",
        ]
        inner = self.body(item.body, place, carried)
        following = self.emit(f"arith.addi {place}, %c{item.step} : index")
        self.lines += [f"scf.yield {following}, {inner} : index, f64", "}"]
        return f"{carried}end"

    def branch(self, item: Branch, place: str, a: str) -> str:
        rest = self.emit(f"arith.andi {place}, %c1 : index")
        even = self.emit(f"arith.cmpi eq, {rest}, %c0 : index")
        result = self.emit(f"scf.if {even} -> (f64) {{")
        inner = self.body(item.then, place, a)
        self.lines += [f"scf.yield {inner} : f64", "} else {"]
        inner = self.body(item.otherwise, place, a)
        self.lines += [f"scf.yield {inner} : f64", "}"]
        return result


def _program(items: tuple[Item, ...]) -> str:
    forward = _Writer(forward=True)
    turned = forward.body(items, "%n", "%x")
    reverse = _Writer(forward=False)
    result = reverse.body(items, "%n", turned)
    constants = [f"%c{i} = arith.constant {i} : index" for i in range(4)]
    lines = [
        "func.func @f(%n: index, %m: index, %x: f64) -> f64 {",
        *constants,
        "%half = arith.constant 0.5 : f64",
        *forward.stacks,
        *forward.lines,
        "ad.turn",
        *reverse.lines,
        f"func.return {result} : f64",
        "}",
    ]
    return "\n".join(lines)


def _numbered(items: tuple[Item, ...], numbers: Iterator[int]) -> tuple[Item, ...]:
    """A copy in which every push has a stack of its own."""
    copies: list[Item] = []
    for item in items:
        match item:
            case Push():
                copies.append(Push(item.kind, next(numbers)))
            case Loop():
                body = _numbered(item.body, numbers)
                copies.append(replace(item, body=body))
            case Branch():
                then = _numbered(item.then, numbers)
                copies.append(Branch(then, _numbered(item.otherwise, numbers)))
    return tuple(copies)


@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    items=_PROGRAMS,
    n=st.integers(0, 9),
    m=st.integers(0, 5),
    lines=st.integers(1, 3),
    slots=st.integers(1, 4),
)
def test_random_tapes(compare_levels, items, n: int, m: int, lines: int, slots: int):
    """Every level agrees, in scratchpads of a few lines a region."""
    text = _program(_numbered(items, count()))
    capacity_bytes = 64 * lines * slots * max(1, text.count("= tape.stack"))
    compare_levels(text, n, m, 0.4, scratchpads=((capacity_bytes, slots),))
