"""Each way in which the reverse sweep gets a value back, and where it is closed."""

import pytest

from tapeflow.analysis.differentiation.recall_ways import Recall

LOAD = "%v = memref.load %x[%i] : memref<8xf64>"
STORE = 'memref.store %a, %x[%i] {label = "w"} : memref<8xf64>'
LATER = f'scf.for %j = %c0 to %c8 step %c1 {{ {STORE} }} {{label = "loop"}}'
ANYWHERE = LATER.replace("%x[%i]", "%x[%n]")
COPY = "memref.copy %y, %x : memref<8xf64> to memref<8xf64>"
EXP = "%l = memref.load %y[%i] : memref<8xf64>\n%v = math.exp %l : f64"
NEGATION = EXP.replace("math.exp", "arith.negf")
PUT = 'memref.store %v, %x[%i] {label = "put"} : memref<8xf64>'
TABLE = "%t = memref.alloc() : memref<8x8xf64>\n"
ENTER = """%j = arith.muli %i, %c2 : index
  memref.store %v, %t[%i, %j] : memref<8x8xf64>"""
CARRIED = """%v = scf.for %j = %c0 to %n step %c1 iter_args(%u = %a) -> (f64) {
    %w = math.sin %u : f64
    scf.yield %w : f64
  }"""


def in_loop(*lines: str) -> str:
    """A loop over all elements, of a body that is run again in reverse."""
    body = "\n".join(lines)
    return f"scf.for %i = %c0 to %c8 step %c1 {{\n{body}\n}}"


def told(reverse, name: str) -> tuple[str, list[str], str, str] | None:
    """Of the way of a value: kind, operands, buffer to undo, and when it is due."""
    program = reverse.program
    way = reverse.ways.of(program[name])
    if way is None:
        return None
    undo = "" if way.undo is None else program.names([way.undo])[0]
    due = [label for label in ("w", "put", "loop") if label_of(way.due) == label]
    return way.recall.name.lower(), program.names(way.operands), undo, "".join(due)


def label_of(op) -> str | None:
    return None if op is None else getattr(op.attributes.get("label"), "data", None)


AGAIN = ("recompute", ["l"], "", "")
WAYS = {
    "an operation, from its operands": ([EXP], AGAIN),
    "a load of what nobody writes": ([LOAD], ("reload", ["x", "i"], "", "")),
    "a load in front of a write to its element": (
        [LOAD, STORE],
        ("reload", ["x", "i"], "x", "w"),
    ),
    "a load behind the last write": ([STORE, LOAD], ("reload", ["x", "i"], "", "")),
    "a load in front of a loop that writes": (
        [LOAD, LATER],
        ("reload", ["x", "i"], "x", "loop"),
    ),
    "a load that later iterations overwrite": (
        [ANYWHERE, LOAD],
        ("reload", ["x", "i"], "x", ""),
    ),
    "no load of what is copied over: a copy is not undone": ([LOAD, COPY], None),
    "what is costly and stored is loaded": ([EXP, PUT], ("reload", ["x", "i"], "", "")),
    "but not where an index is not known before it": ([EXP, ENTER], AGAIN),
    "it is if the index is known": (
        [ENTER.replace("memref.store", EXP + "\nmemref.store")],
        ("reload", ["t", "i", "j"], "", ""),
    ),
    "what is costly is loaded even if that needs undoing": (
        [EXP, PUT, LOAD.replace("%v", "%z"), STORE],
        ("reload", ["x", "i"], "x", "w"),
    ),
    "what is cheap is not": (
        [NEGATION, PUT, LOAD.replace("%v", "%z"), STORE],
        AGAIN,
    ),
    "no result of a loop": ([CARRIED], None),
    "but one that is stored": ([CARRIED, PUT], ("reload", ["x", "i"], "", "")),
}


@pytest.mark.parametrize("case", WAYS)
def test_ways(reverse_of, case):
    lines, expected = WAYS[case]
    assert told(reverse_of(TABLE + in_loop(*lines)), "v") == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [("%i", AGAIN), ("%n", AGAIN), (None, ("reload", ["x", "i"], "x", ""))],
)
def test_stores_in_front_of_all_loads_are_not_undone(reverse_of, other, expected):
    """So what is stored comes back only if none of them hits it afterwards."""
    hit = () if other is None else (STORE.replace("%i", other),)
    filled = in_loop(EXP, PUT, *hit)
    used = in_loop(LOAD.replace("%v", "%z"), STORE.replace("%i", "%n"))
    assert told(reverse_of(filled + used), "v") == expected


def test_a_counter_comes_back_from_where_it_began_and_the_index(reverse_of):
    body = """%r = scf.for %i = %m to %n step %c2 iter_args(%k = %c8) -> (index) {
      %next = arith.addi %k, %c2 : index
      scf.yield %next : index
    }"""
    assert told(reverse_of(body), "k") == ("count", ["c8", "i", "m"], "", "")


def test_no_carried_float_comes_back(reverse_of):
    assert told(reverse_of(CARRIED, "%v"), "u") is None


def test_at_hand(reverse_of):
    body = """
    %t = memref.alloc() : memref<8xf64>
    %u = memref.alloc() : memref<8xf64>
    %end, %spare = scf.for %i = %c0 to %n step %c1
        iter_args(%from = %t, %to = %u) -> (memref<8xf64>, memref<8xf64>) {
      %v = memref.load %from[%i] : memref<8xf64>
      %sine = math.sin %v : f64
      memref.store %sine, %to[%m] : memref<8xf64>
      scf.yield %to, %from : memref<8xf64>, memref<8xf64>
    }
    memref.store %a, %t[%c0] : memref<8xf64>
    %r = memref.load %end[%c0] : memref<8xf64>"""
    reverse = reverse_of(body, "%r", "a")
    names = ("a", "r", "end", "i", "from", "v")
    recalls = [reverse.ways.at_hand(reverse.program[name]) for name in names]
    available, carried = Recall.AVAILABLE, Recall.CARRIED
    entry = [available, available, available]
    assert recalls == [*entry, Recall.INDUCTION, carried, None]
