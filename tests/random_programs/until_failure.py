"""Compare programs in this very process until one fails.

`python -m tests.random_programs.until_failure SEED COUNT LEVELS CONSTRUCT` prints how
many were written, and the failure; levels is 1 to run them after every pass. Programs
without the construct are not run; an empty one is in all.
"""

import sys

from .compare import compare
from .generate import generate


def main(seed: int, count: int, levels: bool, construct: str) -> None:
    """Print each program's number before it is compared, should it end the process."""
    for number in range(1, count + 1):
        print(number, flush=True)
        case = generate(seed + number - 1)
        if construct and construct not in case.constructs:
            continue
        try:
            compare(case, levels=levels)
        except Exception as error:
            title = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"failed {title[:200]}")
            return
    print("none failed")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4])
