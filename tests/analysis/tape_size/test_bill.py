"""Formulas of the tape: nests of every kind, fused loops, asymptotics, and numbers."""

import pytest
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr

from tapeflow.analysis.integers.algebra import size_symbol
from tapeflow.analysis.tape_size.asymptotics import asymptotics_of
from tapeflow.analysis.tape_size.bill import bill_of
from tapeflow.analysis.tape_size.formula import SizeFormula, product_term
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context


def place(line):
    name = StringAttr("f.mlir")
    return FileLineColLoc(name, IntAttr(line), IntAttr(1))


PUSH = "tape.push %s, %v : !tape.stack<f64>"


def bill(body, arguments="%x: memref<?xf64>, %n: index, %m: index", **more):
    """The bill of a function that pushes %v on the stack %s somewhere in `body`."""
    text = f"""
    func.func @f({arguments}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %v = arith.constant 1.5 : f64
      %s = tape.stack {more.get("attributes", "")} : !tape.stack<f64>
      {body}
      return
    }}"""
    module = parse_module(text, "f.mlir", full_context())
    function = find_function(module, "f")
    return bill_of(function, function)


def formula(body, **more):
    return bill(body, **more).peak


def loop(index, lower, upper, body, step="%c1", attributes=""):
    return (
        f"scf.for %{index} = {lower} to {upper} step {step} {{ {body} }} {attributes}"
    )


def test_a_nest_multiplies():
    found = formula(loop("i", "%c0", "%n", loop("j", "%c1", "%m", PUSH)))
    assert str(found) == "8*n*(m - 1)"
    assert found.value({"n": 5, "m": 4}) == 120
    assert not found.is_bound


def test_no_loop_runs_less_than_never():
    found = formula(loop("i", "%c0", "%n", loop("j", "%c3", "%m", PUSH)))
    assert found.value({"n": 5, "m": 1}) == 0
    assert found.value({"n": -2, "m": 1}) == 0


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_a_triangle_is_summed(n):
    found = formula(loop("i", "%c0", "%n", loop("j", "%c0", "%i", PUSH)))
    assert str(found) == "4*n*(n - 1)"
    assert found.value({"n": n}) == 8 * sum(range(n))


@pytest.mark.parametrize("n", [0, 1, 3, 9])
def test_a_triangle_that_is_cut_off_is_exact_in_numbers(n):
    """Some rows are empty: the closed form would subtract them."""
    body = f"%e = arith.subi %i, %c3 : index {loop('j', '%c0', '%e', PUSH)}"
    found = formula(loop("i", "%c0", "%n", body))
    assert found.value({"n": n}) == 8 * sum(max(0, i - 3) for i in range(n))


def test_a_pyramid_is_summed():
    inner = loop("j", "%c0", "%i", loop("k", "%j", "%i", PUSH))
    found = formula(loop("i", "%c0", "%n", inner))
    expected = sum(i - j for i in range(50) for j in range(i))
    assert found.value({"n": 50}) == 8 * expected


def test_a_large_triangle_does_not_run():
    found = formula(loop("i", "%c0", "%n", loop("j", "%i", "%n", PUSH)))
    n = 10**9
    assert found.value({"n": n}) == 8 * n * (n + 1) // 2


def test_steps_round_up():
    found = formula(loop("i", "%c0", "%n", PUSH, step="%c3"))
    assert [found.value({"n": n}) for n in (0, 1, 3, 4)] == [0, 8, 8, 16]


def test_a_strided_triangle_counts_what_runs():
    found = formula(loop("i", "%c1", "%n", loop("j", "%c0", "%i", PUSH), step="%c2"))
    assert found.value({"n": 10}) == 8 * sum(range(1, 10, 2))


def test_a_window_at_an_edge_is_exact_in_numbers():
    body = f"""%e = arith.addi %i, %c3 : index
      %end = arith.minsi %e, %n : index {loop("j", "%i", "%end", PUSH)}"""
    found = formula(loop("i", "%c0", "%n", body))
    assert found.unknowns
    assert found.value({"n": 10}) == 8 * sum(min(i + 3, 10) - i for i in range(10))


def test_extents_are_sizes():
    found = formula(
        f"%d = memref.dim %x, %c0 : memref<?xf64> {loop('i', '%c0', '%d', PUSH)}"
    )
    assert found.names == ("dim(x, 0)",)


def test_a_branch_counts_as_taken():
    body = f"%is = arith.cmpi eq, %i, %m : index scf.if %is {{ {PUSH} }}"
    found = formula(loop("i", "%c0", "%n", body))
    assert str(found) == "<= 8*n"


def test_a_trip_count_from_memory_is_an_unknown_of_the_whole_run():
    body = f"""%e = memref.load %r[%i] : memref<?xindex>
      {loop("j", "%c0", "%e", loop("k", "%c0", "%m", PUSH))}"""
    found = formula(
        loop("i", "%c0", "%n", body),
        arguments="%r: memref<?xindex>, %n: index, %m: index",
    )
    (unknown,) = found.unknowns
    assert unknown.startswith("trips(line ")
    assert str(found) == f"8*m*{unknown}"
    assert found.value({"n": 3, "m": 2, "dim(r, 0)": 3}) is None


def test_a_while_loop_is_an_unknown():
    body = f"""%r = scf.while (%a = %n) : (index) -> index {{
      %go = arith.cmpi sgt, %a, %c0 : index scf.condition(%go) %a : index
    }} do {{ ^bb0(%b: index): {PUSH} %h = arith.divsi %b, %c2 : index
      scf.yield %h : index }}"""
    found = formula(body)
    (unknown,) = found.unknowns
    assert unknown.startswith("trips(line ")


