"""The running program as machine code sees it: a row of 64-bit words.

The host fills the words and keeps the arrays they point to alive. In the compiled
Python, `run.name` reads a word; the methods of `run` are the host's callbacks.
"""

RUN_WORDS: dict[str, str] = {
    "event_end": "i64_array",
    "event_limit": "i64_array",
    "site": "int",
    "detail0": "int",
    "detail1": "int",
    "constants": "i64_array",
    "allocated_at": "int",
    "tape_bytes": "int",
    "flush": "int",
    "allocate": "int",
    "workspace": "int",
    "grow": "int",
    "release": "int",
    "expect": "int",
}
"""Name of each word, in order, and its type; arrays are pointers.

Events are appended at `event_end`; beyond `event_limit` they must be flushed first.
"""

WORD_OFFSETS: dict[str, int] = {name: 8 * i for i, name in enumerate(RUN_WORDS)}
"""Byte offset of each word."""

SUCCEEDED = 0
TRAPPED = 1
HOST_FAILED = 2
"""What compiled functions return: 1 = a check failed at `site`, 2 = a callback did."""
