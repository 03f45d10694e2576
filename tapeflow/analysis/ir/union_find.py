"""Classes of equal values."""

from dataclasses import dataclass, field

from xdsl.ir import SSAValue


@dataclass
class UnionFind:
    """Values in classes that grow together."""

    parent: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def find(self, value: SSAValue) -> SSAValue:
        """The representative of a value's class."""
        root = value
        while (above := self.parent.get(root, root)) is not root:
            root = above
        while (above := self.parent.get(value, value)) is not root:
            self.parent[value], value = root, above
        return root

    def union(self, one: SSAValue, other: SSAValue) -> None:
        """Make the classes of two values one, with the representative of the first."""
        self.parent[self.find(other)] = self.find(one)
