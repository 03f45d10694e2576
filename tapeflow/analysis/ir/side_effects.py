"""Whether operations do nothing but compute results, asked many times.

Most classes answer alike for all their operations, so each class is asked once.
"""

from functools import cache

from xdsl import traits
from xdsl.ir import Operation

_ALIKE = frozenset(
    (
        traits.NoMemoryEffect,
        traits.Pure,
        traits.MemoryReadEffect,
        traits.MemoryWriteEffect,
        traits.MemoryAllocEffect,
        traits.MemoryFreeEffect,
    )
)
"""Traits that say the same of every operation."""
_NOTHING = frozenset((traits.NoMemoryEffect, traits.Pure))


def is_side_effect_free(op: Operation) -> bool:
    """Whether an operation surely has no side effect."""
    answer = _of_class(type(op))
    return traits.is_side_effect_free(op) if answer is None else answer


@cache
def _of_class(kind: type[Operation]) -> bool | None:
    """The answer for all operations of a class; None if each has its own."""
    kinds = {type(trait) for trait in kind.get_traits_of_type(traits.MemoryEffect)}
    if not kinds <= _ALIKE:
        return None
    return bool(kinds) and kinds <= _NOTHING
