"""What is said of all tape regions, of those of a function, or of one, as text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

OptionT = TypeVar("OptionT")


@dataclass(frozen=True)
class RegionOption(Generic[OptionT]):
    """What is said of the regions of a function or of one: `main:2=aosoa:8`."""

    function: str | None
    """None for all functions."""
    region: int | None
    """Number of the region; None for all that have none of their own."""
    value: OptionT


def parse_region_options(
    text: str, noun: str, parse: Callable[[str], OptionT], *, has_default: bool = True
) -> tuple[RegionOption[OptionT], ...]:
    """Parse `soa,main=aos,main:2=aosoa:8`, what is said of more regions first.

    Args:
        noun: what is stated, in messages: layout.
        parse: the value of what stands behind `=`; raises ValueError.
        has_default: whether a value may stand alone, for all regions.

    Raises:
        ValueError: another form, no such value, or two for the same.
    """
    stated: dict[tuple[str | None, int | None], OptionT] = {}
    for word in filter(None, map(str.strip, text.split(","))):
        name, equals, value = word.rpartition("=")
        function, colon, number = name.partition(":")
        is_number = number.isascii() and number.isdigit()
        is_named = bool(function) and bool(equals)
        if not (is_named or (has_default and not equals)) or (colon and not is_number):
            what = noun.upper()
            raise ValueError(
                f"'{word}' is neither {f'{what}, ' if has_default else ''}"
                f"FUNCTION={what} nor FUNCTION:REGION={what}"
            )
        key = (function or None, int(number) if colon else None)
        if key in stated:
            raise ValueError(f"'{name or text}' has two {noun}s")
        stated[key] = parse(value)
    options = [RegionOption(*key, value) for key, value in stated.items()]
    # What is said of one region counts before what is said of all.
    options.sort(key=lambda o: (o.function is not None, o.region is not None))
    return tuple(options)
