"""What an op of the program costs on the machine: the one definition of both engines.

An op costs a short chain of micro-operations; an op that costs none is listed as free;
an op that is neither is an error.

The price of an address is the same for all pipelines. To form base + index x element
size + displacement is part of an access and costs nothing. The rest is arithmetic: a
multiplication for each subscript whose stride is another than one element, and an
addition for each subscript behind the first. `memref.load` pays it where it stands:
`A[i, j]` costs a multiplication, an addition and the access. For `address.load` the
program computes it, with operations of its own. To check subscripts costs nothing, and
neither does what computes nothing else (`check_only`): engines give it no costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects import arith, cf, func, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, NoneAttr
from xdsl.ir import Attribute, Operation

from hwmodel import Operation as Kind
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.backend.runtime.scalar_types import storage_dtype
from tapeflow.backend.semantics.scalar_costs import SCALAR_COSTS
from tapeflow.dialects import ad, address, spm, stream, tape
from tapeflow.dialects.memref_additions import TransposeOp
from tapeflow.dialects.tape_attributes import TAPE_FREE
from tapeflow.dialects.tape_expect import ExpectOp

UNKNOWN_RING = -1
"""The `aux` of a DMA operation: the engine knows the ring's number, the op does not."""


@dataclass(frozen=True)
class MicroOperation:
    """One operation of the machine that an op of the program needs."""

    kind: int
    """A `hwmodel.Operation`, as a plain int."""
    operands: tuple[int, ...] = ()
    """Operands of the op, by number, that it waits for."""
    earlier: tuple[int, ...] = ()
    """Micro-operations of the same op, by number, that it waits for."""
    has_address: bool = False
    """Whether it takes the address of the op's one access."""
    aux: int = 0
    """Bytes of an access, ring of a transfer or of what begins."""


Costs = tuple[MicroOperation, ...]


def micro_operations(op: Operation) -> Costs:
    """The micro-operations of an op in issue order; its results wait for the last.

    Loops, branches, calls and `memref.copy` have costs of their own: see `timing`.

    Raises:
        ExecutionError: the op has no machine cost.
    """
    if type(op) in _FREE:
        return ()
    if TAPE_FREE in op.attributes:
        return _waived(op)
    if type(op) in SCALAR_COSTS:
        return _chained(SCALAR_COSTS[type(op)](op), len(op.operands))
    rule = _RULES.get(type(op))
    if rule is not None:
        return rule(op)
    help_text = (
        "abstract tape ops have no machine cost: lower them with a pipeline first"
        if isinstance(op, _ABSTRACT)
        else "run it without a machine, or write it with ops that have one"
    )
    raise ExecutionError(
        f"no machine cost for '{op.name}'; {help_text}", location_of(op)
    )


def _waived(op: Operation) -> Costs:
    """Rows that cost nothing: the results of a freed op wait for its operands alone.

    They stand in the place of those that cost, so that what the engine compiles does
    not depend on what is free.
    """
    operands = tuple(range(len(op.operands)))
    if isinstance(op, memref.LoadOp | tape.LoadOp):
        width = stored_bytes(op.results[0].type)
        return (MicroOperation(int(Kind.FREE_LOAD), operands, (), True, width),)
    if isinstance(op, memref.StoreOp | tape.StoreOp):
        width = stored_bytes(op.operands[0].type)
        return (MicroOperation(int(Kind.FREE_STORE), operands, (), True, width),)
    return (MicroOperation(int(Kind.MOVE), operands),)


def _chained(kinds: tuple[Kind, ...], operands: int) -> Costs:
    """Each waits for the one before; the first also for all operands."""
    first = MicroOperation(int(kinds[0]), tuple(range(operands)))
    others = (
        MicroOperation(int(kind), earlier=(i,)) for i, kind in enumerate(kinds[1:])
    )
    return (first, *others)


