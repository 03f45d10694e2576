"""Bad programs, arguments, machines and outputs: one message, nothing written."""

import os
from pathlib import Path

import pytest

# The program


def test_missing_file(grad):
    grad.program = grad.directory / "missing.mlir"
    assert "missing.mlir: error: no such file" in grad.fails()


def test_directory_as_file(grad):
    grad.program = grad.directory
    assert "directory" in grad.fails()


def test_binary_file(grad):
    grad.program = grad.directory / "binary.mlir"
    grad.program.write_bytes(bytes(range(256)))
    assert "not UTF-8" in grad.fails()


def test_unparsable_file(grad):
    grad.write_program("func.func @squares(%x: f64 {")
    message = grad.fails()
    assert "program.mlir:1:29: error:" in message


def test_empty_file(grad):
    grad.write_program("")
    assert "program.mlir:1:1: error: expected an operation here" in grad.fails()


def test_file_without_functions(grad):
    grad.write_program("builtin.module {}")
    assert "there is no function @squares; functions here: none" in grad.fails()


def test_invalid_program(grad):
    grad.write_program(
        "func.func @squares(%x: f64) -> f64 {\n"
        '  %y = "arith.addf"(%x) : (f64) -> f64\n'
        "  func.return %y : f64\n}",
    )
    assert "program.mlir:2:" in grad.fails()


def test_unknown_function_has_near_match(grad):
    grad.function = "square"
    message = grad.fails()
    assert "no function @square" in message
    assert "did you mean @squares? functions here: @squares" in message


def test_function_without_body(grad):
    grad.write_program("func.func private @squares(f64) -> f64")
    assert "@squares has no body" in grad.fails()


def test_call_without_body(grad):
    grad.write_program(
        "func.func private @g(f64) -> f64\n"
        "func.func @squares(%x: f64) -> f64 {\n"
        "  %y = func.call @g(%x) : (f64) -> f64\n"
        "  func.return %y : f64\n}",
    )
    grad.inputs = grad.save("other", arg0=1.0)
    message = grad.fails()
    assert "program.mlir:3:" in message and "@g" in message and "body" in message


def test_unsupported_operation_is_named_with_its_place(grad):
    grad.write_program(
        "func.func @squares(%x: f64) -> f64 {\n"
        "  %b = arith.bitcast %x : f64 to i64\n"
        "  %y = arith.bitcast %b : i64 to f64\n"
        "  func.return %y : f64\n}",
    )
    grad.inputs = grad.save("other", arg0=1.0)
    message = grad.fails()
    assert "program.mlir:2:" in message and "arith.bitcast" in message


def test_argument_type_that_no_array_fits(grad):
    grad.write_program("func.func @squares(%x: vector<4xf64>) { func.return }")
    assert "has type vector<4xf64>; arguments can be" in grad.fails()


@pytest.mark.parametrize(
    ("access", "place"),
    [
        ("%v = memref.load %x[%c0]", "program.mlir:3:8"),
        ("memref.store %s, %x[%c0, %c0, %c0]", "program.mlir:3:3"),
    ],
)
def test_wrong_number_of_indices(grad, access, place):
    grad.write_program(
        "func.func @squares(%x: memref<?x?xf64>, %s: f64) {\n"
        "  %c0 = arith.constant 0 : index\n"
        f"  {access} : memref<?x?xf64>\n"
        "  func.return\n}",
    )
    message = grad.fails()
    assert f"{place}: error: 'memref." in message
    assert "index for each dimension" in message


def test_dimension_that_a_buffer_does_not_have(grad):
    grad.write_program(
        "func.func @squares(%x: memref<?xf64>, %s: f64) -> f64 {\n"
        "  %c0 = arith.constant 0 : index\n"
        "  %c1 = arith.constant 1 : index\n"
        "  %n = memref.dim %x, %c1 : memref<?xf64>\n"
        "  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %s) -> (f64) {\n"
        "    %b = math.exp %a : f64\n"
        "    scf.yield %b : f64\n  }\n"
        "  func.return %y : f64\n}",
    )
    grad.wrt = "1"
    assert "program.mlir:4:8: error: no dimension 1" in grad.fails()


# The arguments to differentiate for


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        ("", "names no argument"),
        ("0,0", "names argument 0 twice"),
        ("x", "'x' is not an argument number"),
        ("-1", "'-1' is not an argument number"),
        ("0,", "'' is not an argument number"),
        ("2", "there is no argument 2: @squares has 0 (%x), 1 (%s)"),
    ],
)
def test_wrt(grad, wrt, message):
    grad.wrt = wrt
    assert message in grad.fails()


