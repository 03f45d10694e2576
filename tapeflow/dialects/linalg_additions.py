"""linalg's named operations, all of one kind: what they compute is in their names.

    linalg.matvec ins(%a, %b : memref<4x3xf64>, memref<3xf64>) outs(%c : memref<4xf64>)

Tables tell which there are; their loops and bodies are in `analysis/source/`. A class
is made when a text names it.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from xdsl.ir import Operation
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    opt_region_def,
    prop_def,
    region_def,
    var_operand_def,
    var_result_def,
)

UNARY = (
    *("abs", "ceil", "copy", "erf", "exp", "fill", "floor", "log", "negf"),
    *("reciprocal", "round", "rsqrt", "sqrt", "square", "tanh"),
)
"""Operations of each element of one operand."""

BINARY = (
    *("add", "div", "div_unsigned", "max", "min", "mul", "powf", "sub"),
    *("max_signed", "max_unsigned", "min_signed", "min_unsigned"),
)
"""Operations of each element of two operands."""

CONTRACTIONS = {
    "batch_matmul": "bmk,bkn->bmn",
    "batch_matmul_transpose_a": "bkm,bkn->bmn",
    "batch_matmul_transpose_b": "bmk,bnk->bmn",
    "batch_matvec": "bmk,bk->bm",
    "batch_mmt4d": "zmkac,znkbc->zmnab",
    "batch_reduce_matmul": "bmk,bkn->mn",
    "batch_vecmat": "bk,bkn->bn",
    "dot": "m,m->",
    "matmul": "mk,kn->mn",
    "matmul_transpose_a": "km,kn->mn",
    "matmul_transpose_b": "mk,nk->mn",
    "matvec": "mn,n->m",
    "mmt4d": "mkac,nkbc->mnab",
    "quantized_batch_matmul": "bmk,bkn,,->bmn",
    "quantized_matmul": "mk,kn,,->mn",
    "vecmat": "m,mn->n",
}
"""The indices of each operand of sums of products; empty ones are zero points."""

CONVOLUTIONS = (
    *("conv_1d", "conv_2d", "conv_3d", "conv_1d_nwc_wcf", "conv_1d_ncw_fcw"),
    *("conv_2d_nhwc_hwcf", "conv_2d_nhwc_hwcf_q", "conv_2d_nhwc_fhwc"),
    *("conv_2d_nhwc_fhwc_q", "conv_2d_nchw_fchw", "conv_2d_nchw_fchw_q"),
    *("conv_2d_ngchw_fgchw", "conv_2d_ngchw_gfchw", "conv_2d_ngchw_gfchw_q"),
    *("conv_2d_nhwgc_gfhwc", "conv_2d_nhwgc_gfhwc_q"),
    *("conv_3d_ndhwc_dhwcf", "conv_3d_ndhwc_dhwcf_q", "conv_3d_ncdhw_fcdhw"),
    *("depthwise_conv_1d_nwc_wc", "depthwise_conv_1d_ncw_cw"),
    *("depthwise_conv_1d_nwc_wcm", "depthwise_conv_2d_nhwc_hwc"),
    *("depthwise_conv_2d_nchw_chw", "depthwise_conv_2d_nhwc_hwc_q"),
    *("depthwise_conv_2d_nhwc_hwcm", "depthwise_conv_2d_nhwc_hwcm_q"),
    *("depthwise_conv_3d_ndhwc_dhwc", "depthwise_conv_3d_ncdhw_cdhw"),
    "depthwise_conv_3d_ndhwc_dhwcm",
)
"""Names of convolutions: the letters are the axes of the image and of the kernel."""

POOLINGS = (
    *("pooling_nhwc_sum", "pooling_nchw_sum", "pooling_nhwc_max", "pooling_nchw_max"),
    *("pooling_nhwc_max_unsigned", "pooling_nhwc_min", "pooling_nhwc_min_unsigned"),
    *("pooling_nwc_sum", "pooling_ncw_sum", "pooling_nwc_max", "pooling_ncw_max"),
    *("pooling_nwc_max_unsigned", "pooling_nwc_min", "pooling_nwc_min_unsigned"),
    *("pooling_ndhwc_sum", "pooling_ndhwc_max", "pooling_ndhwc_min"),
)
"""Names of poolings: the letters are the axes of the image."""

_NAMED = frozenset(
    (*UNARY, *BINARY, "select", *CONTRACTIONS, *CONVOLUTIONS, *POOLINGS)
) | {"contract", "elementwise"}


class NamedOp(IRDLOperation):
    """A loop nest that its name tells. Its body is there in generic form only."""

    inputs = var_operand_def()
    outputs = var_operand_def()
    res = var_result_def()
    indexing_maps = opt_prop_def()
    cast = opt_prop_def()
    kind = opt_prop_def()
    strides = opt_prop_def()
    dilations = opt_prop_def()
    body = opt_region_def()
    irdl_options = (AttrSizedOperandSegments(as_property=True),)


@irdl_op_definition
class MapOp(IRDLOperation):
    """linalg.map { math.exp } ins(%a : memref<4xf64>) outs(%c : memref<4xf64>)"""

    name = "linalg.map"
    inputs = var_operand_def()
    outputs = var_operand_def()
    res = var_result_def()
    mapper = region_def("single_block")
    irdl_options = (AttrSizedOperandSegments(as_property=True),)


@irdl_op_definition
class SoftmaxOp(IRDLOperation):
    """linalg.softmax dimension(1) ins(%a : memref<4x3xf64>) outs(...)"""

    name = "linalg.softmax"
    input = operand_def()
    output = operand_def()
    res = var_result_def()
    dimension = prop_def()


@cache
def _named_class(name: str) -> type[Operation]:
    fields = {"name": f"linalg.{name}", "__doc__": NamedOp.__doc__}
    return irdl_op_definition(type(f"Named_{name}", (NamedOp,), fields))


class _Additions(Mapping[str, type[Operation]]):
    """All of them by name; a class is made when it is asked for."""

    def __getitem__(self, name: str) -> type[Operation]:
        for kind in (MapOp, SoftmaxOp):
            if name == kind.name:
                return kind
        short = name.removeprefix("linalg.")
        if short not in _NAMED:
            raise KeyError(name)
        return _named_class(short)

    def __iter__(self) -> Iterator[str]:
        return (f"linalg.{name}" for name in sorted({*_NAMED, "map", "softmax"}))

    def __len__(self) -> int:
        return len(_NAMED) + 2


ADDITIONS = _Additions()
"""Operation name to the class that stands for it."""
