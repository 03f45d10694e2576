"""Load what stores overwrite, so that it can be saved.

memref.store %new, %x[%i]      ==>      %old = memref.load %x[%i]
                                        memref.store %new, %x[%i]
"""

from collections.abc import Iterable

from xdsl.dialects import memref
from xdsl.ir import SSAValue

from tapeflow.analysis.buffers import Buffers
from tapeflow.transforms.adjoint_builder import hint_of


def load_overwritten(
    stores: Iterable[memref.StoreOp], buffers: Buffers
) -> dict[memref.StoreOp, SSAValue]:
    """By store a value that is what it overwrites: one that is loaded anyway, or new."""
    return {store: _loaded_before(store, buffers) or _load(store) for store in stores}


def _loaded_before(store: memref.StoreOp, buffers: Buffers) -> SSAValue | None:
    """A load of the element in front of a store without a write between them."""
    buffer = buffers.of(store.memref)
    holders = buffers.around_writes[buffer]
    op = store.prev_op
    while op is not None and op not in holders:
        if isinstance(op, memref.LoadOp) and op.memref is store.memref:
            if all(one is two for one, two in zip(op.indices, store.indices, strict=True)):
                return op.res
        if isinstance(op, memref.StoreOp) and buffers.of(op.memref) is buffer:
            return None
        op = op.prev_op
    return None


def _load(store: memref.StoreOp) -> SSAValue:
    load = memref.LoadOp.get(store.memref, store.indices)
    load.location = store.location
    load.res.name_hint = hint_of(store.memref, "old_")
    block = store.parent
    assert block is not None
    block.insert_op_before(load, store)
    return load.res


def drop_if_new(value: SSAValue, buffers: Buffers) -> None:
    """Take a load out again if it was put in for a store only."""
    load = value.owner
    assert isinstance(load, memref.LoadOp)
    if load not in buffers.order:
        load.detach()
        load.erase()
