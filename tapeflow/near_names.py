"""What somebody probably meant who wrote a name that there is not."""

import difflib
from collections.abc import Iterable


def near_names(name: str, valid: Iterable[str], most: int = 1) -> list[str]:
    """The valid names that are nearest, capitals, `-` and `_` apart."""
    spelt = {_plain(word): word for word in valid}
    return [
        spelt[word] for word in difflib.get_close_matches(_plain(name), spelt, most)
    ]


def did_you_mean(
    name: str, valid: Iterable[str], *, mark: str = "", most: int = 1
) -> str:
    """` did you mean X?`, with a blank before it; "" where no name is near.

    Args:
        mark: what stands on both sides of a name.
        most: how many near names are told.
    """
    near = near_names(name, valid, most)
    words = " or ".join(f"{mark}{word}{mark}" for word in near)
    return f" did you mean {words}?" if words else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def require_one_of(what: str, name: str, valid: Iterable[str]) -> None:
    """Raises ValueError for a name that is not among the valid ones."""
    words = tuple(valid)
    if name not in words:
        hint = did_you_mean(name, words)
        raise ValueError(f"{what} is '{name}';{hint} valid: {', '.join(words)}")
