"""Figures and tables as all commands print them."""

import math
from collections.abc import Sequence

from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table

EXACT_BELOW = 100_000


def count(number: int) -> str:
    """A count: exact below 100,000, else four digits with k, M or G."""
    return f"{number:,}" if number < EXACT_BELOW else _short(number)


def _short(number: float) -> str:
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= EXACT_BELOW and number >= scale:
            return f"{_four_digits(number / scale)}{letter}"
    return _four_digits(number)


def _four_digits(number: float) -> str:
    digits = max(0, 3 - math.floor(math.log10(number)))
    return f"{number:,.{digits}f}"


def nanojoules(picojoules: float) -> str:
    """An energy in nanojoules, four digits."""
    return _short(picojoules * 1e-3) if picojoules > 0 else "0"


def ratio(number: float | None) -> str:
    """A factor with two decimals, or a dash where there is nothing to compare."""
    return "-" if number is None else f"{number:.2f}"


def relative_error(number: float | None) -> str:
    """An error with two digits, or a dash where nothing was checked."""
    return "-" if number is None else f"{number:.1e}"


def show(console: Console, tables: Sequence[Table], notes: Sequence[str]) -> None:
    """Print tables, wider than the console if that cuts no figure; notes below."""
    content = Group(*(part for table in tables for part in (table, "")))
    options = console.options.update(max_width=10_000)
    width = console.width
    needed = max(Measurement.get(console, options, table).minimum for table in tables)
    console.width = max(width, needed)
    console.print(content)
    console.width = width
    for note in notes:
        console.print(note, highlight=False, markup=False)
