"""Decide what a gradient saves; load what stores overwrite where that is worth it."""

from collections.abc import Mapping

from xdsl.dialects import func
from xdsl.ir import Block, SSAValue

from tapeflow.analysis.differentiation.policy import TapePolicy
from tapeflow.analysis.differentiation.recall_plan import Recording, RecordingFinder
from tapeflow.analysis.differentiation.recall_prices import RecallPrices
from tapeflow.analysis.differentiation.recall_ways import Choice, RecallWays
from tapeflow.analysis.differentiation.saving_reasons import SavingReasons
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.differentiation.to_be_recorded import ReverseReads
from tapeflow.analysis.differentiation.value_restoration import find_undoable
from tapeflow.analysis.integers.executions import Executions
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.analysis.memory.overwriting import find_accesses
from tapeflow.transforms.differentiation.fuse_loops import FusedScope
from tapeflow.transforms.differentiation.load_overwritten import (
    drop_if_new,
    load_overwritten,
)


def decide_recording(
    function: func.FuncOp,
    facts: ReverseReads,
    fused: Mapping[Block, FusedScope],
    choices: Mapping[SSAValue, Choice],
    policy: TapePolicy,
) -> tuple[Recording, SavingReasons]:
    """The cheapest recording under a policy, and the reasons for what it saves.

    Args:
        choices: what is known of running extrema.
    """
    activity, entry = facts.activity, function.body.block
    buffers = activity.buffers
    bodies = (loop.op.body.block for scope in fused.values() for loop in scope.loops)
    scopes = Scopes(entry, bodies)
    accesses = find_accesses(function, buffers)
    undoable = find_undoable(function, activity, accesses, scopes)
    stores = [store for undo in undoable.values() for store in undo.stores]
    overwritten = load_overwritten(stores, buffers)
    order = ProgramOrder(function)
    ways = RecallWays(buffers, scopes, undoable, order, choices)
    prices = RecallPrices(policy, Executions(policy.assumed_trips), scopes)
    recording = RecordingFinder(
        order, facts.reads, ways, undoable, overwritten, prices
    ).find()
    for value in set(overwritten.values()) - recording.recalls.keys():
        drop_if_new(value, buffers)
    return recording, SavingReasons(recording, prices, buffers)
