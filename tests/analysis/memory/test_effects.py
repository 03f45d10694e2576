"""What single operations write, alias and may reach."""

import pytest

from tapeflow.analysis.memory.effects import (
    reaches_beyond_operands,
    same_memory,
    written_memrefs,
)

BUFFER = "memref<8xf64>"
# By operation: the buffers of its operands that it writes, and if it may touch others.
EFFECTS = {
    "a load": (f"memref.load %x[%m] : {BUFFER}", [], False),
    "a store": (f"memref.store %a, %x[%m] : {BUFFER}", ["x"], False),
    "a copy": (f"memref.copy %x, %y : {BUFFER} to {BUFFER}", ["y"], False),
    "a size": (f"memref.dim %x, %c0 : {BUFFER}", [], False),
    "a view": (f"memref.cast %x : {BUFFER} to memref<?xf64>", [], False),
    "the last free": (f"memref.dealloc %x : {BUFFER}", [], False),
    "a fill": (
        f"linalg.fill ins(%a : f64) outs(%x : {BUFFER})",
        ["x"],
        False,
    ),
    "a loop that swaps": (
        f"""scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> ({BUFFER}) {{
          scf.yield %y : {BUFFER}
        }}""",
        [],
        False,
    ),
    "arithmetic": ("arith.addf %a, %b : f64", [], False),
    "an operation of unknown effects": (
        f'"test.op"(%x, %y) : ({BUFFER}, {BUFFER}) -> ()',
        ["x", "y"],
        True,
    ),
    "one that has none": (f'"test.pureop"(%x) : ({BUFFER}) -> (f64)', [], False),
    "one that reads": (f'"test.op_with_memread"(%x) : ({BUFFER}) -> (f64)', [], True),
}


@pytest.mark.parametrize("case", EFFECTS)
def test_what_is_written(parse, case):
    text, written, reaches = EFFECTS[case]
    is_void = text.startswith(
        ("memref.store", "memref.copy", "memref.dealloc", "linalg")
    )
    is_void |= text.endswith("-> ()")
    program = parse(text if is_void else f"%result = {text}")
    *_, op, _ = program.function.body.block.ops
    assert program.names(written_memrefs(op)) == written
    assert reaches_beyond_operands(op) == reaches


def test_what_is_freed_in_a_branch_is_gone(parse):
    program = parse(f'scf.if %p {{ memref.dealloc %x {{label = "free"}} : {BUFFER} }}')
    assert program.names(written_memrefs(program.op("free"))) == ["x"]


ALIASES = {
    "a view": (f"%v = memref.cast %x : {BUFFER} to memref<?xf64>", {("v", "x")}),
    "a loop": (
        f"""%v = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> ({BUFFER}) {{
          scf.yield %y : {BUFFER}
        }}""",
        {("s", "x"), ("v", "x")},
    ),
    "an operation that is not known": (
        f'%v = "test.op"(%x, %y) : ({BUFFER}, {BUFFER}) -> {BUFFER}',
        {("v", "x"), ("v", "y")},
    ),
    "a buffer that is kept in a buffer": (
        f"""%t = memref.alloc() : memref<1x{BUFFER}>
        memref.store %x, %t[%c0] {{label = "v"}} : memref<1x{BUFFER}>""",
        {("x", "t")},
    ),
}


@pytest.mark.parametrize("case", ALIASES)
def test_names_of_one_buffer(parse, case):
    body, expected = ALIASES[case]
    program = parse(body)
    pairs = {tuple(program.names(pair)) for pair in same_memory(program.op("v"))}
    assert pairs == expected
