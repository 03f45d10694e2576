"""How much `make test` does of studies that find more the longer they go on.

`make test` takes a small part of each, with every kind of check in it;
with TAPEFLOW_TESTS=full, as in `make nightly`, all of it runs.
"""

import os
from typing import TypeVar

T = TypeVar("T")

IS_FULL = os.environ.get("TAPEFLOW_TESTS") == "full"


def sized(small: T, full: T) -> T:
    """What `make test` takes, or what a night does."""
    return full if IS_FULL else small
