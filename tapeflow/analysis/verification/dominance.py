"""The SSA rule that `Operation.verify` leaves out: definitions dominate their uses.

One walk carries the set of values that are visible. A block is entered below its
immediate dominator, so what the dominators define is visible in it, and what a block
or a region defines is taken away again on leaving. Every definition enters and leaves
the set once and every operand is looked up once: linear in the size of the program.

Source of the dominator tree: K. Cooper, T. Harvey, K. Kennedy, "A Simple, Fast
Dominance Algorithm", 2001: a fixed point over the reverse post-order; two rounds where
the graph is reducible.
"""

from collections.abc import Iterable, Iterator

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, Region, SSAValue
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import VerifyException


def verify_dominance(op: Operation) -> None:
    """Check that every operand inside `op` is defined on every path to its use.

    Operations in unreachable blocks are not checked, as in MLIR. Raises
    `VerifyException` through `Operation.emit_error` at the first offending use.
    """
    _verify_regions(op, set(op.operands))


def _verify_regions(op: Operation, visible: set[SSAValue]) -> None:
    if op.regions and op.has_trait(IsolatedFromAbove):
        visible = set()
    for region in op.regions:
        _verify_region(region, visible)


def _verify_region(region: Region, visible: set[SSAValue]) -> None:
    entry = region.first_block
    if entry is None:
        return
    if entry.next_block is None:
        _verify_block(entry, visible)
        visible.difference_update(_definitions(entry))
        return
    children = dominator_tree(region)
    todo = [(entry, False)]
    while todo:
        block, is_done = todo.pop()
        if is_done:
            visible.difference_update(_definitions(block))
            continue
        _verify_block(block, visible)
        todo.append((block, True))
        todo.extend((child, False) for child in children[block])


def _verify_block(block: Block, visible: set[SSAValue]) -> None:
    """Check the operations of `block` and leave its definitions in `visible`."""
    visible.update(block.args)
    if isinstance(block.parent_op(), ModuleOp):
        # A module's body has no order of execution: all its values see each other.
        visible.update(_definitions(block))
    for op in block.ops:
        for index, operand in enumerate(op.operands):
            if operand not in visible:
                _reject_use(op, index, operand)
        _verify_regions(op, visible)
        visible.update(op.results)


def _definitions(block: Block) -> Iterable[SSAValue]:
    yield from block.args
    for op in block.ops:
        yield from op.results


def _reject_use(op: Operation, index: int, operand: SSAValue) -> None:
    name = f"%{operand.name_hint}" if operand.name_hint else f"#{index}"
    message = f"operand {name} {_reason(op, operand)}"
    op.emit_error(f"'{op.name}': {message}", VerifyException(message))


def _reason(op: Operation, operand: SSAValue) -> str:
    """Why `operand` is not visible at `op`, and what would help."""
    if not isinstance(operand, OpResult | BlockArgument):
        # The parser takes a value of that name in another function for it.
        return "is not defined here"
    owner = operand.owner
    home = owner if isinstance(owner, Block) else owner.parent
    if home is None:
        return "is defined by an operation that is in no block"
    if isinstance(owner, Operation) and owner.is_ancestor(op):
        return f"is a result of '{owner.name}', which has not finished at this use"
    line = _line(owner)
    wall = _wall(op)
    if wall is not None and not wall.is_ancestor(owner):
        return (
            f"is defined{line} outside '{wall.name}', which sees nothing from outside; "
            "pass it as an argument"
        )
    if home.find_ancestor_op_in_block(op) is not None:
        return f"is used before its definition{line}; define it earlier"
    region, use = home.parent, op.parent
    if region and use and region.find_ancestor_block_in_region(use):
        return (
            f"is defined{line} in a block that does not dominate this use; "
            "pass it as a block argument"
        )
    holder = home.parent_op()
    inside = "another region" if holder is None else f"'{holder.name}'"
    return (
        f"is defined{line} inside {inside}, which it does not leave; "
        "return it as a result of that operation"
    )


def _wall(op: Operation) -> Operation | None:
    """The closest operation around `op` that uses no values from outside."""
    around = op.parent_op()
    while around is not None and not around.has_trait(IsolatedFromAbove):
        around = around.parent_op()
    return around


def _line(owner: Operation | Block) -> str:
    if isinstance(owner, Block) or not isinstance(owner.location, FileLineColLoc):
        return ""
    return f" on line {owner.location.line.data}"


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
