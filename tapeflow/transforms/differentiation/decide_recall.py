"""Decide what a gradient saves; load what stores overwrite where that is worth it.

memref.store %new, %x[%i]      ==>      %old = memref.load %x[%i]
                                        memref.store %new, %x[%i]
"""

from collections.abc import Iterable, Mapping

from xdsl.dialects import func, memref
from xdsl.ir import Block, SSAValue

from tapeflow.analysis.differentiation.policy import TapePolicy
from tapeflow.analysis.differentiation.recall_plan import RecallPlan, RecallPlanner
from tapeflow.analysis.differentiation.recall_prices import RecallPrices
from tapeflow.analysis.differentiation.recall_ways import Choice, RecallWays
from tapeflow.analysis.differentiation.saving_reasons import SavingReasons
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.differentiation.to_be_recorded import ReverseReads
from tapeflow.analysis.differentiation.value_restoration import find_undoable
from tapeflow.analysis.integers.estimates import Executions
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.analysis.memory.overwriting import find_accesses
from tapeflow.transforms.building.index_builder import hint_of
from tapeflow.transforms.differentiation.fuse_loops import FusedScope


def decide_recall(
    function: func.FuncOp,
    facts: ReverseReads,
    fused: Mapping[Block, FusedScope],
    choices: Mapping[SSAValue, Choice],
    policy: TapePolicy,
) -> tuple[RecallPlan, SavingReasons]:
    """The cheapest plan under a policy, and the reasons for what it saves.

    Args:
        choices: what is known of running extrema.
    """
    activity, entry = facts.activity, function.body.block
    buffers = activity.buffers
    bodies = (loop.op.body.block for scope in fused.values() for loop in scope.loops)
    scopes = Scopes(entry, bodies)
    accesses = find_accesses(function, buffers)
    later = LaterWrites(buffers)
    undoable = find_undoable(function, activity, accesses, scopes, later)
    stores = [store for undo in undoable.values() for store in undo.stores]
    overwritten = load_overwritten(stores, buffers)
    order = ProgramOrder(function)
    ways = RecallWays(buffers, scopes, undoable, order, later, choices)
    prices = RecallPrices(policy, Executions(policy.assumed_trips), scopes)
    plan = RecallPlanner(order, facts.reads, ways, undoable, overwritten, prices).plan()
    for value in set(overwritten.values()) - plan.recalls.keys():
        drop_if_new(value, buffers)
    return plan, SavingReasons(plan, prices, buffers)


def load_overwritten(
    stores: Iterable[memref.StoreOp], buffers: Buffers
) -> dict[memref.StoreOp, SSAValue]:
    """By store what it overwrites: a value that is loaded anyway, or a new one."""
    overwritten: dict[memref.StoreOp, SSAValue] = {}
    for block, inside in _by_block(stores).items():
        overwritten |= _loaded_before(block, inside, buffers)
        new = (store for store in inside if store not in overwritten)
        overwritten |= {store: _load(store) for store in new}
    return overwritten


def _by_block(
    stores: Iterable[memref.StoreOp],
) -> dict[Block, list[memref.StoreOp]]:
    by_block: dict[Block, list[memref.StoreOp]] = {}
    for store in stores:
        assert store.parent is not None
        by_block.setdefault(store.parent, []).append(store)
    return by_block


def _loaded_before(
    block: Block, stores: Iterable[memref.StoreOp], buffers: Buffers
) -> dict[memref.StoreOp, SSAValue]:
    """Of some stores in a block, those whose element has been loaded right before.

    No write to the buffer lies between load and store.
    """
    wanted, found = set(stores), dict[memref.StoreOp, SSAValue]()
    watched = {buffers.of(store.memref) for store in wanted}
    loaded: dict[SSAValue, dict[tuple[SSAValue, ...], SSAValue]] = {}
    for op in block.ops:
        match op:
            case memref.LoadOp():
                here = loaded.setdefault(buffers.of(op.memref), {})
                here[op.memref, *op.indices] = op.res
            case memref.StoreOp():
                here = loaded.pop(buffers.of(op.memref), {})
                known = here.get((op.memref, *op.indices))
                if op in wanted and known is not None:
                    found[op] = known
            case _ if op.regions:
                for buffer in watched:
                    if op in buffers.around_writes[buffer]:
                        loaded.pop(buffer, None)
            case _:
                pass
    return found


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
