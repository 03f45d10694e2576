"""The dominator tree against the definition of dominance, on random graphs."""

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects import test
from xdsl.ir import Block, Region

from tapeflow.analysis.verification.dominance import dominator_tree

Edges = list[list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Successors of each of up to nine blocks; the first is the entry."""
    size = draw(st.integers(1, 9))
    successors = st.lists(st.integers(0, size - 1), max_size=3)
    return draw(st.lists(successors, min_size=size, max_size=size))


def region_of(edges: Edges) -> list[Block]:
    blocks = [Block() for _ in edges]
    for block, successors in zip(blocks, edges, strict=True):
        block.add_op(test.TestTermOp(successors=[blocks[s] for s in successors]))
    Region(blocks)
    return blocks


def reachable(edges: Edges, *, without: int | None = None) -> set[int]:
    todo, found = [0], set[int]()
    while todo:
        block = todo.pop()
        if block != without and block not in found:
            found.add(block)
            todo.extend(edges[block])
    return found


def dominated_by_definition(edges: Edges) -> dict[int, set[int]]:
    """The blocks that cannot be reached any more without each block."""
    everything = reachable(edges)
    return {block: everything - reachable(edges, without=block) for block in everything}


def below(tree: dict[Block, list[Block]], block: Block) -> set[Block]:
    return {block}.union(*(below(tree, child) for child in tree[block]))


@given(graphs())
def test_agrees_with_the_definition(edges: Edges) -> None:
    blocks = region_of(edges)
    region = blocks[0].parent
    assert region is not None
    tree = dominator_tree(region)
    expected = dominated_by_definition(edges)
    assert {blocks.index(block) for block in tree} == set(expected)
    for block, dominated in expected.items():
        assert {blocks.index(b) for b in below(tree, blocks[block])} == dominated


def test_an_empty_region_has_an_empty_tree() -> None:
    assert dominator_tree(Region()) == {}
