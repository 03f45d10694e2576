"""How much each tape region of a function holds and moves, for given sizes."""

from dataclasses import dataclass
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.memory.aliasing import ancestors
from tapeflow.dialects.ad import FUSED
from tapeflow.dialects.record import LINE_BYTES
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp


@dataclass(frozen=True)
class RegionUse:
    """One region; counts are estimates and need not be whole."""

    allocate: AllocateOp
    fields: int
    stride_bytes: int
    pushes: float
    """Records pushed, and popped, in the whole run."""
    peak: float
    """Records held at a time."""
    chunks: float
    """Runs of the loops that push and pop directly: a tile ends at least there."""

    @property
    def pushed_lines(self) -> float:
        """Lines of all records ever pushed."""
        return self.pushes * self.stride_bytes / LINE_BYTES

    @property
    def peak_bytes(self) -> float:
        """Bytes held at a time."""
        return self.peak * self.stride_bytes

    @property
    def words(self) -> float:
        """Accesses that push and pop all fields."""
        return 2 * self.fields * self.pushes


def region_uses(function: FuncOp, estimates: IndexEstimates) -> list[RegionUse]:
    """The regions of a function in the order of their allocations."""
    allocations = [op for op in function.walk() if isinstance(op, AllocateOp)]
    return [_region_use(allocation, estimates) for allocation in allocations]


def _region_use(allocate: AllocateOp, estimates: IndexEstimates) -> RegionUse:
    moves = [use.operation for use in allocate.tape.uses]
    pushes = [op for op in moves if isinstance(op, PushOp)]
    pops = [op for op in moves if isinstance(op, PopOp)]
    pushed = sum(estimates.runs(op.parent) for op in pushes)
    fused = [loop for loop in _shared_loops(moves) if FUSED in loop.attributes]
    outer = estimates.runs(allocate.parent)
    times = max(outer, 1.0) * prod(
        estimates.trips(loop) for loop in fused if not loop.is_ancestor(allocate)
    )
    chunks = sum(map(estimates.runs, (_chunk_block(op) for op in (*pushes, *pops))))
    type_ = allocate.tape.type
    return RegionUse(
        allocate,
        len(type_.fields),
        type_.record_layout.stride_bytes,
        pushed,
        pushed / max(times, 1.0),
        chunks,
    )


def _shared_loops(ops: list[Operation]) -> list[scf.ForOp]:
    """The loops that hold all of some operations."""
    if not ops:
        return []
    loops = [op for op in ancestors(ops[0]) if isinstance(op, scf.ForOp)]
    return [loop for loop in loops if all(map(loop.is_ancestor, ops))]


def _chunk_block(move: Operation) -> Block | None:
    """The block whose runs begin a chunk: around the loop of a move, or the move's."""
    parent = move.parent_op()
    return parent.parent if isinstance(parent, scf.ForOp) else move.parent
