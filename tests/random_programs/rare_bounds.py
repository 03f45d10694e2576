"""Bounds of loops near the ends of their types; the loops are short."""

from .writer import Integer, Writer, whole_range

RARE_TRIPS = 6
"""Most iterations of such a loop."""
AT_END = "loop at the end of a type"
TOO_WIDE = "loop longer than its type holds"


def rare_bounds(writer: Writer, type_: str) -> tuple[Integer, ...] | None:
    """Lower bound, upper bound and step; mostly none."""
    if type_ != "i8" and not writer.chance(0.04):
        return None
    random = writer.random
    low, high = whole_range(type_)
    near, step = random.randint(0, 5), random.randint(1, 3)
    where = random.choice(["top", "bottom", "whole", "none"])
    if type_ == "i8" and writer.chance(0.5):
        where = "whole"
    match where:
        case "top":
            bounds = (high - near, high, step)
        case "bottom":
            bounds = (low, low + near, step)
        case "whole":
            steps = random.randint(1, RARE_TRIPS - 1)
            first, last = low + random.randint(0, 8), high - random.randint(0, 8)
            bounds = (first, last, min(high, (last - first) // steps + 1))
        case _:  # no iteration, although the difference of the bounds wraps
            bounds = (high - near, low + near, step)
    is_wide = where == "whole" and high < whole_range("index")[1]
    writer.drew(TOO_WIDE if is_wide else AT_END)
    return tuple(writer.integer_constant(bound, type_) for bound in bounds)
