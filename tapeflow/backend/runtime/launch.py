"""What either engine prepares before the first operation: rings, and the machine."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from hwmodel import Machine, MachineError, Ring, Simulation, SimulationError, Watch
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.streams.shared_rings import shared_by_calls, shared_inside
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.dialects import spm


def reachable_rings(module: ModuleOp, function: FuncOp) -> tuple[spm.AllocateOp, ...]:
    """The rings of a function and all it calls; a ring's number is its position.

    The order is that of the module's text.
    """
    components = CallGraph(module).components(function)
    reached = {member for component in components for member in component}
    return tuple(
        op
        for candidate in operations_in(module)
        if isinstance(candidate, FuncOp) and candidate in reached
        for op in operations_in(candidate)
        if isinstance(op, spm.AllocateOp)
    )


def shared_scratchpad(module: ModuleOp, function: FuncOp) -> dict[Operation, str]:
    """By operation of a function, or of one it calls, how it takes a used ring's bytes.

    These are calls, and allocations of rings.
    """
    graph = CallGraph(module)
    return {
        shared.where: f"a ring is in use here: {shared.reason}; give each ring "
        "bytes of its own, as assign-scratchpad does"
        for component in graph.components(function)
        for member in component
        for shared in (*shared_by_calls(member, graph), *shared_inside(member))
        if shared.is_certain
    }


def make_simulation(
    machine: Machine, allocations: Sequence[spm.AllocateOp], watch: Watch
) -> Simulation:
    """The machine at work, with rings numbered by position.

    Raises:
        ExecutionError: the rings do not fit its scratchpad.
    """
    types = [allocation.ring.type for allocation in allocations]
    rings = tuple(
        Ring(t.tile_bytes, t.slots.data, t.pitch_bytes, t.base.data) for t in types
    )
    try:
        return Simulation(machine, rings, watch)
    except (SimulationError, MachineError) as error:
        raise ExecutionError(str(error)) from error