def test_wrt_without_derivative(grad, source):
    grad.program, grad.function = source("pair"), "pair"
    grad.wrt = "1"
    message = grad.fails()
    assert "argument 1 (%n) of type index carries no derivative" in message
    assert "these do: 0, 2" in message


# The pipeline, the machine and the engine


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("stream", "did you mean streams"),
        ("streams{slot=2}", "has no option 'slot'"),
        ("streams{slots=two}", "takes a whole number"),
        ("streams{slots=2", "'{'"),
        ("builtin.module(differentiate", "'('"),
        ("differentiate,no-such-pass", "no pass or pipeline 'no-such-pass'"),
        ("layers{capacity-bytes=512}", "scratchpad of machine 'fair' has"),
        ("streams{places=shelf}", "'shelf' is no place for a tape region"),
        ('streams{places="soa,aos"}', "2 places for 1 tape region;"),
        ('streams{machine="ports"}', "is not name=number"),
        ("layers{capacity_bytes=512}", "leave capacity-bytes out"),
    ],
)
def test_pipeline(grad, pipeline, message):
    assert message in grad.fails("--pipeline", pipeline)


def test_pipeline_that_ends_above_the_machine(grad):
    assert "no machine cost for 'tape.stack'" in grad.fails(
        "--pipeline", "differentiate"
    )


@pytest.mark.parametrize("pipeline", ["", "canonicalize"])
def test_pipeline_that_does_not_differentiate(grad, pipeline):
    assert "has to be 'differentiate'" in grad.fails("--pipeline", pipeline)


def test_pipeline_that_asks_again(grad):
    pipeline = "baseline{function=squares wrt=0}"
    assert "already a request for @squares_grad" in grad.fails("--pipeline", pipeline)


def test_scratchpad_too_small_for_a_record(grad):
    change = ("--set", "scratchpad.capacity_bytes=8")
    message = grad.fails(*change, "--pipeline", "layers")
    assert "record" in message and "bytes" in message


def test_machine_without_scratchpad(grad):
    change = ("--set", "scratchpad.capacity_bytes=0")
    message = grad.fails(*change, "--pipeline", "layers")
    assert "has no scratchpad for 'layers'" in message
    message = grad.fails(*change, "--pipeline", "streams{places=stream}")
    assert "'stream' needs a scratchpad" in message


def test_unknown_preset(grad):
    message = grad.fails("--machine", "fairy")
    assert "fairy" in message and "edge, fair, hbm, salam, wide" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "fair"\n[cache]\nsize = 1', "size"),
        ('base = "fair"\n[cache]\nways = 0', "cache.ways"),
        ("base = ", "machine.toml"),
        (b"\xff\xfe", "machine.toml"),
    ],
)
def test_machine_file(grad, text, message):
    path = grad.directory / "machine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert message in grad.fails("--machine", path)


def test_missing_machine_file(grad):
    assert "missing.toml" in grad.fails("--machine", grad.directory / "missing.toml")


@pytest.mark.parametrize("change", ["cache.size=1", "cache.ways", "cache.ways=x"])
def test_override(grad, change):
    assert "cache" in grad.fails("--set", change)


def test_unknown_engine(grad):
    assert "'fast' is not one of" in grad.fails("--engine", "fast")


def test_unknown_option(grad):
    assert "No such option" in grad.fails("--fast")


# The outputs


def test_missing_output_directory(grad):
    where = grad.directory / "missing" / "stats.json"
    message = grad.fails("--json", where)
    assert "there is no directory" in message


def test_directory_as_output(grad):
    assert "is a directory" in grad.fails("--json", grad.directory)


def test_output_that_is_a_loop_of_links(grad):
    for name, other in (("one", "two"), ("two", "one")):
        (grad.directory / name).symlink_to(grad.directory / other)
    loop = grad.directory / "one"
    assert "one: is a link that leads back to itself" in grad.fails("--json", loop)
    grad.inputs = loop
    assert "one: cannot be read" in grad.fails()


def test_output_that_is_an_input(grad):
    message = grad.fails("--json", grad.inputs)
    assert "would overwrite the input" in message


def test_two_outputs_in_one_file(grad):
    message = grad.fails("--json", grad.directory / "out.npz")
    assert "would overwrite the output of --output" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_directory(grad, tmp_path_factory):
    directory = tmp_path_factory.mktemp("locked")
    directory.chmod(0o500)
    assert "not writable" in grad.fails("--json", directory / "stats.json")


def test_full_device_leaves_nothing(grad):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    assert "cannot be written" in grad.fails("--json", "/dev/full")
