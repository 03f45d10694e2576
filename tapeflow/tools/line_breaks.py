"""Sentences in lines that fit a terminal, in which what the user wrote stays whole."""

import shutil
import sys
from textwrap import fill

_BLANK = "\0"
"""Stands for a blank at which no line may end."""


def in_lines(text: str, *, width: int | None = None, behind: str = "") -> str:
    """A text in lines of at most `width` columns; only a word makes one longer.

    A word of the command line, such as a file name, counts as one word even with
    blanks in it. Lines that begin with a blank stay as they are.

    Args:
        width: of the terminal by default, of 80 columns where there is none.
        behind: what the text will be printed behind, without a break.
    """
    width = width or shutil.get_terminal_size().columns
    for word in sorted(_words_with_blanks(), key=len, reverse=True):
        text = text.replace(word, word.replace(" ", _BLANK))
    lines = f"{behind.replace(' ', _BLANK)}{text}".split("\n")
    filled = [line if line[:1].isspace() else _filled(line, width) for line in lines]
    return "\n".join(filled).replace(_BLANK, " ").removeprefix(behind)


def _words_with_blanks() -> set[str]:
    """Words of the command line, and values of options, in which there are blanks."""
    words = sys.argv[1:]
    values = [word.partition("=")[2] for word in words]
    return {text.strip() for text in (*words, *values) if " " in text.strip()}


def _filled(line: str, width: int) -> str:
    return fill(
        line,
        width=width,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
