"""Make an scf.while count its iterations, as many as its reverse has to run.

%r = scf.while (%a = %x) ...        ==>   %r, %trips = scf.while (%a = %x, %n = %c0) ...
"""

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.index_builder import IndexBuilder


def iterations_of(loop: scf.WhileOp) -> SSAValue:
    """The number of iterations of a loop that counts them."""
    return loop.results[-1]


def count_iterations(loop: scf.WhileOp, builder: IndexBuilder) -> scf.WhileOp:
    """Replace a loop by one that carries a counter as its last value."""
    before, after = loop.before_region.block, loop.after_region.block
    hand_on(before, take(before, [IndexType()], ["trips"]))
    (counter,) = take(after, [IndexType()], ["trips"])
    assert after.last_op is not None
    with builder.at(InsertPoint.before(after.last_op)):
        builder.location = loop.location
        hand_on(after, [builder.value(builder.add(counter, 1, None))])
    return with_carried(loop, [builder.value(0)], ["trips"])