def stored_bytes(element: Attribute) -> int:
    """Stored width of a buffer element or record field.

    Raises:
        ExecutionError: no buffer holds values of this type.
    """
    dtype = storage_dtype(element)
    if dtype is None:
        raise ExecutionError(f"no memory holds values of type {element}")
    return dtype.itemsize


def _element_access(op: Operation, kind: Kind, memref_operand: int) -> Costs:
    """The arithmetic of the address, then the access."""
    first_index = memref_operand + 1
    type_ = cast(MemRefType[Any], op.operands[memref_operand].type)
    strides = _strides(type_)
    linearise = _by_horner if strides is None else _by_strides
    chain, index = linearise(strides or (1,) * len(type_.get_shape()), first_index)
    if address.ADDRESS_FREE in op.attributes:
        chain, index = [], range(first_index, len(op.operands))
    earlier = (len(chain) - 1,) if chain else ()
    operands = (*range(first_index), *(() if chain else index))
    width = stored_bytes(type_.element_type)
    return (*chain, MicroOperation(int(kind), operands, earlier, True, width))


def _strides(type_: MemRefType[Any]) -> tuple[int | None, ...] | None:
    """In elements, None where known at run time; None of a row-major buffer."""
    strides = None if isinstance(type_.layout, NoneAttr) else type_.get_strides()
    return None if strides is None else tuple(strides)


def _by_horner(
    strides: Sequence[int | None], first: int
) -> tuple[list[MicroOperation], tuple[int, ...]]:
    """((i * n1 + j) * n2 + k): the sizes are known at launch."""
    chain: list[MicroOperation] = []
    for index in range(first + 1, first + len(strides)):
        above = () if chain else (first,)
        after = (len(chain) - 1,) if chain else ()
        chain.append(MicroOperation(int(Kind.INT_MUL), above, after))
        chain.append(MicroOperation(int(Kind.INT_ADD), (index,), (len(chain) - 1,)))
    return chain, (first,) if strides else ()


def _by_strides(
    strides: Sequence[int | None], first: int
) -> tuple[list[MicroOperation], tuple[int, ...]]:
    """i * s0 + j * s1, without multiplications by one element."""
    chain: list[MicroOperation] = []
    operands: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()
    for number, stride in enumerate(strides):
        term, product = (first + number,), ()
        if stride != 1:
            chain.append(MicroOperation(int(Kind.INT_MUL), term))
            term, product = (), (len(chain) - 1,)
        if number:
            sum_ = MicroOperation(
                int(Kind.INT_ADD), (*operands, *term), (*earlier, *product)
            )
            chain.append(sum_)
            term, product = (), (len(chain) - 1,)
        operands, earlier = term, product
    return chain, operands


def _addressed_access(kind: Kind) -> Callable[[Operation], Costs]:
    """The access alone; it waits for its address, not for what is only checked."""

    def rule(op: Operation) -> Costs:
        access = cast(address.LoadOp | address.StoreOp, op)
        checked = access.subscript_operands
        operands = tuple(n for n in range(len(op.operands)) if n not in checked)
        element = cast(MemRefType[Any], access.memref.type).element_type
        width = stored_bytes(element)
        return (MicroOperation(int(kind), operands, (), True, width),)

    return rule


def _field_access(kind: Kind) -> Callable[[Operation], Costs]:
    def rule(op: Operation) -> Costs:
        access = cast(tape.StoreOp | tape.LoadOp | spm.StoreOp | spm.LoadOp, op)
        width = stored_bytes(access.value.type)
        operands = tuple(range(len(op.operands)))
        return (MicroOperation(int(kind), operands, (), True, width),)

    return rule


def _transfer(kind: Kind) -> Callable[[Operation], Costs]:
    costs = (MicroOperation(int(kind), (0, 1), (), True, UNKNOWN_RING),)
    return lambda _op: costs


