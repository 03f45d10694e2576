"""Reads the tables of figures in `data/`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


@cache
def read_figures(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of `data/<name>.csv`, each a mapping from column to text."""
    with (DATA / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))
