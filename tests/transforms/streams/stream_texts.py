"""Text of loops that push to a ring of two slots for two records, and pop from it."""

RING = "!spm.ring<[f64], tile 2, slots 2, base 0>"
NUMBERS = "\n".join(
    f"%c{number} = arith.constant {number} : index"
    for number in (0, 1, 2, 3, 8, 16, 64)
)


def text_of(arguments: str, body: str) -> str:
    """A function @f with whole numbers as %c0, %c1, ...; `RING` stands for the type."""
    text = f"func.func @f({arguments}) {{\n{NUMBERS}\n{body}\nfunc.return\n}}"
    return text.replace("RING", RING)


ROOM = """%full = arith.cmpi eq, %a, %l : index
%a1, %l1, %room = scf.if %full -> (index, index, index) {
  %start = arith.subi %l, %c16 : index
  stream.enqueue %ring, %start : RING
  %other = arith.subi %c64, %start : index
  %slot = stream.acquire %ring, %other : RING
  %l2 = arith.addi %slot, %c16 : index
  scf.yield %slot, %l2, %c2 : index, index, index
} else {
  %bytes = arith.subi %l, %a : index
  %records = arith.shrui %bytes, %c3 : index
  scf.yield %a, %l, %records : index, index, index
}"""
"""A place %a1 and its limit %l1 with room for %room records, behind %a and %l."""
POP = """%start = arith.subi %l, %c16 : index
%used = arith.cmpi eq, %a, %start : index
%a1, %l1 = scf.if %used -> (index, index) {
  stream.prefetch %ring, %start : RING
  %other = arith.subi %c64, %start : index
  %slot = stream.dequeue %ring, %other : RING
  %l2 = arith.addi %slot, %c16 : index
  scf.yield %l2, %l2 : index, index
} else {
  scf.yield %a, %l : index, index
}
%a3 = arith.subi %a1, %c8 : index
%v = spm.load %ring[%a3] field 0 : RING
scf.yield %a3, %l1 : index, index"""


def pushes(bound: str, begin: tuple[str, str], end: tuple[str, str]) -> str:
    """A loop that pushes `bound` times %x; names of address and limit around it."""
    push = f"""{ROOM}
spm.store %x, %ring[%a1] field 0 : RING
%a3 = arith.addi %a1, %c8 : index
scf.yield %a3, %l1 : index, index"""
    return _loop(bound, begin, end, push)


def pops(bound: str, begin: tuple[str, str], end: tuple[str, str]) -> str:
    """A loop that pops `bound` times."""
    return _loop(bound, begin, end, POP)


def _loop(bound: str, begin: tuple[str, str], end: tuple[str, str], body: str) -> str:
    return f"""{end[0]}, {end[1]} = scf.for %k = %c0 to {bound} step %c1
iter_args(%a = {begin[0]}, %l = {begin[1]}) -> (index, index) {{
{body}
}}"""


def chunked_pushes(type_: str, lower: str, upper: str, step: str, chunk: str) -> str:
    """A loop that pushes %x, tile by tile, and what it leaves: %address and %limit.

    `chunk` computes the end %e of a chunk from %i on.
    """
    return f"""%last, %address, %limit = scf.while
(%i = {lower}, %a = %c0, %l = %c16)
: ({type_}, index, index) -> ({type_}, index, index) {{
  %more = arith.cmpi slt, %i, {upper} : {type_}
  scf.condition(%more) %i, %a, %l : {type_}, index, index
}} do {{
^bb0(%i: {type_}, %a: index, %l: index):
  {ROOM}
  {chunk}
  %next = scf.for %k = %i to %e step {step}
  iter_args(%at = %a1) -> (index) : {type_} {{
    spm.store %x, %ring[%at] field 0 : RING
    %a3 = arith.addi %at, %c8 : index
    scf.yield %a3 : index
  }}
  scf.yield %e, %next, %l1 : {type_}, index, index
}}"""
