"""Loops, branches and calls as Python statements.

%s = scf.for %i = %lo to %hi step %c1        s = zero
    iter_args(%acc = %zero) -> (f64) {       for i in range(lo, hi, 1):
  %t = arith.addf %acc, %x : f64        =>       t = s + x
  scf.yield %t : f64                             s = t
}
"""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import cf, scf
from xdsl.dialects.func import CallOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.runtime.execution_error import wrong_step


def _variables(
    emitter: FunctionEmitter, values: Sequence[SSAValue], wish: str
) -> list[str]:
    """Declare variables for values that several blocks assign."""
    return [name for value in values for name, _ in emitter.declare(value, wish)]


def _share(
    emitter: FunctionEmitter, values: Sequence[SSAValue], sources: Sequence[SSAValue]
) -> None:
    """Values that live in the same variables as others of their types."""
    for value, source in zip(values, sources, strict=True):
        emitter.meanings[value] = emitter.meanings[source]


def _for(emitter: FunctionEmitter, op: Operation) -> None:
    loop = cast(scf.ForOp, op)
    first, bound, step = emitter.scalars((loop.lb, loop.ub, loop.step))
    index, *carried = loop.body.block.args
    if not step.isdigit() or step == "0":
        emitter.check(f"0 < {step}", op, wrong_step("{0}"), step)
    targets = _variables(emitter, carried, "carried")
    emitter.move(targets, emitter.parts(loop.iter_args))
    name = emitter.names.of(index, "i")
    emitter.meanings[index] = name
    timeline = emitter.timeline
    if timeline is not None:
        timeline.enter_for(loop)
        emitter.flush_events()
    emitter.line(f"for {name} in range({first}, {bound}, {step}):")
    if timeline is not None:
        timeline.begin_iteration(loop)
    emitter.body(loop.body.block)
    emitter.depth += 1
    if timeline is not None:
        timeline.end_iteration(loop)
        emitter.flush_events()
    emitter.move(targets, emitter.parts(yielded(loop.body.block)))
    _never_empty(emitter)
    emitter.depth -= 1
    _share(emitter, loop.res, carried)
    if timeline is not None:
        timeline.leave_for(loop)


def _never_empty(emitter: FunctionEmitter) -> None:
    """Python wants a statement in every block."""
    if emitter.lines[-1].endswith(":"):
        emitter.line("pass")


def _while(emitter: FunctionEmitter, op: Operation) -> None:
    loop = cast(scf.WhileOp, op)
    before, after = loop.before_region.block, loop.after_region.block
    condition = before.last_op
    assert isinstance(condition, scf.ConditionOp)
    targets = _variables(emitter, before.args, "carried")
    emitter.move(targets, emitter.parts(loop.arguments))
    timeline = emitter.timeline
    if timeline is not None:
        timeline.enter_while(loop)
        emitter.flush_events()
    emitter.line("while True:")
    emitter.body(before)
    emitter.depth += 1
    if timeline is not None:
        timeline.end_before(loop)
        emitter.flush_events()
    passed = _variables(emitter, after.args, "passed")
    emitter.move(passed, emitter.parts(yielded(before)))
    emitter.line(f"if not {emitter.scalar(condition.condition)}:")
    emitter.line("    break")
    emitter.depth -= 1
    emitter.body(after)
    emitter.depth += 1
    if timeline is not None:
        timeline.end_after(loop)
        emitter.flush_events()
    emitter.move(targets, emitter.parts(yielded(after)))
    emitter.depth -= 1
    _share(emitter, loop.res, after.args)
    if timeline is not None:
        timeline.leave_while()


def _branches(
    emitter: FunctionEmitter,
    op: Operation,
    cases: Sequence[tuple[str, Block | None]],
    waits_for: SSAValue,
) -> None:
    """Blocks of which one runs and assigns the op's results."""
    targets = _variables(emitter, op.results, "chosen")
    timeline = emitter.timeline
    if timeline is not None:
        timeline.enter_branches(op, waits_for)
        emitter.flush_events()
    for header, block in cases:
        if block is None or (len(block.ops) == 1 and not op.results):
            if not header.startswith("if"):
                continue
            block = None
        emitter.line(header)
        emitter.depth += 1
        if block is not None:
            emitter.block(block)
            if timeline is not None:
                timeline.end_branch(op, yielded(block))
                emitter.flush_events()
            emitter.move(targets, emitter.parts(yielded(block)))
        _never_empty(emitter)
        emitter.depth -= 1
    if timeline is not None:
        timeline.leave_branches()


def _if(emitter: FunctionEmitter, op: Operation) -> None:
    branch = cast(scf.IfOp, op)
    otherwise = branch.false_region.blocks
    cases = [
        (f"if {emitter.scalar(branch.cond)}:", branch.true_region.block),
        ("else:", otherwise[0] if len(otherwise) else None),
    ]
    _branches(emitter, op, cases, branch.cond)


def _index_switch(emitter: FunctionEmitter, op: Operation) -> None:
    switch = cast(scf.IndexSwitchOp, op)
    value = emitter.scalar(switch.arg)
    cases: list[tuple[str, Block | None]] = []
    numbers = switch.cases.get_values()
    for number, region in zip(numbers, switch.case_regions, strict=True):
        word = "elif" if cases else "if"
        cases.append((f"{word} {value} == {number}:", region.block))
    cases.append(("else:" if cases else "if True:", switch.default_region.block))
    _branches(emitter, op, cases, switch.arg)


def _execute_region(emitter: FunctionEmitter, op: Operation) -> None:
    block = cast(scf.ExecuteRegionOp, op).region.block
    emitter.block(block)
    _share(emitter, op.results, yielded(block))
    if emitter.timeline is not None:
        emitter.timeline.share(op.results, yielded(block))


def _call(emitter: FunctionEmitter, op: Operation) -> None:
    call = cast(CallOp, op)
    callee, name = emitter.functions[call.callee.root_reference.data]
    emitter.refuse_shared_bytes(call)
    timeline = emitter.timeline
    if timeline is not None:
        timeline.enter_call(callee, call.arguments)
        emitter.flush_events()
    operands = ", ".join(["run", *emitter.parts(call.arguments)])
    targets = _variables(emitter, call.res, "result")
    assignment = f"{', '.join(targets)} = " if targets else ""
    emitter.line(f"{assignment}{name}({operands})")
    if timeline is not None:
        timeline.leave_call(callee, call.res)


def _assert(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """Checked where it stands; the message is for people, and braces are its own."""
    assertion = cast(cf.AssertOp, op)
    message = assertion.msg.data.replace("{", "{{").replace("}", "}}")
    emitter.check(emitter.scalar(assertion.arg), op, message)
    return ()


CONTROL_RULES: dict[type[Operation], EmitRule] = {
    scf.ForOp: _for,
    scf.WhileOp: _while,
    scf.IfOp: _if,
    scf.IndexSwitchOp: _index_switch,
    scf.ExecuteRegionOp: _execute_region,
    CallOp: _call,
    cf.AssertOp: _assert,
}
"""Op class to how it is written."""
