"""Named operations of linalg and short operations, beside NumPy's values."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms.source.lower_source import LowerSourcePass
from tapeflow.universe import full_context

Array = np.ndarray


def _lowered(text: str) -> ModuleOp:
    context = full_context()
    module = parse_module(text, "f.mlir", context)
    module.verify()
    LowerSourcePass().apply(context, module)
    module.verify()
    return module


def _numbers(*shape: int) -> Array:
    count = int(np.prod(shape))
    return np.asarray(0.25 + (np.arange(count) * 7 % 11).reshape(shape) / 8)


def _type(shape: tuple[int, ...]) -> str:
    return f"memref<{''.join(f'{extent}x' for extent in shape)}f64>"


def _windows(image: Array, size: int, axes: tuple[int, ...]) -> Array:
    return sliding_window_view(image, (size,) * len(axes), axes)


Case = tuple[str, tuple[tuple[int, ...], ...], Callable[..., Array]]

CASES: dict[str, Case] = {
    "unary": ("tanh", ((4,), (4,)), lambda a, c: np.tanh(a)),
    "reciprocal": ("reciprocal", ((4,), (4,)), lambda a, c: 1 / a),
    "binary": ("powf", ((3,), (3,), (3,)), lambda a, b, c: a**b),
    "kind": (
        "elementwise kind=#linalg.elementwise_kind<square>",
        ((4,), (4,)),
        lambda a, c: a * a,
    ),
    "dot": ("dot", ((4,), (4,), ()), lambda a, b, c: c + a @ b),
    "vecmat": ("vecmat", ((4,), (4, 3), (3,)), lambda a, b, c: c + a @ b),
    "batch_matvec": (
        "batch_matvec",
        ((2, 3, 4), (2, 4), (2, 3)),
        lambda a, b, c: c + np.einsum("bmk,bk->bm", a, b),
    ),
    "reduce": (
        "batch_reduce_matmul",
        ((2, 3, 4), (2, 4, 2), (3, 2)),
        lambda a, b, c: c + np.einsum("bmk,bkn->mn", a, b),
    ),
    "tiles": (
        "mmt4d",
        ((2, 3, 2, 1), (2, 3, 3, 1), (2, 2, 2, 3)),
        lambda a, b, c: c + np.einsum("mkac,nkbc->mnab", a, b),
    ),
    "maps": (
        "matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
        "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]",
        ((4, 3), (5, 3), (4, 5)),
        lambda a, b, c: c + a @ b.T,
    ),
    "plain convolution": (
        "conv_2d",
        ((5, 4), (2, 2), (4, 3)),
        lambda a, k, c: c + np.einsum("ijkl,kl->ij", _windows(a, 2, (0, 1)), k),
    ),
    "layouts": (
        "conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}",
        ((1, 2, 5, 5), (3, 2, 3, 3), (1, 3, 2, 2)),
        lambda a, k, c: (
            c
            + np.einsum("nchwkl,fckl->nfhw", _windows(a, 3, (2, 3))[:, :, ::2, ::2], k)
        ),
    ),
    "groups": (
        "conv_2d_ngchw_gfchw",
        ((1, 2, 2, 3, 3), (2, 3, 2, 2, 2), (1, 2, 3, 2, 2)),
        lambda a, k, c: (
            c + np.einsum("ngchwkl,gfckl->ngfhw", _windows(a, 2, (3, 4)), k)
        ),
    ),
    "depthwise": (
        "depthwise_conv_2d_nhwc_hwcm",
        ((1, 4, 4, 2), (2, 2, 2, 3), (1, 3, 3, 2, 3)),
        lambda a, k, c: c + np.einsum("nhwckl,klcm->nhwcm", _windows(a, 2, (1, 2)), k),
    ),
    "width": (
        "conv_1d_nwc_wcf {dilations = dense<2> : tensor<1xi64>}",
        ((1, 5, 2), (2, 2, 3), (1, 3, 3)),
        lambda a, k, c: (
            c
            + np.einsum("nwc,cf->nwf", a[:, :3], k[0])
            + np.einsum("nwc,cf->nwf", a[:, 2:], k[1])
        ),
    ),
    "pooling": (
        "pooling_nhwc_max",
        ((1, 4, 4, 2), (2, 2), (1, 3, 3, 2)),
        lambda a, k, c: np.maximum(c, _windows(a, 2, (1, 2)).max((-1, -2))),
    ),
    "sums": (
        "pooling_nchw_sum",
        ((1, 2, 4, 4), (2, 2), (1, 2, 3, 3)),
        lambda a, k, c: c + _windows(a, 2, (2, 3)).sum((-1, -2)),
    ),
    "softmax": (
        "softmax dimension(0)",
        ((4, 3), (4, 3)),
        lambda a, c: np.exp(a) / np.exp(a).sum(0),
    ),
    "map": ("map { math.exp }", ((4,), (4,)), lambda a, c: np.exp(a)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_named_operation_computes_what_numpy_does(name: str) -> None:
    text, shapes, expected = CASES[name]
    *inputs, output = (f"%v{n}: {_type(shape)}" for n, shape in enumerate(shapes))
    types = ", ".join(_type(shape) for shape in shapes[:-1])
    names = ", ".join(f"%v{n}" for n in range(len(shapes) - 1))
    module = _lowered(
        f"func.func @f({', '.join([*inputs, output])}) {{\n"
        f"linalg.{text} ins({names} : {types}) "
        f"outs(%v{len(shapes) - 1} : {_type(shapes[-1])})\nfunc.return\n}}"
    )
    arrays = [_numbers(*shape) for shape in shapes]
    wanted = expected(*(array.copy() for array in arrays))
    execute(module, "f", arrays)
    np.testing.assert_allclose(arrays[-1], wanted, rtol=1e-13)


def test_empty_buffers_stay_empty() -> None:
    module = _lowered(
        "func.func @f(%a: memref<?x?xf64>, %c: memref<?x?xf64>) {\n"
        "linalg.softmax dimension(1) ins(%a : memref<?x?xf64>) "
        "outs(%c : memref<?x?xf64>)\n"
        "linalg.matmul ins(%a, %a : memref<?x?xf64>, memref<?x?xf64>) "
        "outs(%c : memref<?x?xf64>)\nfunc.return\n}"
    )
    empty = np.zeros((0, 0))
    execute(module, "f", [empty, empty.copy()])


SCALARS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "index.divu": ("index.divu %i, %j", lambda i, j: (i % 2**64) // j),
    "index.floordivs": ("index.floordivs %i, %j", lambda i, j: i // j),
    "index.cmp": (
        "arith.index_cast %c : i1 to index",
        lambda i, j: -int(i % 2**64 > j),
    ),
    "linearize": (
        "affine.linearize_index [%i, %j] by (3, 4) : index",
        lambda i, j: 4 * i + j,
    ),
    "delinearize": ("arith.addi %d#0, %d#1 : index", lambda i, j: i // 4 + i % 4),
    "semi-affine": (
        "affine.apply affine_map<(d0)[s0] -> (d0 mod s0 + d0 * s0)>(%i)[%j]",
        lambda i, j: i % j + i * j,
    ),
}


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("numbers", [(7, 3), (-7, 3), (0, 1), (11, 4)])
def test_indices_are_computed(name: str, numbers: tuple[int, int]) -> None:
    text, expected = SCALARS[name]
    module = _lowered(
        "func.func @f(%i: index, %j: index) -> index {\n%c = index.cmp ugt(%i, %j)\n"
        "%d:2 = affine.delinearize_index %i into (2, 4) : index, index\n"
        f"%r = {text}\nfunc.return %r : index\n}}"
    )
    (result,) = execute(module, "f", numbers).results
    wanted = (expected(*numbers) + 2**63) % 2**64 - 2**63
    assert int(result) == wanted


@pytest.mark.parametrize(
    ("lower", "upper", "step", "trips"),
    [(0, 5, 2, 3), (5, 0, 1, 0), (3, -1, 2**63 - 1, 2), (-4, -1, 1, 3)],
)
def test_unsigned_bounds(lower: int, upper: int, step: int, trips: int) -> None:
    module = _lowered(
        "func.func @f(%a: i64, %b: i64, %c: i64) -> i64 {\n"
        "%z = arith.constant 0 : i64\n"
        "%o = arith.constant 1 : i64\n"
        "%r = scf.for unsigned %i = %a to %b step %c "
        "iter_args(%n = %z) -> i64 : i64 {\n"
        "%m = arith.addi %n, %o : i64\nscf.yield %m : i64\n}\nfunc.return %r : i64\n}"
    )
    (result,) = execute(module, "f", [lower, upper, step]).results
    assert int(result) == trips
