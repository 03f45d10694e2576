"""Checks of single fields: MachineError names field, value and what is valid."""

from __future__ import annotations

import re

from hwmodel.description.errors import MachineError

_WITH_SUFFIX = re.compile(r"(?a)(\d{1,12})([kmg])(?:ib)?", re.IGNORECASE)


def reject(name: str, value: object, valid: str) -> MachineError:
    """The error for a field whose value is not `valid`, a phrase."""
    hint = _written_out(value) if name.endswith("_bytes") else ""
    return MachineError(f"{name} is {value!r}; it must be {valid}{hint}")


def _written_out(value: object) -> str:
    """What to write for bytes such as `3k`; "" for all else."""
    match = _WITH_SUFFIX.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return ""
    return f"; write {int(match[1]) * 1024 ** (1 + 'kmg'.index(match[2].lower()))}"


def check_whole(name: str, value: object, least: int) -> None:
    """Raise MachineError unless `value` is a whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise reject(name, value, f"a whole number of at least {least}")


def check_text(name: str, value: object) -> None:
    """Raise MachineError unless `value` is a text."""
    if not isinstance(value, str) or not value:
        raise reject(name, value, "a text")


def check_positive(name: str, value: object) -> None:
    """Raise MachineError unless `value` is a number above 0."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise reject(name, value, "a number greater than 0")
    if not 0 < value < 1e18:
        raise reject(name, value, "a number greater than 0 (and below 1e18)")


def check_power_of_two(name: str, value: object, least: int) -> None:
    """Raise MachineError unless `value` is a power of two, at least `least`."""
    check_whole(name, value, least)
    assert isinstance(value, int)
    if value & (value - 1):
        raise reject(name, value, f"a power of two of at least {least}")


def check_one_of(name: str, value: object, valid: tuple[object, ...]) -> None:
    """Raise MachineError unless `value` is one of `valid`."""
    if value not in valid:
        raise reject(name, value, f"one of {', '.join(map(str, valid))}")


def check_count(name: str, value: object) -> None:
    """Raise MachineError unless `value` is a number of ports, units or the like."""
    check_whole(name, value, 1)
    assert isinstance(value, int)
    if value > 255:
        raise reject(name, value, "at most 255")
