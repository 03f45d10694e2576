"""Classes of values that are found to be equal, one pair after another."""

from dataclasses import dataclass, field

from xdsl.ir import SSAValue


@dataclass
class UnionFind:
    """Disjoint sets of values, each named by one of its values."""

    parent: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def find(self, value: SSAValue) -> SSAValue:
        """The value that names the set of a value."""
        root = value
        while (above := self.parent.get(root, root)) is not root:
            root = above
        while (above := self.parent.get(value, value)) is not root:
            self.parent[value], value = root, above
        return root

    def union(self, one: SSAValue, other: SSAValue) -> None:
        """Make the sets of two values one."""
        self.parent[self.find(other)] = self.find(one)
