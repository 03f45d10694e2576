"""The dominator tree of a region's control flow graph.

Source: K. Cooper, T. Harvey, K. Kennedy, "A Simple, Fast Dominance Algorithm", 2001:
a fixed point over the reverse post-order; two rounds where the graph is reducible.
"""

from collections.abc import Iterator

from xdsl.ir import Block, Region

_UNKNOWN = -1


def dominator_tree(region: Region) -> dict[Block, list[Block]]:
    """For each block reachable from the entry, the blocks it immediately dominates."""
    entry = region.first_block
    if entry is None:
        return {}
    order = _post_order(entry)
    dominator = _immediate_dominators(order)
    children: dict[Block, list[Block]] = {block: [] for block in order}
    for block, parent in zip(order[:-1], dominator[:-1], strict=True):
        children[order[parent]].append(block)
    return children


def _post_order(entry: Block) -> list[Block]:
    """The reachable blocks, each after the blocks that a depth-first walk finds in it.

    Not xDSL's `PostOrderIterator`: it marks a block as seen when it is first named,
    so a block can come before its successor, which the fixed point cannot bear.
    """
    order: list[Block] = []
    seen = {entry}
    path: list[tuple[Block, Iterator[Block]]] = [(entry, iter(_successors(entry)))]
    while path:
        block, successors = path[-1]
        successor = next(successors, None)
        if successor is None:
            order.append(block)
            path.pop()
        elif successor not in seen:
            seen.add(successor)
            path.append((successor, iter(_successors(successor))))
    return order


def _immediate_dominators(order: list[Block]) -> list[int]:
    """Post-order number of each block's immediate dominator (the entry's: itself)."""
    number = {block: position for position, block in enumerate(order)}
    predecessors: list[list[int]] = [[] for _ in order]
    for position, block in enumerate(order):
        for successor in _successors(block):
            predecessors[number[successor]].append(position)
    entry = len(order) - 1
    dominator = [_UNKNOWN] * entry + [entry]
    changed = True
    while changed:
        changed = False
        for block in range(entry - 1, -1, -1):
            new = _UNKNOWN
            for candidate in predecessors[block]:
                if dominator[candidate] == _UNKNOWN:
                    continue
                is_first = new == _UNKNOWN
                new = candidate if is_first else _meet(dominator, candidate, new)
            changed |= new != dominator[block]
            dominator[block] = new
    return dominator


def _meet(dominator: list[int], left: int, right: int) -> int:
    """The closest block that dominates both, by post-order number."""
    while left != right:
        while left < right:
            left = dominator[left]
        while right < left:
            right = dominator[right]
    return left


def _successors(block: Block) -> tuple[Block, ...]:
    terminator = block.last_op
    return () if terminator is None else tuple(terminator.successors)
