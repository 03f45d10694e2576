"""Records the micro-operations of a program as the compiled engine hands them over."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from xdsl.dialects.func import FuncOp
from xdsl.traits import SymbolTable

from hwmodel import UNWATCHED, Counters, Machine, run_events
from hwmodel.engine.state import Array, Sim
from tapeflow.backend.compiled import event_consumer
from tapeflow.backend.reference.run import make_simulation, reachable_rings
from tapeflow.tools.bench.cases import program_cases
from tapeflow.tools.pipelines.on_machine import fit_pipeline

from .trace import Node, Trace


@dataclass(frozen=True)
class Recording:
    """A program's trace, and what the compiled model counted for it."""

    trace: Trace
    machine: Machine
    """As the pipeline uses it."""
    counters: Counters


def record_program(
    name: str, size: str, pipeline: str, machine: Machine, seed: int = 0
) -> Recording:
    """Run the gradient of a benchmark program and keep its trace."""
    (case,) = program_cases((name,), size, seed)
    fitted = fit_pipeline(pipeline, machine)
    gradient = case.request.compile(fitted)
    machine = fitted.machine_of(gradient)
    with recording() as nodes:
        result = gradient.run(case.request.inputs, machine=machine)
    function = SymbolTable.lookup_symbol(gradient.module, gradient.function)
    assert isinstance(function, FuncOp) and result.counters is not None
    allocations = reachable_rings(gradient.module, function)
    rings = make_simulation(machine, allocations, UNWATCHED).rings
    return Recording(Trace(tuple(nodes), rings), machine, result.counters)


@contextmanager
def recording() -> Generator[list[Node]]:
    """A list that fills with the nodes of what runs on the compiled engine."""
    recorder = _Recorder()
    with mock.patch.object(event_consumer, "run_events", recorder.run_events):
        yield recorder.nodes


class _Recorder:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._producer: dict[int, int] = {}

    def run_events(
        self,
        sim: Sim,
        table: Array,
        segments: Array,
        times: Array,
        events: Array,
        n: int,
    ) -> int:
        """Note what the events say (see `hwmodel.run_events`), then run them."""
        words = iter(events[:n].tolist())
        rows, ends = table.tolist(), segments.tolist()
        for segment in words:
            for row in rows[ends[segment] : ends[segment + 1]]:
                self._note(row, next(words) if row[7] else 0)
        return int(run_events(sim, table, segments, times, events, n))

    def _note(self, row: list[int], address: int) -> None:
        kind, result, *slots, aux, _ = row
        operands = {self._producer[slot] for slot in slots if slot in self._producer}
        if result >= 0:
            self._producer[result] = len(self.nodes)
        self.nodes.append(Node(kind, tuple(sorted(operands)), address, aux))
