"""Scopes: blocks whose forward run is directly followed by their reverse."""

from collections.abc import Iterable

from xdsl.ir import Block, Operation


class Scopes:
    """The function's block and the bodies of fused loops."""

    def __init__(self, entry: Block, fused: Iterable[Block]):
        self.entry = entry
        self._of: dict[Block, Block] = {block: block for block in (entry, *fused)}

    def __contains__(self, block: Block) -> bool:
        return self._of.get(block) is block

    def of(self, block: Block) -> Block:
        """The innermost scope that is or holds a block of the function."""
        chain: list[Block] = []
        while block not in self._of:
            chain.append(block)
            parent = block.parent_op()
            assert parent is not None and parent.parent is not None
            block = parent.parent
        scope = self._of[block]
        self._of.update(dict.fromkeys(chain, scope))
        return scope

    def around(self, op: Operation) -> Block:
        """The innermost scope around an operation."""
        assert op.parent is not None
        return self.of(op.parent)
