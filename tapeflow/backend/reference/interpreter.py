"""The reference engine: xDSL's interpreter with times and exact memory.

It defines what programs mean at every level. Operations of a kind have their functions
in a file of its own (`control.py`, ...); this file runs blocks and calls, looks up what
each op needs once per block, and keeps the ready time of every value beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import func, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, InterpreterFunctions
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import SymbolTable

from tapeflow.analysis.addresses.check_only import check_only
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.backend.runtime.run_memory import RunMemory
from tapeflow.backend.semantics.micro_operations import Costs, micro_operations
from tapeflow.backend.semantics.timing import Clock

MAX_CALL_DEPTH = 64
_TERMINATORS = (scf.YieldOp, scf.ConditionOp, func.ReturnOp)

Implementation = Callable[..., Any]
"""Of one op class: (functions, interpreter, op, operand values) to an OpImplResult."""


@dataclass(frozen=True, slots=True)
class Step:
    """One op of a block, with its values' places in the frame of its function."""

    op: Operation
    run: Implementation
    functions: InterpreterFunctions
    operands: tuple[int, ...]
    results: tuple[int, ...]
    costs: Costs | None
    """None for ops that keep time themselves, and without a machine."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """A block: its arguments, its ops, and what its terminator yields."""

    arguments: tuple[int, ...]
    steps: tuple[Step, ...]
    yielded: tuple[int, ...]


class Frame:
    """Values and ready times of one call, by place."""

    __slots__ = ("times", "values")

    def __init__(self, size: int):
        self.values: list[Any] = [None] * size
        self.times: list[int] = [0] * size


class ReferenceInterpreter(Interpreter):
    """Runs functions of one module once, with one memory and one clock."""

    def __init__(
        self,
        module: ModuleOp,
        functions: Iterable[InterpreterFunctions],
        memory: RunMemory,
        clock: Clock,
    ):
        super().__init__(module)
        self.memory = memory
        self.clock = clock
        self.address = 0
        """Address of the access of the last memory op, for the clock."""
        self.ring_number = 0
        """Ring of the last DMA op, for the clock."""
        self._implementations: dict[
            type[Operation], tuple[InterpreterFunctions, Implementation]
        ] = {}
        self._own_time: set[type[Operation]] = set()
        for dialect_functions in functions:
            self._register(dialect_functions)
        self._plans: dict[Block, BlockPlan] = {}
        self._unpriced: set[Operation] = set()
        self._places: dict[func.FuncOp, dict[SSAValue, int]] = {}
        self._current_places: dict[SSAValue, int] = {}
        self._frame = Frame(0)
        self._depth = 0

    def call(
        self, name: str, arguments: Sequence[Any], times: Sequence[int]
    ) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """Run a function of the module: its results and when they are ready.

        Raises:
            ExecutionError: the program cannot run on.
        """
        function = SymbolTable.lookup_symbol(self.module, name)
        if not isinstance(function, func.FuncOp) or function.is_declaration:
            raise ExecutionError(f"there is no function @{name} with a body to run")
        if self._depth == MAX_CALL_DEPTH:
            raise ExecutionError(
                f"calls nest more than {MAX_CALL_DEPTH} deep; @{name} may call itself"
            )
        outer = self._frame, self._current_places
        self._current_places = self._places_in(function)
        self._frame = Frame(len(self._current_places))
        self._depth += 1
        result = self.run_block(function.body.blocks[0], arguments, times)
        self._depth -= 1
        self._frame, self._current_places = outer
        return result

    def run_block(
        self, block: Block, arguments: Sequence[Any], times: Sequence[int]
    ) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """Run a block: what its terminator yields, and when that is ready."""
        plan = self._plans.get(block) or self._plan(block)
        frame = self._frame
        values, ready = frame.values, frame.times
        for place, value, time in zip(plan.arguments, arguments, times, strict=True):
            values[place] = value
            ready[place] = time
        for step in plan.steps:
            operands = tuple([values[place] for place in step.operands])
            try:
                outcome = step.run(step.functions, self, step.op, operands)
            except ExecutionError as error:
                if error.location is None:
                    error.location = location_of(step.op)
                raise
            for place, value in zip(step.results, outcome.values, strict=True):
                values[place] = value
            if step.costs is not None:
                self._charge(step, ready)
        yielded = plan.yielded
        return tuple([values[i] for i in yielded]), tuple([ready[i] for i in yielded])

    def times_of(self, values: Iterable[SSAValue]) -> tuple[int, ...]:
        """When values of the running function are ready."""
        return tuple([self._frame.times[self._current_places[v]] for v in values])

    def set_times(self, values: Iterable[SSAValue], times: Iterable[int]) -> None:
        """Note when the results of an op that keeps time itself are ready."""
        for value, time in zip(values, times, strict=True):
            self._frame.times[self._current_places[value]] = time

    def _charge(self, step: Step, ready: list[int]) -> None:
        times = [ready[place] for place in step.operands]
        if step.costs:
            done = self.clock.issue_all(
                step.costs, times, self.address, self.ring_number
            )
        else:
            done = max(times, default=0)
        for place in step.results:
            ready[place] = done

    def _register(self, functions: InterpreterFunctions) -> None:
        for op_class, implementation in functions._impls():  # pyright: ignore[reportPrivateUsage]
            self._implementations[op_class] = (functions, implementation)
            if getattr(functions, "keeps_time", False):
                self._own_time.add(op_class)

    def _places_in(self, function: func.FuncOp) -> dict[SSAValue, int]:
        places = self._places.get(function)
        if places is None:
            places = {}
            for op in function.walk():
                for region in op.regions:
                    for block in region.blocks:
                        for argument in block.args:
                            places[argument] = len(places)
                for result in op.results:
                    places[result] = len(places)
            self._places[function] = places
            if self.clock.is_running:
                self._unpriced |= check_only(function)
        return places

    def _plan(self, block: Block) -> BlockPlan:
        *body, terminator = block.ops
        if not isinstance(terminator, _TERMINATORS):
            raise ExecutionError(
                f"no engine runs '{terminator.name}'; write the control flow with scf",
                location_of(terminator),
            )
        places = self._current_places
        plan = BlockPlan(
            tuple(places[argument] for argument in block.args),
            tuple(self._step(op) for op in body),
            tuple(places[operand] for operand in terminator.operands),
        )
        self._plans[block] = plan
        return plan

    def _costs(self, op: Operation) -> Costs:
        return () if op in self._unpriced else micro_operations(op)

    def _step(self, op: Operation) -> Step:
        entry = self._implementations.get(type(op))
        if entry is None:
            raise ExecutionError(
                f"no engine runs '{op.name}'; see docs/differentiation.md for the "
                "operations that have a meaning",
                location_of(op),
            )
        functions, implementation = entry
        is_timed = self.clock.is_running and type(op) not in self._own_time
        places = self._current_places
        return Step(
            op,
            implementation,
            functions,
            tuple(places[operand] for operand in op.operands),
            tuple(places[result] for result in op.results),
            self._costs(op) if is_timed else None,
        )