def _subview(op: Operation) -> Costs:
    """The offset of the view: one multiply-add per dimension that moves it."""
    chain: list[MicroOperation] = []
    dynamic = 1
    for offset in cast(memref.SubviewOp, op).static_offsets.iter_values():
        after = (len(chain) - 1,) if chain else ()
        if offset == DYNAMIC_INDEX:
            chain.append(MicroOperation(int(Kind.INT_MUL), (0, dynamic)))
            product = len(chain) - 1
            chain.append(MicroOperation(int(Kind.INT_ADD), (0,), (*after, product)))
            dynamic += 1
        elif offset != 0:
            chain.append(MicroOperation(int(Kind.INT_ADD), (0,), after))
    return tuple(chain)


def _reinterpret(op: Operation) -> Costs:
    """The offset of the view, unless it begins where the buffer does."""
    (offset,) = cast(memref.ReinterpretCastOp, op).static_offsets.iter_values()
    operands = (0, 1) if offset == DYNAMIC_INDEX else (0,)
    return (MicroOperation(int(Kind.INT_ADD), operands),) if offset else ()


_RULES: dict[type[Operation], Callable[[Operation], Costs]] = {
    memref.LoadOp: lambda op: _element_access(op, Kind.LOAD, 0),
    memref.StoreOp: lambda op: _element_access(op, Kind.STORE, 1),
    address.LoadOp: _addressed_access(Kind.LOAD),
    address.StoreOp: _addressed_access(Kind.STORE),
    address.PointOp: lambda _op: (MicroOperation(int(Kind.INT_ADD), (0, 1)),),
    memref.ReinterpretCastOp: _reinterpret,
    memref.SubviewOp: _subview,
    tape.LoadOp: _field_access(Kind.LOAD),
    tape.StoreOp: _field_access(Kind.STORE),
    spm.LoadOp: _field_access(Kind.SPM_LOAD),
    spm.StoreOp: _field_access(Kind.SPM_STORE),
    spm.AllocateOp: lambda _op: (
        MicroOperation(int(Kind.BEGIN), (0,), aux=UNKNOWN_RING),
    ),
    spm.DrainOp: _transfer(Kind.DRAIN),
    spm.FillOp: _transfer(Kind.FILL),
    stream.EnqueueOp: _transfer(Kind.ENQUEUE),
    stream.AcquireOp: _transfer(Kind.ACQUIRE),
    stream.PrefetchOp: _transfer(Kind.PREFETCH),
    stream.DequeueOp: _transfer(Kind.DEQUEUE),
    stream.ReloadOp: _transfer(Kind.RELOAD),
    ad.TurnOp: lambda _op: (MicroOperation(int(Kind.TURN)),),
}

_FREE: frozenset[type[Operation]] = frozenset(
    (
        arith.ConstantOp,
        cf.AssertOp,
        func.CallOp,
        func.ReturnOp,
        memref.AllocOp,
        memref.AllocaOp,
        memref.AssumeAlignmentOp,
        memref.CastOp,
        memref.CollapseShapeOp,
        memref.CopyOp,
        memref.DeallocOp,
        memref.DimOp,
        memref.ExpandShapeOp,
        memref.GetGlobalOp,
        memref.MemorySpaceCastOp,
        memref.RankOp,
        TransposeOp,
        scf.ConditionOp,
        scf.ExecuteRegionOp,
        scf.ForOp,
        scf.IfOp,
        scf.IndexSwitchOp,
        scf.WhileOp,
        scf.YieldOp,
        tape.AllocateArenaOp,
        tape.DeallocateArenaOp,
        ExpectOp,
    )
)
"""Known at launch, immediates, or charged by `timing` as they run."""

_ABSTRACT: tuple[type[Operation], ...] = (
    ad.GradientOp,
    spm.AdvanceOp,
    spm.RetreatOp,
    tape.AdvanceOp,
    tape.AllocateOp,
    tape.PopOp,
    tape.PushOp,
    tape.ReserveOp,
    tape.RetreatOp,
    tape.StackOp,
)
