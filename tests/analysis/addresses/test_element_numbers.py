"""Element numbers: their normal form, what varies, steps; what only checks need."""

import pytest
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.addresses.check_only import check_only
from tapeflow.analysis.addresses.element_numbers import ElementNumbers
from tapeflow.analysis.integers.polynomials import Polynomial, constant
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context


def _parse(text: str) -> ModuleOp:
    return parse_module(text, "f.mlir", full_context())


def _spelt(numbers: ElementNumbers, number: Polynomial) -> str:
    """As in 2*i*n + j: extents by buffer and axis, values by their names."""

    def name(atom: int) -> str:
        found = numbers.atom(atom)
        if isinstance(found, tuple):
            return f"{found[0].name_hint}.{found[1]}"
        return found.name_hint or "?"

    terms = [
        "*".join([*([str(factor)] if factor != 1 or not atoms else []), *names])
        for atoms, factor in number
        for names in [sorted(map(name, atoms))]
    ]
    return " + ".join(sorted(terms)) or "0"


ACCESSES = {
    ("?x?xf64", "%i, %j"): "i*x.1 + j",
    ("?x?xf64", "%j, %i1"): "1 + i + j*x.1",
    ("?x4xf64", "%i1, %j"): "4 + 4*i + j",
    ("2x?x5xf64", "%i, %j, %c"): "3 + 5*i*x.1 + 5*j",
    ("?xf64, strided<[48]>", "%i"): "48*i",
    ("?x?xf64, strided<[?, 1]>", "%i, %j"): None,
    ("f64", ""): "0",
}


@pytest.mark.parametrize(("type_", "subscripts"), ACCESSES)
def test_the_number_of_an_element(type_: str, subscripts: str) -> None:
    module = _parse(f"""func.func @f(%x: memref<{type_}>, %i: index, %j: index) {{
  %one = arith.constant 1 : index
  %c = arith.constant 3 : index
  %i1 = arith.addi %i, %one : index
  %v = memref.load %x[{subscripts}] : memref<{type_}>
  func.return
}}""")
    (load,) = (op for op in module.walk() if isinstance(op, memref.LoadOp))
    numbers = ElementNumbers()
    element = numbers.element(load.memref, load.indices)
    found = None if element is None else _spelt(numbers, element)
    assert found == ACCESSES[type_, subscripts]


def test_extents_are_those_of_the_allocation() -> None:
    module = _parse("""func.func @f(%n: index, %i: index, %j: index) {
  %one = arith.constant 1 : index
  %x = memref.alloc(%i, %n) : memref<?x?xf64>
  %m = memref.dim %x, %one : memref<?x?xf64>
  %k = arith.subi %m, %j : index
  %v = memref.load %x[%i, %k] : memref<?x?xf64>
  func.return
}""")
    (load,) = (op for op in module.walk() if isinstance(op, memref.LoadOp))
    numbers = ElementNumbers()
    element = numbers.element(load.memref, load.indices)
    assert element is not None
    assert _spelt(numbers, element) == "-1*j + i*n + n"


def test_steps_and_first_numbers() -> None:
    module = _parse("""func.func @f(%x: memref<?x?xf64>, %n: index) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  scf.for %i = %c3 to %n step %c2 {
    %j = arith.muli %i, %i : index
    %v = memref.load %x[%i, %c3] : memref<?x?xf64>
    %w = memref.load %x[%i, %j] : memref<?x?xf64>
  }
  func.return
}""")
    (loop,) = (op for op in module.walk() if isinstance(op, scf.ForOp))
    loads = [op for op in module.walk() if isinstance(op, memref.LoadOp)]
    numbers = ElementNumbers()
    linear, squared = (numbers.element(op.memref, op.indices) for op in loads)
    assert linear is not None and squared is not None
    step = numbers.step(linear, loop)
    assert step is not None
    assert _spelt(numbers, step) == "2*x.1"
    assert _spelt(numbers, numbers.at_first(linear, loop)) == "3 + 3*x.1"
    assert numbers.split(linear, loop)[1] == constant(3)
    assert numbers.step(squared, loop) is None


@pytest.mark.parametrize("depth", [10, 3000])
def test_long_chains_are_short_numbers(depth: int) -> None:
    """Products that grow, sums that do not end: neither recursion nor long terms."""
    chain = "".join(
        f"  %v{k + 1} = arith.muli %v{k}, %w{k} : index\n"
        f"  %w{k + 1} = arith.addi %v{k + 1}, %w{k} : index\n"
        for k in range(depth)
    )
    head = "func.func @f(%v0: index, %w0: index) {\n"
    module = _parse(f"{head}{chain}  func.return\n}}")
    numbers = ElementNumbers()
    for op in module.walk():
        for result in op.results:
            number = numbers.of(result)
            assert len(number) <= 8
            assert all(len(atoms) <= 4 and abs(by) < 2**64 for atoms, by in number)


def test_what_serves_checks_alone() -> None:
    module = _parse("""func.func @f(%x: memref<?xf64>, %n: index, %p: i1) -> index {
  %c1 = arith.constant 1 : index
  %checked = arith.addi %n, %c1 : index
  %both = arith.addi %n, %n : index
  %unused = arith.muli %n, %n : index
  %start = arith.subi %n, %n : index
  %r, %s = scf.for %i = %c1 to %both step %c1 iter_args(%a = %start, %b = %start)
      -> (index, index) {
    %next = arith.addi %a, %c1 : index
    %used = arith.addi %b, %c1 : index
    %v = address.load %x[%a] index %i : memref<?xf64>
    %w = address.load %x[%used] index %i : memref<?xf64>
    scf.yield %next, %used : index, index
  }
  %y = address.load %x[%checked] index %n plus 1 : memref<?xf64>
  %z = address.load %x[%both] index %n plus 1 : memref<?xf64>
  func.return %s : index
}""")
    (function,) = (op for op in module.walk() if isinstance(op, FuncOp))
    found = {op.results[0].name_hint for op in check_only(function)}
    # %a is carried for checks, %b is returned, and both begin at %start.
    assert found == {"checked", "next"}
