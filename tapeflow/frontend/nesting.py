"""How deeply operations may be nested, and the room on the stack which that takes.

Parsing, printing and walking a program recurse into nested regions.
"""

import sys

DEEPEST = 250
"""Operations around an operation, its function and module included."""
_FRAMES_PER_LEVEL = 30
"""More Python frames than parsing, printing and every pass need for one level."""


def make_room_on_stack() -> None:
    """Raise Python's recursion limit to what `DEEPEST` takes; never lower it."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _FRAMES_PER_LEVEL * DEEPEST))
