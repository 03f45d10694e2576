"""Reference engine: structured control flow. `timing` says when things run."""

from typing import cast

from xdsl.dialects import scf
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation, Region

from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.runtime.execution_error import ExecutionError, wrong_step
from tapeflow.dialects.tape_attributes import TAPE_FREE


@register_impls
class ScfFunctions(InterpreterFunctions):
    """Loops and branches."""

    keeps_time = True

    @impl(scf.ForOp)
    def run_for(
        self, interpreter: Interpreter, op: scf.ForOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        lower, upper, step, *carried = args
        if step <= 0:
            raise ExecutionError(wrong_step(step))
        ready, *times = run.times_of(op.operands)
        outer = run.clock.control
        control = max(outer, ready, *times[:2])
        yielded, times = tuple(carried), tuple(times[2:])
        run.clock.control = control
        is_free = TAPE_FREE in op.attributes
        for index in range(lower, upper, step):
            following = run.clock.iterate(ready, is_free)
            yielded, times = run.run_block(
                op.body.block, (index, *yielded), (ready, *times)
            )
            ready = following
        run.clock.control = outer
        run.set_times(op.results, times)
        return yielded

    @impl(scf.WhileOp)
    def run_while(
        self, interpreter: Interpreter, op: scf.WhileOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        outer = run.clock.control
        values, times = args, run.times_of(op.operands)
        while True:
            (condition, *forwarded), (decided, *forwarded_times) = run.run_block(
                op.before_region.block, values, times
            )
            run.clock.control = control = max(run.clock.control, decided)
            if not condition:
                break
            values, times = run.run_block(
                op.after_region.block, forwarded, forwarded_times
            )
        run.clock.control = outer
        run.set_times(op.results, [max(time, control) for time in forwarded_times])
        return tuple(forwarded)

    @impl(scf.IfOp)
    def run_if(
        self, interpreter: Interpreter, op: scf.IfOp, args: PythonValues
    ) -> PythonValues:
        region = op.true_region if args[0] else op.false_region
        return _branch(cast(ReferenceInterpreter, interpreter), op, region)

    @impl(scf.IndexSwitchOp)
    def run_index_switch(
        self, interpreter: Interpreter, op: scf.IndexSwitchOp, args: PythonValues
    ) -> PythonValues:
        cases = dict(zip(op.cases.iter_values(), op.case_regions, strict=True))
        region = cases.get(args[0], op.default_region)
        return _branch(cast(ReferenceInterpreter, interpreter), op, region)

    @impl(scf.ExecuteRegionOp)
    def run_execute_region(
        self, interpreter: Interpreter, op: scf.ExecuteRegionOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        values, times = run.run_block(op.region.blocks[0], (), ())
        run.set_times(op.results, times)
        return values


def _branch(run: ReferenceInterpreter, op: Operation, region: Region) -> PythonValues:
    """Run the region that the op's operand chose; results wait for the choice."""
    if not region.blocks:
        return ()
    outer = run.clock.control
    control = max(outer, *run.times_of(op.operands))
    run.clock.control = control
    values, times = run.run_block(region.block, (), ())
    run.clock.control = outer
    run.set_times(op.results, [max(time, control) for time in times])
    return values
