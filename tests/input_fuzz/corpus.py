"""The texts that are mutated: programs, inputs of lit tests, small test programs."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST = 12_000
"""Bytes of a text; longer ones take too long to compile thousands of times."""

_PLACES = ("tapeflow/programs", "filecheck", "tests/tools/data")
_PIPELINE = re.compile(r"-p\s*'([^']+)'|-p\s+([\w-]+)")
DEFAULT_PIPELINES = (
    "baseline",
    "baseline{policy=save-all layout=aosoa}",
    "regions{policy=recompute}",
    "layers",
    "streams",
    "streams{places=stream policy=save-all}",
)


@dataclass(frozen=True)
class Text:
    """One piece of a file, and pipelines to put it through."""

    name: str
    data: bytes
    pipelines: tuple[str, ...]


@cache
def texts() -> tuple[Text, ...]:
    """All pieces of all files, in an order that does not change."""
    paths = sorted(
        path for place in _PLACES for path in ROOT.glob(f"{place}/**/*.mlir")
    )
    return tuple(
        text for path in paths if "Output" not in path.parts for text in _pieces(path)
    )


def _pieces(path: Path) -> list[Text]:
    whole = path.read_text()
    runs = [line for line in whole.split("\n") if line.startswith("// RUN:")]
    found = [a or b for run in runs for a, b in _PIPELINE.findall(run)]
    pieces = whole.split("// -----")
    return [
        Text(f"{path.relative_to(ROOT)}#{number}", piece.encode(), tuple(found))
        for number, piece in enumerate(pieces)
        if piece.strip() and len(piece) <= LONGEST
    ]
