"""Whether each run of a block overwrites a buffer before it reads it."""

import pytest

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.overwriting import find_accesses

READ = "%r = memref.load %t[%m, %n] : memref<4x?xf64>\n"


def fill(of="%i, %j", rows="%c4", columns="%n", more="", behind="") -> str:
    """A nest over rows %i and columns %j that stores to one element."""
    return f"""scf.for %i = %c0 to {rows} step %c1 {{
      scf.for %j = %c0 to {columns} step %c1 {{
        memref.store %a, %t[{of}] : memref<4x?xf64>
        {more}
      }}
      {behind}
    }}\n"""


FILLS = {
    "a nest over all elements": (fill() + READ, True),
    "column by column": (
        fill("%j, %i", "%n", "%c4") + READ,
        True,
    ),
    "no read at all": ("memref.store %a, %t[%m, %n] : memref<4x?xf64>", True),
    "the size alone is read": ("%r = memref.dim %t, %c1 : memref<4x?xf64>", True),
    "a read in front": (READ + fill(), False),
    "a read of an element just stored": (
        fill(more="%r = memref.load %t[%i, %j] : memref<4x?xf64>"),
        True,
    ),
    "a read of another one": (
        fill(more="%r = memref.load %t[%i, %m] : memref<4x?xf64>"),
        False,
    ),
    "a read of a row that is filled": (
        fill(behind="%r = memref.load %t[%i, %m] : memref<4x?xf64>"),
        True,
    ),
    "a read of another row": (
        fill(behind="%r = memref.load %t[%m, %i] : memref<4x?xf64>"),
        False,
    ),
    "not all rows": (fill(rows="%c2") + READ, False),
    "as many columns as something else says": (fill(columns="%m") + READ, False),
    "the diagonal": (fill("%i, %i") + READ, False),
    "one column": (fill("%i, %m") + READ, False),
    "from the second row on": (fill().replace("%c0", "%c1", 1) + READ, False),
    "every other row": (fill().replace("step %c1", "step %c2", 1) + READ, False),
    "one element": ("memref.store %a, %t[%m, %n] : memref<4x?xf64>\n" + READ, False),
    "in one branch": (f"scf.if %p {{\n{fill()}}}\n{READ}", False),
    "filled and read in one branch": (f"scf.if %p {{\n{fill()}{READ}}}", True),
    "by an operation that may read": (
        '"test.op"(%t) : (memref<4x?xf64>) -> ()\n' + READ,
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILLS)
def test_overwritten_first(parse, case):
    body, expected = FILLS[case]
    text = f"""%c4 = arith.constant 4 : index
    %t = memref.alloc(%n) : memref<4x?xf64>
    scf.for %k = %c0 to %m step %c1 {{
      {body}
    }} {{label = "loop"}}"""
    program = parse(text)
    buffers = find_buffers(program.function)
    accesses = find_accesses(program.function, buffers)
    block = program.op("loop").body.block
    assert accesses.overwritten_first(block, program["t"]) == expected


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        ("%s = memref.alloc() : memref<f64>", True),
        ("memref.store %a, %given[] : memref<f64>", True),
        ("", False),
    ],
)
def test_memory_of_one_element(parse, fresh, expected):
    name = "%s" if "%s" in fresh else "%given"
    body = f"""%given = memref.alloc() : memref<f64>
    scf.for %k = %c0 to %m step %c1 {{
      {fresh}
      %r = memref.load {name}[] : memref<f64>
    }} {{label = "loop"}}"""
    program = parse(body)
    accesses = find_accesses(program.function, find_buffers(program.function))
    block = program.op("loop").body.block
    assert accesses.overwritten_first(block, program[name[1:]]) == expected


@pytest.mark.parametrize(("index", "expected"), [("%i, %j", True), ("%i, %i", False)])
def test_a_diagonal_is_not_all(parse, index, expected):
    nest = "scf.for %i = %c0 to %c8 step %c1 {\n"
    inner = nest.replace("%i", "%j") if "%j" in index else ""
    body = f"""%t = memref.alloc() : memref<8x8xf64>
    scf.if %p {{
      {nest} {inner} memref.store %a, %t[{index}] : memref<8x8xf64>
      {"}" if inner else ""} }}
      %r = memref.load %t[%m, %n] : memref<8x8xf64>
    }} {{label = "block"}}"""
    program = parse(body)
    accesses = find_accesses(program.function, find_buffers(program.function))
    block = program.op("block").true_region.block
    assert accesses.overwritten_first(block, program["t"]) == expected


def test_accesses_are_noted_for_all_around_them(parse):
    body = """scf.for %i = %c0 to %n step %c1 {
      %v = memref.load %x[%i] : memref<8xf64>
      scf.if %p {
        memref.store %v, %y[%i] : memref<8xf64>
      } {label = "branch"}
      %size = memref.dim %x, %c0 : memref<8xf64>
    } {label = "loop"}"""
    program = parse(body)
    accesses = find_accesses(program.function, find_buffers(program.function))
    told = {
        label: [n for n in "xy" if accesses.touches(program.op(label), program[n])]
        for label in ("loop", "branch", "v", "size")
    }
    assert told == {"loop": ["x", "y"], "branch": ["y"], "v": ["x"], "size": []}
