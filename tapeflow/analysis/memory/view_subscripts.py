"""Which element of what it is a view of an access means, where views keep subscripts.

%row = memref.subview %A[%i, 0] [1, %n] [1, 1]      %row[%j] is %A[%i, 0 + 1 * %j]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import memref
from xdsl.dialects.builtin import DenseArrayBase
from xdsl.ir import SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.memory.views import in_order
from tapeflow.dialects.address import ElementAccess

_SAME_SUBSCRIPTS = (
    memref.AssumeAlignmentOp,
    memref.CastOp,
    memref.MemorySpaceCastOp,
)


@dataclass(frozen=True)
class Element:
    """An element of a buffer, by forms of its subscripts."""

    buffer: SSAValue
    subscripts: Sequence[Polynomial]


def element_of(access: ElementAccess, forms: SubscriptForms) -> Element:
    """What a load or store accesses, named by the widest memref that can be told."""
    element = Element(access.memref, [*map(forms.form, access.indices)])
    while (source := _behind(element, forms)) is not None:
        element = source
    return element


def _behind(element: Element, forms: SubscriptForms) -> Element | None:
    """The same element of what a memref is directly a view of."""
    match element.buffer.owner:
        case memref.SubviewOp() as part:
            return _in_source(part, element.subscripts, forms)
        case op if isinstance(op, _SAME_SUBSCRIPTS):
            return Element(op.operands[0], element.subscripts)
        case _:
            return None


def _in_source(
    part: memref.SubviewOp, subscripts: Sequence[Polynomial], forms: SubscriptForms
) -> Element | None:
    offsets = _forms(part.static_offsets, part.offsets, forms)
    strides = _forms(part.static_strides, part.strides, forms)
    kept = _kept(part)
    if kept is None:
        return None
    inside = [*offsets]
    for axis, subscript in zip(kept, subscripts, strict=True):
        way = poly.multiply(strides[axis], subscript)
        inside[axis] = poly.add(offsets[axis], way)
    return Element(part.source, inside)


def _kept(part: memref.SubviewOp) -> Sequence[int] | None:
    """The dimensions of the source that the view has; None where that is not clear."""
    sizes = in_order(part.static_sizes, part.sizes)
    rank = len(part.result.type.get_shape())
    if rank == len(sizes):
        return range(rank)
    wide = [axis for axis, size in enumerate(sizes) if size != 1]
    return wide if len(wide) == rank else None


def _forms(
    static: DenseArrayBase[Any], dynamic: Sequence[SSAValue], forms: SubscriptForms
) -> list[Polynomial]:
    return [
        poly.constant(number) if isinstance(number, int) else forms.form(number)
        for number in in_order(static, dynamic)
    ]
