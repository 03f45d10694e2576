"""How a record is cut into parts of at most so many bytes."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeAlias

from xdsl.ir import TypeAttribute

from tapeflow.dialects.record import RecordLayout, field_bytes

Fields: TypeAlias = tuple[TypeAttribute, ...]


def split_fields(fields: Sequence[TypeAttribute], bound_bytes: int) -> list[Fields]:
    """Cut a record in order into parts of at most so many bytes, or of one field.

    Fields of one type are cut evenly where that makes no more parts, so that these
    parts are alike; what is left of a type shares a part with what follows.
    """
    if RecordLayout.of(fields).stride_bytes <= bound_bytes:
        return [tuple(fields)]
    parts: list[Fields] = []
    rest: Fields = ()
    for field, run in groupby(fields):
        count = sum(1 for _ in run)
        while rest and count and _fits((*rest, field), bound_bytes):
            rest, count = (*rest, field), count - 1
        if not count:
            continue
        if rest:
            parts.append(rest)
        most = max(1, bound_bytes // field_bytes(field))
        length = -(-count // -(-count // most))
        # What fits one part stays open for fields of other types.
        whole = 0 if length == count else count // length
        parts += [(field,) * length] * whole
        rest = (field,) * (count - whole * length)
    return [*parts, rest] if rest else parts


def largest_fit(largest_bytes: int, is_enough: Callable[[int], bool]) -> int | None:
    """The largest record bound that is enough, below the largest record there is.

    None where nothing has to be split, or no bound would do.
    """
    if largest_bytes == 0 or is_enough(largest_bytes):
        return None
    return next(filter(is_enough, range(largest_bytes - 1, 0, -1)), None)


def _fits(fields: Fields, bound_bytes: int) -> bool:
    return RecordLayout.of(fields).stride_bytes <= bound_bytes
