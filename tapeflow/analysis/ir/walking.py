"""All operations inside one, at any depth."""

from collections.abc import Iterator

from xdsl.ir import Operation


def operations_in(root: Operation) -> Iterator[Operation]:
    """An operation and all inside, in program order: as `root.walk()`.

    That has a generator for each level of nesting, and takes several times longer. An
    operation may be erased, or others put before it, while it is the current one.
    """
    yield root
    pending = _first_ops(root)
    while pending:
        op = pending.pop()
        if op.next_op is not None:
            pending.append(op.next_op)
        yield op
        if op.regions:
            pending += _first_ops(op)


def _first_ops(op: Operation) -> list[Operation]:
    """The first operation of each block inside, the last block first."""
    firsts = [block.first_op for region in op.regions for block in region.blocks]
    return [first for first in reversed(firsts) if first is not None]
