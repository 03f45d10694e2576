"""Compare programs in this very process until one fails.

`python -m tests.random_programs.until_failure '[SEED, COUNT, PIPELINES, CONSTRUCT]'`
prints the number of each program, and the failure. PIPELINES are names of those whose
passes are run, too; none for only those in front of them all, null for no pass at all.
Programs without the construct are not run; an empty one is in all.
"""

import json
import sys
from collections.abc import Sequence

from .compare import compare
from .generate import generate


def main(
    seed: int, count: int, pipelines: Sequence[str] | None, construct: str
) -> None:
    """Print each program's number before it is compared, should it end the process."""
    for number in range(1, count + 1):
        print(number, flush=True)
        case = generate(seed + number - 1)
        if construct and construct not in case.constructs:
            continue
        try:
            compare(case, levels=pipelines is not None, pipelines=pipelines)
        except Exception as error:
            title = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"failed {title[:200]}")
            return
    print("none failed")


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
