"""Machines from preset names, TOML files and `section.field=value` overrides.

A TOML file has the fields of `Machine` at its top and one table per component:

    base = "fair"            # optional: start from a preset
    name = "small"
    [cache]
    capacity_bytes = 4096
    [datapath.latency_cycles]
    FADD_F64 = 3

Without `base` every field must be given. All errors are MachineErrors.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from hwmodel.description.errors import MachineError, near, raise_all
from hwmodel.description.machine import (
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)
from hwmodel.description.presets import PRESETS

_COMPONENTS = {
    "datapath": Datapath,
    "cache": Cache,
    "scratchpad": Scratchpad,
    "dma": Dma,
    "dram": Dram,
    "energy": EnergyChoice,
}
_SUFFIX = re.compile(r"^[\w. ]+=\s*[\d_.]+\s*[kmg](i?b)?\s*(#|$)", re.I | re.M)
"""A number with a suffix, which TOML has not."""
_OPERATION_TABLES = ("latency_cycles", "interval_cycles")


def preset(name: str) -> Machine:
    """The preset called `name`."""
    if name not in PRESETS:
        raise MachineError(_no_preset(name))
    return PRESETS[name]


def _no_preset(name: str) -> str:
    presets = ", ".join(sorted(PRESETS))
    return (
        f"there is no machine preset {name!r};{near(name, PRESETS)} presets: {presets}"
    )


def load_machine(source: str | Path) -> Machine:
    """A preset by name, or the machine a `.toml` file describes."""
    path = Path(source)
    if path.suffix != ".toml":
        if str(source) in PRESETS:
            return PRESETS[str(source)]
        name_one = "or name a file ending in .toml"
        raise MachineError(f"{_no_preset(str(source))}; {name_one}")
    try:
        return machine_from_values(_read_toml(path))
    except MachineError as error:
        raise MachineError(f"{path}: {error}") from None


def machine_from_values(values: Mapping[str, Any]) -> Machine:
    """The machine described by nested mappings, as a TOML file holds them."""
    changes = dict(values)
    if "base" in changes:
        base = changes.pop("base")
        if not isinstance(base, str):
            raise MachineError(f"base is {base!r}; it must be the name of a preset")
        return _changed(preset(base), changes, "")
    if not changes:
        raise MachineError(
            "is empty; a machine has every field, as 'tapeflow machine fair > "
            "mine.toml' writes them, or begins with a preset: base = 'fair'"
        )
    _check_keys(changes, [item.name for item in fields(Machine)], "", "base")
    parts: dict[str, Any] = {
        key: _made(_COMPONENTS[key], value, key) if key in _COMPONENTS else value
        for key, value in changes.items()
    }
    return _made(Machine, parts, "")


def values_of(machine: Machine) -> dict[str, Any]:
    """The nested mappings that `machine_from_values` takes for this machine."""

    def mapped(item: Any) -> Any:
        if is_dataclass(item):
            named = ((entry.name, getattr(item, entry.name)) for entry in fields(item))
            return {name: mapped(value) for name, value in named}
        return dict(item) if isinstance(item, tuple) else item

    return mapped(machine)


def changes_of(machine: Machine) -> tuple[str, ...]:
    """The overrides that make this machine of the preset of its name, else `fair`."""
    base = PRESETS.get(machine.name, PRESETS["fair"])
    before, after = _flat(values_of(base)), _flat(values_of(machine))
    named = {key: value for key, value in after.items() if key != "name"}
    return tuple(
        f"{key}={value}" for key, value in named.items() if before.get(key) != value
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def override(machine: Machine, assignment: str) -> Machine:
    """`machine` with one field changed, e.g. `"cache.capacity_bytes=16384"`.

    The value is written as in TOML; a text may stand without quotes.
    """
    key, equals, text = assignment.partition("=")
    if not equals or not key.strip() or not text.strip():
        raise MachineError(f"{assignment!r} does not have the form section.field=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for part in reversed(key.strip().split(".")):
        value = {part: value}
    return _changed(machine, value, "")


def override_all(machine: Machine, assignments: Iterable[str]) -> Machine:
    """`machine` with fields changed in order; all that is wrong is told at once."""
    problems: list[str] = []
    for assignment in assignments:
        try:
            machine = override(machine, assignment)
        except MachineError as error:
            problems.append(str(error))
    raise_all(problems)
    return machine


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise MachineError(f"cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise MachineError("is not a text file in UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "; numbers are written without suffix here" * bool(_SUFFIX.search(text))
        raise MachineError(f"is not valid TOML: {error}{hint}") from None


def _check_keys(
    values: object, valid: list[str], section: str, *others: str
) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise MachineError(
            f"{section} is {values!r}; it must be a table with {', '.join(valid)}"
        )
    known = [*valid, *others]
    strange = [key for key in values if key not in known]
    if strange:
        names = ", ".join(map(repr, strange))
        hints = "".join(dict.fromkeys(near(key, known) for key in strange))
        where = f" in {section}" if section else ""
        raise MachineError(
            f"there is no field {names}{where};{hints} fields: {', '.join(known)}"
        )
    return values


def _changed(item: Any, changes: object, section: str) -> Any:
    """The item with its fields changed; all that is wrong is told at once."""
    valid = [entry.name for entry in fields(item)]
    new: dict[str, Any] = {}
    problems: list[str] = []
    try:
        values = _check_keys(changes, valid, section)
    except MachineError as error:
        problems.append(str(error))
        values = changes if isinstance(changes, Mapping) else {}
    for key in (key for key in valid if key in values):
        try:
            new[key] = _changed_field(item, key, values[key])
        except MachineError as error:
            problems.append(str(error))
    try:
        changed = replace(item, **new)
    except MachineError as error:
        changed = item
        problems.append(str(error))
    raise_all(problems)
    return changed


def _changed_field(item: Any, key: str, value: object) -> Any:
    old = getattr(item, key)
    if is_dataclass(old):
        return _changed(old, value, key)
    if isinstance(item, Datapath) and key in _OPERATION_TABLES:
        return tuple({**dict(old), **dict(_by_operation(key, value))}.items())
    return value


def _made(kind: Any, values: object, section: str) -> Any:
    valid = [entry.name for entry in fields(kind)]
    given = dict(_check_keys(values, valid, section))
    missing = [
        entry.name
        for entry in fields(kind)
        if entry.name not in given
        and entry.default is MISSING
        and entry.default_factory is MISSING
    ]
    if missing:
        where = f"{section}." if section else ""
        names = ", ".join(where + name for name in missing)
        raise MachineError(f"missing: {names} (or start from a preset: base = 'fair')")
    if kind is Datapath:
        for key in given.keys() & set(_OPERATION_TABLES):
            given[key] = _by_operation(key, given[key])
    return kind(**given)


def _by_operation(key: str, value: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, Mapping):
        raise MachineError(
            f"datapath.{key} is {value!r}; it must be a table of operation "
            "names with cycles"
        )
    return tuple(value.items())
