"""Names of generated Python follow the names of SSA values."""

import builtins
import keyword
import re
from collections.abc import Iterable

from xdsl.ir import SSAValue

_RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        "run",
        "tape_bytes",
        "tape_live",
        "annotations",
    }
)


class PythonNames:
    """Hands out names that are legal, readable and used once."""

    def __init__(self, reserved: Iterable[str]):
        self._taken = set(reserved) | _RESERVED
        self._following: dict[str, int] = {}

    @property
    def taken(self) -> frozenset[str]:
        """Every name that is in use."""
        return frozenset(self._taken)

    def fresh(self, wish: str) -> str:
        """The wish if it is free, else the wish with a number."""
        name = re.sub(r"\W", "_", wish, flags=re.ASCII)
        if not name or name[0].isdigit():
            name = f"v{name}"
        if name not in self._taken:
            self._taken.add(name)
            return name
        number = self._following.get(name, 1)
        while f"{name}_{number}" in self._taken:
            number += 1
        self._following[name] = number + 1
        self._taken.add(f"{name}_{number}")
        return f"{name}_{number}"

    def buffer(self, wish: str, rank: int) -> str:
        """A name whose compounds for address, sizes and strides are free as well."""
        while True:
            name = self.fresh(wish)
            parts = {f"{name}_{part}{i}" for part in "ns" for i in range(rank)}
            parts.add(f"{name}_at")
            if not parts & self._taken:
                self._taken |= parts
                return name

    def of(self, value: SSAValue, wish: str | None = None) -> str:
        """A new name for an SSA value."""
        return self.fresh(value.name_hint or wish or "v")
