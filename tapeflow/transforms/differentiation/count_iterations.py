"""Make an scf.while count its iterations, as many as its reverse has to run.

%r = scf.while (%a = %x) ...        ==>   %r, %trips = scf.while (%a = %x, %n = %c0) ...
"""

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.transforms.building.adjoint_builder import AdjointBuilder
from tapeflow.transforms.building.rewriting import with_carried


def iterations_of(loop: scf.WhileOp) -> SSAValue:
    """The number of iterations of a loop that counts them."""
    return loop.results[-1]


def count_iterations(loop: scf.WhileOp, builder: AdjointBuilder) -> scf.WhileOp:
    """Replace a loop by one that carries a counter as its last value."""
    before, after = loop.before_region.block, loop.after_region.block
    _carry_through(before, builder)
    counter = after.insert_arg(IndexType(), len(after.args))
    counter.name_hint = "trips"
    next_ = arith.AddiOp(counter, builder.index(1))
    next_.location = loop.location
    terminator = after.last_op
    assert isinstance(terminator, scf.YieldOp)
    after.insert_op_before(next_, terminator)
    _replace(terminator, scf.YieldOp(*terminator.operands, next_.result))

    return with_carried(loop, [builder.index(0)], ["trips"])


def _carry_through(before: Block, builder: AdjointBuilder) -> None:
    counter = before.insert_arg(IndexType(), len(before.args))
    counter.name_hint = "trips"
    condition = before.last_op
    assert isinstance(condition, scf.ConditionOp)
    _replace(condition, scf.ConditionOp(condition.condition, *condition.args, counter))


def _replace(old: Operation, new: Operation) -> None:
    block = old.parent
    assert block is not None
    new.location = old.location
    block.insert_op_before(new, old)
    old.detach()
    old.erase()
