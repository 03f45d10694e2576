"""Random functions of integers of every width, as text."""

from hypothesis import strategies as st

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


STEPS = ("addi", "subi", "muli", "minsi", "minui", "divsi", "divui", "shrui", "shli")


@st.composite
def twins(draw) -> tuple[str, list[str], list[int]]:
    """The same steps from one integer on, taken in i8 and in index.

    Where the narrow ones do not wrap, a step has the same number twice.
    """
    starts = ["%a8", "%a"] if draw(st.booleans()) else ["%b8", "%b"]
    lines = [
        "%a = arith.index_cast %a8 : i8 to index",
        "%b8 = arith.index_cast %b : index to i8",
    ]
    found = {"%a8": "i8", "%a": "index", "%b": "index", "%b8": "i8"}
    types, now = ("i8", "index"), starts
    for place in range(draw(st.integers(1, 5))):
        step, by = draw(st.sampled_from(STEPS)), draw(st.sampled_from((1, 2, 8)))
        for at, type_ in enumerate(types):
            by_name, name = f"%c{place}_{at}", f"%v{place}_{at}"
            lines += [
                f"{by_name} = arith.constant {by % 8 if step[:2] == 'sh' else by} "
                f": {type_}",
                f"{name} = arith.{step} {now[at]}, {by_name} : {type_}",
            ]
            found[name] = type_
        now = [f"%v{place}_0", f"%v{place}_1"]
        for at, type_ in enumerate(types):
            other, name = types[1 - at], f"%w{place}_{at}"
            lines.append(f"{name} = arith.index_cast {now[at]} : {type_} to {other}")
            found[name] = other
    kinds = ", ".join(found.values())
    text = "\n".join(
        (
            f"func.func @f(%a8: i8, %b: index) -> ({kinds}) {{",
            *lines,
            f"func.return {', '.join(found)} : {kinds}",
            "}",
        )
    )
    return text, list(found.values()), [draw(number(8)), draw(number(64))]
