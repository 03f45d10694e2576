"""Dialect `address`: the program computes where its accesses find their elements.

An address is base + (pointer + index + displacement) x element size, which a machine
forms on the way to memory. The pointer is an element's number to which the base of the
buffer has been added already; the index is a number of elements; the displacement is
part of the instruction. What else an address takes is arithmetic of the program.

    %v = address.load %A[%i, %j] at %row index %j plus 3 : memref<?x?xf64>

reads A[i, j], and promises that row + j + 3 is the number of that element, counted from
the first one of A. The subscripts are there to be checked: what computes nothing else
costs as little as the check itself.
"""

from abc import ABC
from typing import ClassVar, TypeAlias, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    I64,
    IndexType,
    IntegerAttr,
    MemRefType,
    i64,
)
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException

ADDRESS_FREE = "address.free"
"""Attribute of a `memref` access whose address is taken to cost nothing, for bounds."""


@irdl_op_definition
class PointOp(IRDLOperation):
    """Add the base of a buffer to the number of one of its elements.

    The result is the same number, as a pointer for accesses to this buffer. It may lie
    outside, since nothing is accessed.
    """

    name = "address.point"
    memref = operand_def(MemRefType)
    element = operand_def(IndexType())
    pointer = result_def(IndexType())
    traits = traits_def(Pure())
    assembly_format = "$memref `[` $element `]` attr-dict `:` type($memref)"

    def __init__(self, buffer: SSAValue, element: SSAValue):
        super().__init__(operands=[buffer, element], result_types=[IndexType()])


_PLACE = (
    "$memref `[` $indices `]` (`at` $pointer^)? (`index` $index^)? "
    "(`plus` $displacement^)? attr-dict `:` type($memref)"
)
"""The syntax of what both accesses say of their element."""


class _AccessOp(IRDLOperation, ABC):
    """One element by its subscripts, and where the program has computed that it is."""

    T: ClassVar = VarConstraint("T", AnyAttr())
    FIRST_SUBSCRIPT: ClassVar[int] = 1

    memref = operand_def(MemRefType.constr(T))
    indices = var_operand_def(IndexType())
    pointer = opt_operand_def(IndexType())
    index = opt_operand_def(IndexType())
    displacement = opt_prop_def(IntegerAttr[I64])
    """In elements; none is 0."""

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    @property
    def elements_ahead(self) -> int:
        """The displacement as a number."""
        return 0 if self.displacement is None else self.displacement.value.data

    @property
    def subscript_operands(self) -> range:
        """The numbers of the operands that are there to be checked."""
        return range(self.FIRST_SUBSCRIPT, self.FIRST_SUBSCRIPT + len(self.indices))

    def verify_(self) -> None:
        if len(cast(MemRefType, self.memref.type).get_shape()) != len(self.indices):
            raise VerifyException("expected one subscript for each dimension")


@irdl_op_definition
class LoadOp(_AccessOp):
    """Read an element."""

    name = "address.load"
    res = result_def(_AccessOp.T)
    traits = traits_def(MemoryReadEffect())
    assembly_format = _PLACE


@irdl_op_definition
class StoreOp(_AccessOp):
    """Write an element."""

    FIRST_SUBSCRIPT: ClassVar[int] = 2

    name = "address.store"
    value = operand_def(_AccessOp.T)
    traits = traits_def(MemoryWriteEffect())
    assembly_format = f"$value `,` {_PLACE}"


Place = tuple[SSAValue | None, SSAValue | None, int]
"""Pointer, index and displacement of an access."""


def with_address(
    access: memref.LoadOp | memref.StoreOp, place: Place
) -> LoadOp | StoreOp:
    """The same access, its address computed by the program."""
    pointer, index, displacement = place
    element = [
        access.memref,
        access.indices,
        [] if pointer is None else [pointer],
        [] if index is None else [index],
    ]
    ahead = IntegerAttr(displacement, i64) if displacement else None
    properties = {"displacement": ahead}
    if isinstance(access, memref.StoreOp):
        op = StoreOp(operands=[access.value, *element], properties=properties)
    else:
        type_ = access.res.type
        op = LoadOp(operands=element, properties=properties, result_types=[type_])
        op.res.name_hint = access.res.name_hint
    op.attributes |= access.attributes
    op.location = access.location
    return op


ElementAccess: TypeAlias = memref.LoadOp | memref.StoreOp | LoadOp | StoreOp
"""Accesses by subscripts, whether or not the address is computed beside."""

Address = Dialect("address", [PointOp, LoadOp, StoreOp], [])
