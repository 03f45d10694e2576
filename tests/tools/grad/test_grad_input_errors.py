"""Bad inputs and seeds: one message with name, expectation and what was given."""

import io
import os
import zipfile

import numpy as np
import pytest

X = np.array([1.0, -2.0, 0.5])


# The inputs


def test_missing_inputs_file(grad):
    grad.inputs = grad.directory / "missing.npz"
    assert "missing.npz: no such file" in grad.fails()


def test_inputs_that_are_no_archive(grad):
    grad.inputs = grad.directory / "array.npz"
    with grad.inputs.open("wb") as file:
        np.save(file, X)
    assert "array.npz: this is a single array (.npy)" in grad.fails()


def test_empty_inputs_file(grad):
    grad.inputs = grad.directory / "empty.npz"
    grad.inputs.write_bytes(b"")
    assert "not an .npz file" in grad.fails()


@pytest.mark.parametrize("where", [0.3, 0.5, 0.9])
def test_truncated_inputs(grad, where):
    data = grad.save("other", arg0=np.ones(1000), arg1=3.0).read_bytes()
    grad.inputs = grad.directory / "damaged.npz"
    grad.inputs.write_bytes(data[: int(len(data) * where)])
    assert "damaged.npz: " in grad.fails()


@pytest.mark.parametrize("position", [130, 400, 5000])
def test_damaged_inputs(grad, position):
    data = bytearray(grad.save("other", arg0=np.ones(1000), arg1=3.0).read_bytes())
    data[position] ^= 0xFF
    grad.inputs = grad.directory / "damaged.npz"
    grad.inputs.write_bytes(bytes(data))
    assert grad.fails()


def test_pickled_objects_are_refused_and_not_run(grad):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(grad.directory / "trapped"),))

    path = grad.directory / "objects.npz"
    np.savez(path, allow_pickle=True, arg0=np.array([Trap()], object), arg1=3.0)
    grad.inputs = path
    message = grad.fails()
    assert "array 'arg0'" in message and "holds Python objects" in message


def test_member_that_is_no_array(grad):
    grad.inputs = grad.directory / "text.npz"
    with zipfile.ZipFile(grad.inputs, "w") as archive:
        archive.writestr("arg0.npy", "some text")
        archive.writestr("readme.txt", "more text")
    assert "text.npz" in grad.fails()


def test_array_header_that_lies_about_its_size(grad):
    data = io.BytesIO()
    np.save(data, X)
    lying = data.getvalue().replace(b"(3,)", b"(9,)")
    grad.inputs = grad.directory / "lying.npz"
    with zipfile.ZipFile(grad.inputs, "w") as archive:
        archive.writestr("arg0.npy", lying)
    assert "array 'arg0'" in grad.fails()


def test_missing_argument(grad):
    grad.inputs = grad.save("other", arg0=X)
    message = grad.fails()
    assert "inputs lack arg1: argument 1 (%s) of type f64" in message
    assert "needs a 0-d array of float64; given: arg0" in message


def test_misshapen_argument(grad):
    grad.inputs = grad.save("other", arg0=X.reshape(1, 3), arg1=3.0)
    message = grad.fails()
    assert "argument 0 (%x) of type memref<?xf64>" in message
    assert "needs an array of float64 with shape (?,)" in message
    assert "arg0 is an array of float64 with shape (1, 3)" in message


def test_static_extent(grad, source):
    grad.program, grad.function = source("products"), "products"
    grad.inputs = grad.save("other", arg0=np.ones(4), arg1=np.ones(5), arg2=np.ones(4))
    assert "needs an array of float64 with shape (4,)" in grad.fails()


@pytest.mark.parametrize(
    "wrong",
    [X.astype(np.float32), X.astype(np.int64), X.astype(complex), X.astype("U3")],
)
def test_wrongly_typed_argument(grad, wrong):
    grad.inputs = grad.save("other", arg0=wrong, arg1=3.0)
    message = grad.fails()
    assert f"arg0 is an array of {wrong.dtype}" in message
    assert "convert it with arg0.astype(numpy.float64)" in message


def test_scalar_given_as_array(grad):
    grad.inputs = grad.save("other", arg0=X, arg1=[3.0])
    assert "needs a 0-d array of float64" in grad.fails()


def test_integer_that_does_not_fit(grad):
    grad.write_program(
        "func.func @squares(%x: f64, %i: i8) -> f64 {\n  func.return %x : f64\n}",
    )
    grad.inputs = grad.save("other", arg0=1.0, arg1=300)
    assert "needs a 0-d array of int8" in grad.fails()


def test_index_out_of_bounds_at_run_time(grad, source):
    grad.program, grad.function = source("pair"), "pair"
    table = np.ones(2, np.float32)
    grad.inputs = grad.save("other", arg0=np.float32(1), arg1=2, arg2=table)
    message = grad.fails("--seeds", grad.save("seeds", seed0=np.float32(1)))
    assert "pair.mlir:" in message and "out of" in message


# The seeds


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ({"sed0": 1.0}, "'sed0' is no seed"),
        ({"seed1": 1.0}, "@squares has no float result 1; float results: 0"),
        ({"seed0": np.ones(2)}, "result 0 of @squares needs a 0-d array"),
        ({"seed0": np.float32(1)}, "seed0.astype(numpy.float64)"),
        ({"seed_arg1": 1.0}, "argument 1 (%s) of type f64 is not a buffer"),
        ({"seed_arg7": X}, "there is no argument 7"),
        ({"seed_arg0": np.ones(4)}, "with shape (3,)"),
    ],
)
def test_seeds(grad, seeds, message):
    assert message in grad.fails("--seeds", grad.save("seeds", **seeds))
