"""What holds for all tests."""

import gc
import os

from hwmodel.engine import kernel
from tapeflow.tools.garbage import collect_rarely

# A pass that leaves a malformed module is found at once, also in processes of tests.
os.environ["TAPEFLOW_VERIFY_EACH"] = "1"

# Plain Python is tested where it is chosen: else the order of tests would decide.
kernel.MOST_PLAIN_WORK = -1

collect_rarely()


def pytest_collection_finish() -> None:
    """What collecting has made stays, so no search for garbage need see it."""
    gc.freeze()