def test_several_pushes_of_one_stack_add_up():
    (value,) = bill(f"{PUSH} {loop('i', '%c0', '%n', PUSH)}").values
    assert str(value.peak) == "8*n + 8"


FUSED = "{ad.fused}"
POP = "%p = tape.pop %s : !tape.stack<f64>"


def test_a_fused_loop_keeps_the_tape_of_one_iteration():
    inner = f"{loop('j', '%c0', '%m', PUSH)} {loop('k', '%c0', '%m', POP)}"
    (value,) = bill(loop("i", "%c0", "%n", inner, attributes=FUSED)).values
    assert str(value.peak) == "8*m"
    assert str(value.pushed) == "8*m*n"


def test_a_fused_triangle_keeps_its_longest_row():
    inner = f"{loop('j', '%c0', '%i', PUSH)} {loop('k', '%c0', '%i', POP)}"
    (value,) = bill(loop("i", "%c0", "%n", inner, attributes=FUSED)).values
    assert value.peak.is_bound
    assert value.peak.value({"n": 6}) == 8 * 5


def test_a_stack_that_outlives_a_fused_loop_grows():
    forward = loop("i", "%c0", "%n", PUSH, attributes=FUSED)
    (value,) = bill(f"{forward} {loop('k', '%c0', '%n', POP)}").values
    assert str(value.peak) == str(value.pushed) == "8*n"


def test_reasons_are_read_from_the_stack():
    attributes = (
        '{tape.reason = "loop-carried", tape.alternative = "compute exp again", '
        "tape.alternative_price = 24.0 : f64}"
    )
    (value,) = bill(PUSH, attributes=attributes).values
    assert (value.reason, value.alternative) == ("loop-carried", "compute exp again")
    assert value.alternative_price == 24.0
    (value,) = bill(PUSH).values
    assert value.reason is value.alternative is value.alternative_price is None


def pairs(body):
    """A nest over all pairs of %x."""
    return (
        f"%d = memref.dim %x, %c0 : memref<?xf64> "
        f"{loop('i', '%c0', '%d', loop('j', '%c0', '%d', body))}"
    )


def test_a_quadratic_tape_is_told():
    (terms,) = bill(pairs(PUSH)).asymptotics
    assert terms.is_of_arrays
    assert str(terms) == (
        "when dim(x, 0) doubles, the tape grows 4-fold while the data grow 2-fold"
    )


def test_a_tape_as_large_as_the_data_is_not_told():
    body = f"%d = memref.dim %x, %c0 : memref<?xf64> {loop('i', '%c0', '%d', PUSH)}"
    assert bill(body).asymptotics == []


def test_an_extent_that_no_loop_runs_to_grows_with_the_others():
    """A square matrix whose loops all run to its first extent."""
    body = pairs(PUSH).replace("memref<?xf64>", "memref<?x?xf64>")
    assert bill(body, arguments="%x: memref<?x?xf64>").asymptotics == []


def test_time_steps_are_told_as_such():
    (terms,) = bill(loop("i", "%c0", "%n", PUSH)).asymptotics
    assert not terms.is_of_arrays
    assert str(terms) == (
        "when n doubles, the tape grows 2-fold while the data stay as they are"
    )


def test_the_data_are_arguments_and_allocations():
    body = f"%b = memref.alloc(%n) : memref<?x3xf32> {PUSH}"
    assert str(bill(body).data) == "8*dim(x, 0) + 12*n"


def test_a_value_that_an_inner_loop_does_not_change_is_saved_again():
    """%e depends on the outer loop alone."""
    inner = (
        "%y = memref.load %x[%i] : memref<?xf64> tape.push %s, %y : !tape.stack<f64>"
    )
    (value,) = bill(loop("i", "%c0", "%n", loop("j", "%c0", "%m", inner))).values
    assert len(value.repeated_in) == 1
    (value,) = bill(
        loop(
            "i",
            "%c0",
            "%n",
            loop("j", "%c0", "%m", f"memref.store %v, %x[%j] : memref<?xf64> {inner}"),
        )
    ).values
    assert value.repeated_in == ()


def test_a_copied_buffer_is_tape():
    body = """%d = memref.dim %x, %c0 : memref<?xf64>
      %copy = memref.alloc(%d) : memref<?xf64>
      scf.for %i = %c0 to %d step %c1 {
        %e = memref.load %x[%i] : memref<?xf64>
        memref.store %e, %copy[%i] {tape.copy} : memref<?xf64>
      }"""
    (value,) = bill(body).values
    assert (value.name, value.definition) == ("copy", "copy of x")
    assert str(value.peak) == "8*dim(x, 0)"


def test_a_value_is_read_where_it_is_used_unpacked():
    """What has the place of the pop belongs to the tape, not to the program."""
    text = """func.func @f(%x: memref<?xi8>) {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0] : memref<?xi8>
      %s = tape.stack : !tape.stack<i8>
      tape.push %s, %v : !tape.stack<i8>
      %p = tape.pop %s : !tape.stack<i8>
      %wide = arith.extui %p : i8 to i32
      %use = arith.addi %wide, %wide : i32
      return
    }"""
    module = parse_module(text, "f.mlir", full_context())
    function = find_function(module, "f")
    pop, wide, use = list(function.body.block.ops)[4:7]
    pop.location = wide.location = place(40)
    use.location = place(20)
    (value,) = bill_of(function, function).values
    assert value.read == (20,)


def test_a_tape_that_outgrows_the_work_is_told():
    n = size_symbol("dim(x, 0)")
    tape, line = (SizeFormula((product_term(8, e),)) for e in ((n, n), (n,)))
    (terms,) = asymptotics_of(tape, tape, line)
    assert terms.is_suspicious
    assert str(terms).endswith("4-fold while the work grows 2-fold")
    (terms,) = asymptotics_of(line, tape, tape)
    assert not terms.is_suspicious
