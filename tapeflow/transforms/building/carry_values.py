"""Loops that carry more values than before."""

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.ir import Region, SSAValue


def moved_region(region: Region) -> Region:
    """A region with the blocks of another, which is left empty."""
    moved = Region()
    region.move_blocks(moved)
    return moved


def with_carried(
    loop: scf.ForOp, starts: Sequence[SSAValue], names: Sequence[str | None]
) -> scf.ForOp:
    """Replace a loop whose body has got further arguments and yields as many values."""
    inits = [*loop.iter_args, *starts]
    carrying = scf.ForOp(loop.lb, loop.ub, loop.step, inits, moved_region(loop.body))
    carrying.location = loop.location
    carrying.attributes |= loop.attributes
    block = loop.parent
    assert block is not None
    block.insert_op_before(carrying, loop)
    hints = [*(result.name_hint for result in loop.results), *names]
    for result, hint in zip(carrying.results, hints, strict=True):
        result.name_hint = hint
    for old, new in zip(loop.results, carrying.results, strict=False):
        old.replace_all_uses_with(new)
    loop.detach()
    loop.erase()
    return carrying
