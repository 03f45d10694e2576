"""How iterations of a loop without loops inside run side by side, step by step.

Each operation is a part of its own: all copies do it before the next. Operations that
must not be torn apart, since a copy hands something on to the next one, are one part.
"""

from dataclasses import replace

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation

from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.carried_sums import carried_sums
from tapeflow.analysis.scheduling.dependences import carried_number
from tapeflow.analysis.scheduling.jam_carried import Ahead
from tapeflow.analysis.scheduling.jam_dependences import find_ahead
from tapeflow.analysis.scheduling.jam_nests import Body, Nest, Problem, Run, find_body


def find_interleaving(
    loop: scf.ForOp, buffers: Buffers, copies: int, forms: SubscriptForms
) -> tuple[Body, Ahead] | Problem:
    """The parts of a loop's body of which all copies do one after the other."""
    body = find_body(loop, buffers, is_flat=True)
    if isinstance(body, Problem):
        return body
    body = replace(body, apart=carried_sums(loop))
    for number in range(len(loop.results)):
        spread = None if number in body.apart else _handed_on(body, number, forms)
        if isinstance(spread, Problem):
            return spread
        if spread is not None:
            body = _merged(body, *spread)
    while True:
        ahead = find_ahead(body, buffers, copies, forms)
        if not isinstance(ahead, Problem):
            return body, ahead
        if ahead.other is None:
            return ahead
        first, last = sorted(_part_of(body, op) for op in (ahead.op, ahead.other))
        if first == last:
            return ahead
        body = _merged(body, first, last)


def _handed_on(
    body: Body, number: int, forms: SubscriptForms
) -> tuple[int, int] | Problem | None:
    """From which part to which a carried value is on its way to the next copy."""
    loop = body.nest.loop
    argument, value = loop.body.block.args[number + 1], yielded(loop.body.block)[number]
    if isinstance(argument.type, IndexType) and forms.growth(loop, number) is not None:
        return None
    if carried_number(value, loop) is not None:
        return Problem("carried values change places", loop)
    if not isinstance(value.owner, Operation) or value.owner not in _operations(body):
        return None
    known = _part_of(body, value.owner)
    parts = [_part_of(body, use.operation) for use in argument.uses]
    early = [part for part in parts if part < known]
    return (min(early), known) if early else None


def _operations(body: Body) -> set[Operation]:
    return set(body.nest.operations())


def _part_of(body: Body, op: Operation) -> int:
    """The number of the part that is or holds an operation; of the end, the last."""
    top = body.nest.loop.body.block.find_ancestor_op_in_block(op)
    for number, part in enumerate(body.nest.parts):
        assert isinstance(part, Run)
        if top in part.operations:
            return number
    return len(body.nest.parts) - 1


def _merged(body: Body, first: int, last: int) -> Body:
    """The same with some parts as one."""
    parts = body.nest.parts
    together = tuple(op for part in parts[first : last + 1] for op in _of(part))
    kept = (*parts[:first], Run(together), *parts[last + 1 :])
    new_body = replace(body, nest=Nest(body.nest.loop, kept))
    accesses = tuple(
        replace(access, place=(_part_of(new_body, access.op),))
        for access in body.accesses
    )
    return replace(new_body, accesses=accesses)


def _of(part: Run | Nest) -> tuple[Operation, ...]:
    assert isinstance(part, Run)
    return part.operations
