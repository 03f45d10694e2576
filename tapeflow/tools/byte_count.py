"""A number of bytes as it is written, in powers of 1024: `4096`, `4k`, `4KiB`."""

import re

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_BYTES = re.compile(r"(?a)(\d{1,18})(?:([kmg])(?:ib)?)?", re.IGNORECASE)
EXAMPLES = "16384, 16k, 16KiB or 1M"


def bytes_of(text: str) -> int | None:
    """The number of bytes that a text says; None if it says none."""
    match = _BYTES.fullmatch(text.strip())
    if match is None:
        return None
    return int(match[1]) * _UNITS[(match[2] or "").lower()]
