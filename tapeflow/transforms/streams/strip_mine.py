"""Splits a loop into chunks that stay within the current tiles of its tapes."""

from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.analysis.integers.bounded_indices import (
    is_narrow,
    is_small,
    stays_in_range,
)
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.streams.layer_loops import LayerLoop
from tapeflow.dialects.tape import AdvanceOp, RetreatOp
from tapeflow.transforms.building.index_builder import (
    GREATEST,
    FunctionConstants,
    Index,
    IndexBuilder,
)


def strip_mine(layer: LayerLoop, constants: FunctionConstants) -> None:
    """Replace the loop by an scf.while over chunks around a loop of one chunk."""
    loop = layer.loop
    builder = IndexBuilder.before(loop, constants)
    _keep_check_of_step(loop, builder)
    arguments = (loop.lb, *loop.iter_args)
    types = [value.type for value in arguments]
    name = loop.body.block.args[0].name_hint
    pace = _Pace.of(loop, builder)
    before = _test(loop, types, builder)
    after = _chunk(layer, types, pace, builder)
    chunks = builder.insert(scf.WhileOp(arguments, types, before, after), name)
    for old, new in zip(loop.results, chunks.results[1:], strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    Rewriter.erase_op(loop)


def _keep_check_of_step(loop: scf.ForOp, builder: IndexBuilder) -> None:
    """Add a loop without iterations: no scf.while finds that a step is negative."""
    step = constant_of(loop.step)
    if step is None or step < 1:
        builder.loop((loop.lb, loop.lb, loop.step), (), lambda _, __: ())


def _test(loop: scf.ForOp, types: list[Attribute], builder: IndexBuilder) -> Region:
    """Is there another iteration?"""
    with builder.inside(_block(loop, types)) as block:
        more = builder.compare("slt", block.args[0], loop.ub, "more")
        builder.insert(scf.ConditionOp(more, *block.args))
    return Region(block)


def _chunk(
    layer: LayerLoop, types: list[Attribute], pace: "_Pace", builder: IndexBuilder
) -> Region:
    """Pass the layer boundaries, then run as many iterations as there are records."""
    loop = layer.loop
    with builder.inside(_block(loop, types)) as block:
        start, *carried = block.args
        end = _end(loop, start, _records(layer, builder), pace, builder)
        inner = scf.ForOp(start, end, loop.step, carried, loop.detach_region(loop.body))
        inner.attributes |= loop.attributes
        builder.insert(inner, *(result.name_hint for result in loop.results))
        builder.insert(scf.YieldOp(end, *inner.results))
    return Region(block)


def _block(loop: scf.ForOp, types: list[Attribute]) -> Block:
    block = Block(arg_types=types)
    block.args[0].name_hint = "start"
    for new, old in zip(block.args[1:], loop.body.block.args[1:], strict=True):
        new.name_hint = old.name_hint
    return block


def _records(layer: LayerLoop, body: IndexBuilder) -> Index:
    """The least number of records that any current tile can take or give."""
    counts = [body.insert(AdvanceOp(tape), "room").records for tape in layer.pushed]
    counts += [body.insert(RetreatOp(tape), "ready").records for tape in layer.popped]
    least: Index = counts[0]
    for count in counts[1:]:
        least = body.minimum(least, count, "records")
    return least


def _end(
    loop: scf.ForOp, start: SSAValue, records: Index, pace: "_Pace", body: IndexBuilder
) -> SSAValue:
    """min(start + records * step, ub), computed as index lest narrow types overflow."""
    upper = body.cast(loop.ub)
    if pace.most is not None:
        records = body.minimum(records, pace.most, "records")
    span = body.mul(records, pace.step, "span")
    if pace.most is None and stays_in_range(loop.lb):
        reach = body.add(body.cast(start), span, "reach")
        end = body.minimum(reach, upper, "end")
    else:
        # The sum might wrap: how far it is to the bound always fits.
        left = body.sub(upper, body.cast(start), "left", is_size=True)
        end = body.add(body.cast(start), body.minimum(span, left, "span"), "end")
    return body.cast(body.value(end), loop.lb.type)


@dataclass(frozen=True)
class _Pace:
    """How far iterations of a loop with a positive step go."""

    step: SSAValue
    most: SSAValue | None
    """Iterations whose steps have a sum in 64 bits; None if a tile never has more."""

    @staticmethod
    def of(loop: scf.ForOp, builder: IndexBuilder) -> "_Pace":
        step = builder.cast(loop.step)
        if is_small(loop.step) or is_narrow(loop.step):
            return _Pace(step, None)
        most = builder.insert(arith.DivUIOp(builder.value(GREATEST), step), "most")
        return _Pace(step, most.result)
